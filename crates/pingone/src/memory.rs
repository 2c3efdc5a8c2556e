//! How much memory one command may use, whatever it is sent: a budget, and JSON that is read within it. JSON in memory
//! takes up to eighty times as much as on the wire (`{"a":0}`), so counting bytes on the wire is not enough.
//!
//! Charges are estimates from above. That they hold is what `tests/memory` measures on the running process.

use std::{cell::Cell, fmt, rc::Rc};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// What one command may hold at a time of PingOne's answers and of what is made of them. The rest of the 256 MiB that a
/// process never passes is for itself, the request, and memory that was given back but is not reused yet.
const COMMAND_BUDGET: usize = 192 * MIB;
const MIB: usize = 1024 * 1024;

/// An item of a list or a member of an object: a value and its share of the room that grows in advance.
const ITEM: usize = 112;
/// An object without members; the first member makes room for three and for their index.
const OBJECT: usize = 300;
/// A member of an object: its name's allocation, hash and index.
const MEMBER: usize = 200;
/// A text's allocation.
const TEXT: usize = 32;
/// A text is shown in a table and in the context too.
const COPIES: usize = 5;
/// Characters that take more room once they are escaped for a table, then for JSON.
const ESCAPED: usize = 6;

/// What a row of a table and an entry of the context cost, whatever stands in them.
pub const ROW: usize = 4_500;

/// No resource of PingOne's is larger, and no answer about a single one: a user has at most 16 KB of JSON. A larger
/// one may have anything in the place of a member that is shown, which then is copied as a whole.
const MAX_USUAL_ANSWER: usize = MIB;
/// The same of an item of a list.
const MAX_USUAL_ITEM: usize = MAX_USUAL_ANSWER / 4;
/// How many such copies there may be: PingOne's own, and those in the table and the context.
const COPIES_SHOWN: usize = 3;

/// What may still be used. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget(Rc<Cell<usize>>);

/// There is no more memory to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

impl Budget {
    /// The budget of one command.
    pub fn for_command() -> Self {
        Self::of(COMMAND_BUDGET)
    }

    fn of(bytes: usize) -> Self {
        Self(Rc::new(Cell::new(bytes)))
    }

    fn take(&self, bytes: usize) -> Result<(), Exhausted> {
        self.0
            .set(self.0.get().checked_sub(bytes).ok_or(Exhausted)?);
        Ok(())
    }

    /// Takes for good, for something that is there already. If there is not enough left, nothing is left.
    pub fn spend(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_sub(bytes));
    }

    /// A share of nothing yet, which is given back when it is dropped.
    pub fn reserve(&self) -> Reservation {
        Reservation {
            budget: Some(self.clone()),
            bytes: 0,
        }
    }
}

/// A share of a budget, given back when it is dropped. The default belongs to no budget and has no limit.
#[derive(Debug, Default)]
pub struct Reservation {
    budget: Option<Budget>,
    bytes: usize,
}

impl Reservation {
    /// Makes the share larger.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if let Some(budget) = &self.budget {
            budget.take(bytes)?;
            self.bytes += bytes;
        }
        Ok(())
    }

    /// Makes the share of this one a part of it.
    pub fn merge(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }

    /// What was read are the items of a list, which are shown: charges what is made of each, and at least `least` for
    /// all of them.
    pub fn charge_items(&mut self, items: &[Value], least: usize) -> Result<(), Exhausted> {
        // Nearly always they are small together, which costs nothing to see.
        let copies = if self.bytes > MAX_USUAL_ITEM {
            let large = items.iter().map(raw_weight);
            let large = large.filter(|weight| *weight > MAX_USUAL_ITEM);
            large.sum::<usize>() * (COPIES_SHOWN - 1)
        } else {
            0
        };
        let rows = items.len() * ROW;
        self.grow((copies + rows).max(least.saturating_sub(self.bytes)))
    }

    /// Gives back all but `part` of `whole`.
    pub fn shrink_to_share(&mut self, part: usize, whole: usize) {
        let kept = self.bytes / whole.max(1) * part;
        if let Some(budget) = &self.budget {
            budget.0.set(budget.0.get() + (self.bytes - kept));
        }
        self.bytes = kept;
    }

    /// What it is held for stays until the command's end.
    pub fn keep_until_end(mut self) {
        self.bytes = 0;
    }

    /// What it was held for goes to somebody who keeps it for a while, or to the end: of an answer as PingOne gives them
    /// that does not matter, as few are kept at a time. A larger one counts to the end, with its copies.
    pub fn hand_over(mut self) -> Result<(), Exhausted> {
        if self.bytes > MAX_USUAL_ANSWER {
            self.grow(self.bytes * (COPIES_SHOWN - 1))?;
            self.keep_until_end();
        }
        Ok(())
    }

    fn left(&self) -> usize {
        self.budget
            .as_ref()
            .map_or(usize::MAX, |budget| budget.0.get())
    }

    /// Reads a JSON text and holds what it takes in memory.
    pub fn read(&mut self, json: &[u8]) -> Result<Value, ReadError> {
        let meter = Meter::new(self.left());
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let value = Metered(&meter)
            .deserialize(&mut deserializer)
            .and_then(|value| deserializer.end().map(|()| value));
        match value {
            _ if meter.is_exceeded() => Err(ReadError::TooLarge),
            Ok(value) => match self.grow(meter.used.get()) {
                Ok(()) => Ok(value),
                Err(Exhausted) => Err(ReadError::TooLarge),
            },
            Err(error) => Err(ReadError::Json(error)),
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.0.set(budget.0.get() + self.bytes);
        }
    }
}

