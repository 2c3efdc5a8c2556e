//! Texts for the cells of tables that are made for reading. Context entries hold the same values as PingOne gives them.

use jiff::Timestamp;
use serde_json::Value;

use crate::document::cell;
use pingone::times::{to_utc_minutes, to_utc_seconds};

/// A time of PingOne's as `2026-03-05 18:00 UTC`. What is not a time is shown as it is.
pub fn minutes(value: &Value) -> String {
    time(value, to_utc_minutes)
}

/// The same with seconds, for events: their order matters, and they are compared with other logs.
pub fn seconds(value: &Value) -> String {
    time(value, to_utc_seconds)
}

fn time(value: &Value, format: fn(Timestamp) -> String) -> String {
    let time = value.as_str().and_then(|text| text.parse().ok());
    time.map_or_else(|| cell(value), format)
}

/// A boolean as `yes` or `no`.
pub fn yes_no(value: &Value) -> String {
    choose(value, "yes", "no")
}

/// One of two words for a boolean. What is not a boolean is shown as it is.
pub fn choose(value: &Value, if_true: &str, if_false: &str) -> String {
    match value {
        Value::Bool(true) => if_true.to_owned(),
        Value::Bool(false) => if_false.to_owned(),
        other => cell(other),
    }
}

/// The texts that are not empty, joined.
pub fn joined<T: AsRef<str>>(texts: impl IntoIterator<Item = T>, separator: &str) -> String {
    let mut out = String::new();
    for text in texts {
        let text = text.as_ref();
        if !out.is_empty() && !text.is_empty() {
            out.push_str(separator);
        }
        out.push_str(text);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_shown_in_utc_and_what_is_no_time_as_it_is() {
        for (value, expected) in [
            (json!("2026-03-05T18:00:59.999Z"), "2026-03-05 18:00 UTC"),
            (json!("2026-03-05T18:00:00+02:00"), "2026-03-05 16:00 UTC"),
            (json!("yesterday"), "yesterday"),
            (json!(7), "7"),
            (Value::Null, ""),
        ] {
            assert_eq!(minutes(&value), expected);
        }
        assert_eq!(
            seconds(&json!("2026-03-05T18:00:59.999Z")),
            "2026-03-05 18:00:59 UTC"
        );
    }

    #[test]
    fn empty_texts_leave_no_separator() {
        assert_eq!(joined(["", "a", "", "b", ""], ", "), "a, b");
        assert_eq!(joined(["", ""], ", "), "");
    }
}
