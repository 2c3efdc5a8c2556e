//! SCIM filters for PingOne's list calls. Pure. A value from outside stands inside the quotes and can
//! never end them: RFC 7644, section 3.4.2.2, makes it a JSON string, and Ping's own open SCIM parser
//! reads it as one. That PingOne itself does is UNCONFIRMED; so callers also compare the answers with what
//! they looked for, and a filter that PingOne refuses is an error, never sent again unescaped.

use percent_encoding::utf8_percent_encode;

use crate::secrets::UNRESERVED;

/// `attribute eq "value"`.
pub fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", serde_json::Value::from(value))
}

/// `attribute sw "value"`: begins with.
pub fn starts_with(attribute: &str, value: &str) -> String {
    format!("{attribute} sw {}", serde_json::Value::from(value))
}

/// All of these; `None` where there are none.
pub fn all(conditions: &[String]) -> Option<String> {
    (!conditions.is_empty()).then(|| conditions.join(" and "))
}

/// A query string of `name=value` pairs, each value encoded once.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_a_json_string() {
        assert_eq!(
            equals("username", "emma.sharp"),
            r#"username eq "emma.sharp""#
        );
        assert_eq!(
            equals("username", r#"x" or username sw "e"#),
            r#"username eq "x\" or username sw \"e""#
        );
        assert_eq!(
            equals("name", "a\\b\nc\u{1}é"),
            r#"name eq "a\\b\nc\u0001é""#
        );
    }

    #[test]
    fn a_query_value_is_encoded_once() {
        assert_eq!(
            query(&[("expand", "group"), ("filter", r#"a eq "b+c%&d#é""#)]),
            "expand=group&filter=a%20eq%20%22b%2Bc%25%26d%23%C3%A9%22"
        );
    }

    proptest! {
        /// Whatever the value: the filter is the operator and one JSON string, which reads back as the value.
        #[test]
        fn a_value_never_widens_the_filter(value in any::<String>()) {
            let filter = equals("username", &value);
            let literal = filter.strip_prefix("username eq ").expect("the operator stands first");
            prop_assert_eq!(serde_json::from_str::<String>(literal).expect("one JSON string"), value);
        }

        #[test]
        fn a_query_value_never_ends_the_query(value in any::<String>()) {
            let query = query(&[("filter", &value)]);
            let encoded = query.strip_prefix("filter=").expect("the name stands first");
            prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            prop_assert_eq!(percent_encoding::percent_decode_str(encoded).decode_utf8().expect("UTF-8"), value);
        }
    }
}
