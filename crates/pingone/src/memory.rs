//! Bounds how much memory one command may use, whatever it is sent: a budget, and a JSON reader that stays within it.
//! JSON takes up to eighty times as much memory as on the wire (`{"a":0}`), so counting bytes on the wire is not
//! enough.
//!
//! Charges are upper estimates. `tests/memory` measures on the running process that they hold.

use std::{cell::Cell, fmt, rc::Rc};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// What one command may hold at a time of PingOne's answers and of what is made from them. The rest of the 256 MiB
/// that a process never exceeds is for the process itself, the request, and freed memory that is not reused yet.
const COMMAND_BUDGET: usize = 192 * MIB;
const MIB: usize = 1024 * 1024;

/// An item of a list or a member of an object: a value and its share of the capacity that grows ahead.
const ITEM: usize = 112;
/// An empty object; its first member allocates room for three and for their index.
const OBJECT: usize = 300;
/// A member of an object: its name's allocation, hash and index.
const MEMBER: usize = 200;
/// A text's allocation.
const TEXT: usize = 32;
/// A string is shown in a table and in the context too.
const COPIES: usize = 5;
/// Extra room for a character that is escaped for a table, then for JSON.
const ESCAPED: usize = 6;

/// The fixed cost of a table row with its context entry.
pub const ROW: usize = 4_500;

/// No PingOne resource is larger, nor is the answer about a single one: a user has at most 16 KB of JSON. In a larger
/// one, any member that is shown may be huge, and is copied as a whole.
const MAX_USUAL_ANSWER: usize = MIB;
/// The same limit for an item of a list.
const MAX_USUAL_ITEM: usize = MAX_USUAL_ANSWER / 4;
/// How many such copies there may be: PingOne's own, and those in the table and the context.
const COPIES_SHOWN: usize = 3;

/// The memory that may still be used. Clones share one budget.
#[derive(Clone, Debug)]
pub struct Budget(Rc<Cell<usize>>);

/// The budget is exhausted.
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

    /// Charges for something that exists already and stays. The budget stops at zero.
    pub fn spend(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_sub(bytes));
    }

    /// An empty reservation, which is released when it is dropped.
    pub fn reserve(&self) -> Reservation {
        Reservation {
            budget: Some(self.clone()),
            bytes: 0,
        }
    }
}

/// A part of a budget, released when it is dropped. The default belongs to no budget and has no limit.
#[derive(Debug, Default)]
pub struct Reservation {
    budget: Option<Budget>,
    bytes: usize,
}

impl Reservation {
    /// Enlarges the reservation.
    pub fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        if let Some(budget) = &self.budget {
            budget.take(bytes)?;
            self.bytes += bytes;
        }
        Ok(())
    }

    /// Adds another reservation of the same budget to this one.
    pub fn merge(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }

    /// Charges for the items of a list, each of which is shown, and at least `least` for all of them together.
    pub fn charge_items(&mut self, items: &[Value], least: usize) -> Result<(), Exhausted> {
        // Nearly always the items are small, which is cheap to establish.
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

    /// Releases all but `part` of `whole`.
    pub fn shrink_to_share(&mut self, part: usize, whole: usize) {
        let kept = self.bytes / whole.max(1) * part;
        if let Some(budget) = &self.budget {
            budget.0.set(budget.0.get() + (self.bytes - kept));
        }
        self.bytes = kept;
    }

    /// Keeps the memory reserved until the command ends.
    pub fn keep_until_end(mut self) {
        self.bytes = 0;
    }

    /// Ends the reservation where the data goes on to a caller who keeps it for a while. An ordinary answer is
    /// released, as few of them are kept at a time; a larger one counts until the command ends, with its copies.
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

    /// Parses JSON and reserves the memory that it takes.
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

/// Why JSON could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// It is not valid JSON.
    Json(serde_json::Error),
    /// It does not fit into the budget.
    TooLarge,
}

/// Parses JSON that may take up to `limit` bytes in memory.
pub fn read_within(limit: usize, json: &[u8]) -> Result<Value, ReadError> {
    Budget::of(limit).reserve().read(json)
}

/// The memory that a value takes, as [`Reservation::read`] counts it. A value larger than any of PingOne's counts with
/// its copies.
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

/// The memory that a string takes with its copies.
pub fn text_weight(text: &str) -> usize {
    let escaped = text.bytes().map(|byte| IS_ESCAPED[usize::from(byte)]);
    TEXT + COPIES * text.len() + ESCAPED * escaped.map(usize::from).sum::<usize>()
}

/// For each byte, 1 if it may be escaped where it is shown: a table, since every byte that PingOne sends is looked up.
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

/// A part of a request, limited to so many bytes in memory, whose objects have no duplicate names at any depth. A
/// parser takes the last of two duplicates, a person reads the first: neither may decide in `"read_only": true, …,
/// "read_only": false`.
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

/// Counts the memory of what is read.
struct Meter {
    limit: usize,
    used: Cell<usize>,
    names: Names,
}

/// How duplicate names in an object are treated.
#[derive(PartialEq, Eq)]
enum Names {
    /// The last one wins, as in `Value`.
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

/// Deserializes a `Value` as serde does, and meters it.
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
                // The name may be anything, so it is not quoted; the parser adds the position.
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
    fn duplicate_names_are_errors_at_any_depth() {
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
    fn equal_names_in_different_objects_are_fine() {
        for text in [r#"{"a":{"a":1},"A":[{"a":2}]}"#, "{}", "[null]"] {
            let Bounded(value): Distinct = serde_json::from_str(text).expect("distinct names");
            assert_eq!(value.to_string(), text);
        }
    }

    proptest! {
        /// Apart from duplicate names, parsing agrees with serde's.
        #[test]
        fn anything_else_parses_as_usual(text in r#"[\[\]{},:" 0-9.eE\-a-c\\ntruefalsul]{0,40}"#) {
            if let Ok(Bounded(value)) = serde_json::from_str::<Distinct>(&text) {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).expect("JSON"));
            }
        }
    }
}
