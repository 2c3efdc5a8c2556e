//! The instance parameters that keep changes from happening. XSOAR's settings give a checkbox and texts, but an
//! instance that was made through its API, or a request that was written by hand, may hold anything. What cannot
//! be understood must not leave unprotected what somebody meant to protect: it is no value.

use serde_json::{Map, Value};

/// A switch in XSOAR's spellings; nothing is off. `None` for what is neither on nor off.
pub fn switch(value: &Value) -> Option<bool> {
    let text = match value {
        Value::Null => return Some(false),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => text.trim().to_ascii_lowercase(),
        Value::Array(_) | Value::Object(_) => return None,
    };
    match &*text {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" | "" => Some(false),
        _ => None,
    }
}

/// Names: a JSON list of texts, a text that is one, or a text with commas or line breaks between the names, each
/// of which may stand in double quotes. `None` for what is none of these.
pub fn names(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => texts(items),
        Value::String(text) if text.trim_start().starts_with('[') => {
            texts(&serde_json::from_str::<Vec<Value>>(text).ok()?)
        }
        Value::String(text) if serde_json::from_str::<Map<String, Value>>(text).is_ok() => None,
        Value::String(text) => split(text),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

fn texts(items: &[Value]) -> Option<Vec<String>> {
    let names = items.iter().map(|item| item.as_str().map(str::trim));
    names
        .filter(|name| name.is_none_or(|name| !name.is_empty()))
        .map(|name| name.map(str::to_owned))
        .collect()
}

fn split(text: &str) -> Option<Vec<String>> {
    const ENDS: [char; 2] = [',', '\n'];
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        rest = rest
            .trim_start_matches(|character: char| character == ',' || character.is_whitespace());
        if rest.is_empty() {
            return Some(names);
        }
        let name = if let Some(quoted) = rest.strip_prefix('"') {
            let (name, after) = quoted.split_once('"')?;
            let (blank, _) = after.split_at(after.find(ENDS).unwrap_or(after.len()));
            // A quote that is missing would join two names.
            if name.contains('\n') || !blank.trim().is_empty() {
                return None;
            }
            rest = after;
            name
        } else {
            let (name, after) = rest.split_at(rest.find(ENDS).unwrap_or(rest.len()));
            if name.matches('"').count() % 2 == 1 {
                return None;
            }
            rest = after;
            name
        };
        names.extend(Some(name.trim().to_owned()).filter(|name| !name.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_switch_is_on_off_or_an_error() {
        for value in [
            json!(true),
            json!("true"),
            json!(" True "),
            json!("YES"),
            json!(1),
            json!("1"),
        ] {
            assert_eq!(switch(&value), Some(true), "{value}");
        }
        for value in [
            json!(null),
            json!(false),
            json!("False"),
            json!("no"),
            json!(0),
            json!("0"),
            json!(" "),
        ] {
            assert_eq!(switch(&value), Some(false), "{value}");
        }
        for value in [
            json!("on"),
            json!("maybe"),
            json!("off"),
            json!(2),
            json!(1.5),
            json!([]),
            json!({}),
            json!(["true"]),
        ] {
            assert_eq!(switch(&value), None, "{value}");
        }
    }

    #[test]
    fn names_in_every_form() {
        for (value, expected) in [
            (json!(null), &[][..]),
            (json!(" "), &[]),
            (json!([]), &[]),
            (json!("[]"), &[]),
            (json!("emma.sharp"), &["emma.sharp"]),
            (json!("4711"), &["4711"]),
            (json!(" a b ,,c\r\n d\n"), &["a b", "c", "d"]),
            (json!(["a, b", " c ", ""]), &["a, b", "c"]),
            (json!(" [\"a, b\", \"c\"]"), &["a, b", "c"]),
            (json!("\"emma.sharp\""), &["emma.sharp"]),
            (
                json!("\"Sharp, Emma\" , b\r\n\"[c]\"\r\n\"\""),
                &["Sharp, Emma", "b", "[c]"],
            ),
            (json!("Bob \"B\" Stone, {x}"), &["Bob \"B\" Stone", "{x}"]),
        ] {
            let found = names(&value).unwrap_or_else(|| panic!("not understood: {value}"));
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn what_is_no_list_of_names() {
        for value in [
            json!({}),
            json!({"name": "a"}),
            json!("{\"name\": \"a\"}"),
            json!(true),
            json!(false),
            json!(4711),
            json!([4711]),
            json!(["a", null]),
            json!([["a"]]),
            json!("[a]"),
            json!("[\"a\""),
            json!("[\"a\"], b"),
            json!("\"a, b"),
            json!("a\", b"),
            json!("\"a\nb\""),
            json!("\"a\" b"),
        ] {
            assert_eq!(names(&value), None, "{value}");
        }
    }
}