/// Why a JSON text could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// It is none.
    Json(serde_json::Error),
    /// There is not enough memory for it.
    TooLarge,
}

/// Reads a JSON text that may take `most` bytes in memory.
pub fn read_within(limit: usize, json: &[u8]) -> Result<Value, ReadError> {
    Budget::of(limit).reserve().read(json)
}

/// What a value takes, as [`Reservation::read`] counts it. One that is larger than any of PingOne's counts with its copies.
pub fn weight(value: &Value) -> usize {
    let bytes = raw_weight(value);
    if bytes > MAX_USUAL_ITEM {
        bytes * COPIES_SHOWN
    } else {
        bytes
    }
}

fn raw_weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text_weight(text),
        Value::Array(items) => items.iter().map(|item| ITEM + raw_weight(item)).sum(),
        Value::Object(members) => {
            let members = members.iter();
            let members = members
                .map(|(name, value)| MEMBER + text_weight(name) + raw_weight(value))
                .sum::<usize>();
            OBJECT + members
        }
    }
}

/// What a text takes with its copies.
pub fn text_weight(text: &str) -> usize {
    let escaped = text.bytes().map(|byte| IS_ESCAPED[usize::from(byte)]);
    TEXT + COPIES * text.len() + ESCAPED * escaped.map(usize::from).sum::<usize>()
}

/// For each byte 1 if it may be escaped where it is shown: this is asked of every byte that PingOne sends.
const IS_ESCAPED: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b' ' | b'-' | b'_' | b'.' | b':' | b'/' | b'@' | b',');
        table[byte as usize] = !is_plain as u8;
        byte += 1;
    }
    table
};

/// A part of a request, which may take so many bytes in memory, and whose objects, at every depth, have each name
/// once. A parser takes the last of two, a person reads the first: of `"read_only": true, …, "read_only": false`
/// neither may decide.
pub struct Bounded<const MAX_BYTES: usize>(pub Value);

impl<const MAX_BYTES: usize> Default for Bounded<MAX_BYTES> {
    fn default() -> Self {
        Self(Value::Null)
    }
}

impl<'de, const MAX_BYTES: usize> Deserialize<'de> for Bounded<MAX_BYTES> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let meter = Meter {
            names: Names::Distinct,
            ..Meter::new(MAX_BYTES)
        };
        Metered(&meter).deserialize(deserializer).map(Self)
    }
}

/// Counts what is read.
struct Meter {
    limit: usize,
    used: Cell<usize>,
    names: Names,
}

/// What a name that an object has twice means.
#[derive(PartialEq, Eq)]
enum Names {
    /// The last one counts, as in `Value`.
    LastWins,
    /// An error.
    Distinct,
}

impl Meter {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            used: Cell::new(0),
            names: Names::LastWins,
        }
    }

    fn is_exceeded(&self) -> bool {
        self.used.get() > self.limit
    }

    fn add<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        self.used.set(self.used.get().saturating_add(bytes));
        if self.is_exceeded() {
            return Err(E::custom("it takes too much memory"));
        }
        Ok(())
    }
}

/// Reads a value, as `Value` reads itself, and counts it.
#[derive(Clone, Copy)]
struct Metered<'a>(&'a Meter);

impl<'de> DeserializeSeed<'de> for Metered<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Metered<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any valid JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.0.add(text_weight(value))?;
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            self.0.add(ITEM)?;
            list.push(item);
        }
        list.shrink_to_fit();
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.0.add(OBJECT)?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            self.0.add(MEMBER + text_weight(&name))?;
            let earlier = object.insert(name, members.next_value_seed(self)?);
            if earlier.is_some() && self.0.names == Names::Distinct {
                // The name may be anything, so it is not quoted; the parser adds the place.
                return Err(de::Error::custom("an object has a name twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Distinct = Bounded<1_000_000>;

    #[test]
    fn a_name_twice_is_an_error_at_every_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":{"a":1,"c":2,"a":null}}"#,
            r#"[[{"a":[],"a":[]}]]"#,
        ] {
            let error = serde_json::from_str::<Distinct>(text)
                .err()
                .unwrap_or_else(|| panic!("accepted: {text}"));
            assert!(
                error
                    .to_string()
                    .starts_with("an object has a name twice at line 1 column "),
                "{error}"
            );
        }
    }

    #[test]
    fn the_same_name_in_other_objects_and_in_other_cases_is_fine() {
        for text in [r#"{"a":{"a":1},"A":[{"a":2}]}"#, "{}", "[null]"] {
            let Bounded(value): Distinct = serde_json::from_str(text).expect("distinct names");
            assert_eq!(value.to_string(), text);
        }
    }

    proptest! {
        /// Apart from names that stand twice it is serde's own reading.
        #[test]
        fn everything_else_is_read_as_ever(text in r#"[\[\]{},:" 0-9.eE\-a-c\\ntruefalsul]{0,40}"#) {
            if let Ok(Bounded(value)) = serde_json::from_str::<Distinct>(&text) {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).expect("JSON"));
            }
        }
    }
}
