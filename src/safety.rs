//! Parses the instance parameters that block changes. XSOAR's settings send a checkbox and strings, but an instance
//! created through the API, or a hand-written request, can send anything. A value that cannot be parsed is an error: it
//! must never leave someone unprotected.

use serde_json::{Map, Value};

use pingone::id::UserId;

/// A boolean in XSOAR's spellings; null and blank mean false. `None` for anything else.
pub fn parse_switch(value: &Value) -> Option<bool> {
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

/// A list of names: a JSON list of strings, a string that contains one, or names separated by commas or line breaks,
/// optionally in double quotes. `None` for anything else. Invisible characters around a name (from copy and paste) and
/// braces around a UUID are dropped.
pub fn parse_names(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => strings(items),
        Value::String(text) if trim_invisible(text).starts_with('[') => {
            strings(&serde_json::from_str::<Vec<Value>>(trim_invisible(text)).ok()?)
        }
        Value::String(text) if serde_json::from_str::<Map<String, Value>>(text).is_ok() => None,
        Value::String(text) => split_names(text),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

fn strings(items: &[Value]) -> Option<Vec<String>> {
    let names = items.iter().map(|item| item.as_str().map(clean));
    names
        .filter(|name| name.is_none_or(|name| !name.is_empty()))
        .map(|name| name.map(str::to_owned))
        .collect()
}

/// Whether a character is invisible: whitespace, control characters and formatting characters.
fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
        )
}

fn trim_invisible(text: &str) -> &str {
    text.trim_matches(is_invisible)
}

/// A name without invisible characters around it, and without braces if it is a UUID.
fn clean(text: &str) -> &str {
    let text = trim_invisible(text);
    let in_braces = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .map(trim_invisible);
    in_braces
        .filter(|inner| inner.parse::<UserId>().is_ok())
        .unwrap_or(text)
}

/// Every kind of line break.
const LINE_BREAKS: [char; 7] = [
    '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
];

fn split_names(text: &str) -> Option<Vec<String>> {
    let ends = |character: char| character == ',' || LINE_BREAKS.contains(&character);
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(|character| character == ',' || is_invisible(character));
        if rest.is_empty() {
            return Some(names);
        }
        let name = if let Some(quoted) = rest.strip_prefix('"') {
            let (name, after) = quoted.split_once('"')?;
            let (blank, _) = after.split_at(after.find(ends).unwrap_or(after.len()));
            // A missing quote would join two names.
            if name.contains(LINE_BREAKS) || !trim_invisible(blank).is_empty() {
                return None;
            }
            rest = after;
            name
        } else {
            let (name, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
            if name.matches('"').count() % 2 == 1 {
                return None;
            }
            rest = after;
            name
        };
        names.extend(Some(clean(name).to_owned()).filter(|name| !name.is_empty()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_switch_is_true_false_or_an_error() {
        for value in [
            json!(true),
            json!("true"),
            json!(" True "),
            json!("YES"),
            json!(1),
            json!("1"),
        ] {
            assert_eq!(parse_switch(&value), Some(true), "{value}");
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
            assert_eq!(parse_switch(&value), Some(false), "{value}");
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
            assert_eq!(parse_switch(&value), None, "{value}");
        }
    }

    #[test]
    fn names_are_parsed_in_every_form() {
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
            (
                json!("a\rb\r\nc\u{85}d\u{2028}e\u{2029}f\u{b}g\u{c}h"),
                &["a", "b", "c", "d", "e", "f", "g", "h"],
            ),
            (
                json!(
                    "\u{feff}a\u{200b},\u{200b}\u{a0}b c\t\u{2060}, \u{200b}, \u{feff}\"d\"\u{200b}"
                ),
                &["a", "b c", "d"],
            ),
            (json!("\u{feff}[\"\u{200b}a\"]"), &["a"]),
            (
                json!(
                    "{9BC53389-f806-47b6-9480-ab1e3c6269b5}, {9bc53389}, \"{9bc53389-f806-47b6-9480-ab1e3c6269b5}\""
                ),
                &[
                    "9BC53389-f806-47b6-9480-ab1e3c6269b5",
                    "{9bc53389}",
                    "9bc53389-f806-47b6-9480-ab1e3c6269b5",
                ],
            ),
            // Other separators stay part of the name; the Test button then reports that no such user exists.
            (json!("a;b"), &["a;b"]),
            (json!("a\tb"), &["a\tb"]),
            (json!("'a'"), &["'a'"]),
            (json!("em\u{200b}ma"), &["em\u{200b}ma"]),
        ] {
            let found = parse_names(&value).unwrap_or_else(|| panic!("not parsed: {value}"));
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn anything_else_is_not_a_list_of_names() {
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
            json!("\"a\rb\""),
            json!("\"a\u{2028}b\""),
            json!("\"a\" b"),
        ] {
            assert_eq!(parse_names(&value), None, "{value}");
        }
    }
}
