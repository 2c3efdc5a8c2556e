//! JSON in which no object has a name twice. A parser takes the last of two, a person reads the first: of
//! `"read_only": true, …, "read_only": false` neither may decide.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// A value whose objects, at every depth, have each name once.
#[derive(Default)]
pub struct Distinct(pub Value);

impl<'de> Deserialize<'de> for Distinct {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DistinctVisitor).map(Self)
    }
}

struct DistinctVisitor;

impl<'de> Visitor<'de> for DistinctVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Distinct(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Distinct(value))) = members.next_entry::<String, Distinct>()? {
            if object.insert(name, value).is_some() {
                // The name may be anything, so it is not quoted; the parser adds the place.
                return Err(de::Error::custom("an object has a name twice"));
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
            let Distinct(value) = serde_json::from_str(text).expect("distinct names");
            assert_eq!(value.to_string(), text);
        }
    }

    proptest! {
        /// Apart from names that stand twice it is serde's own reading.
        #[test]
        fn everything_else_is_read_as_ever(text in r#"[\[\]{},:" 0-9.eE\-a-c\\ntruefalsul]{0,40}"#) {
            if let Ok(Distinct(value)) = serde_json::from_str(&text) {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).expect("JSON"));
            }
        }
    }
}
