//! SCIM filters for PingOne's list calls. Pure. A value from outside is quoted and can never end its quotes: RFC 7644,
//! section 3.4.2.2, makes it a JSON string, and Ping's own open SCIM parser reads it as one. That PingOne itself does
//! is UNCONFIRMED; so callers also compare the results with what they searched for, and a filter that PingOne rejects
//! is an error, never resent unescaped.

use percent_encoding::utf8_percent_encode;

use crate::secrets::UNRESERVED;

/// `attribute eq "value"`.
pub fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", serde_json::Value::from(value))
}

/// `attribute sw "value"`: starts with.
pub fn starts_with(attribute: &str, value: &str) -> String {
    format!("{attribute} sw {}", serde_json::Value::from(value))
}

/// All conditions joined by `and`; `None` if there are none.
pub fn all(conditions: &[String]) -> Option<String> {
    (!conditions.is_empty()).then(|| conditions.join(" and "))
}

/// Puts a user's filter in brackets, so that it can be joined to other conditions: `None` if it would not stay within
/// them. Whether a backslash escapes a quote, and whether `'` quotes as well, is UNCONFIRMED (Ping's pages show both
/// kinds of quotes); so it must stay within them under every dialect.
pub fn in_brackets(filter: &str) -> Option<String> {
    let dialects = [(false, false), (false, true), (true, false), (true, true)];
    dialects
        .into_iter()
        .map(|(backslash_escapes, single_quotes)| Dialect {
            backslash_escapes,
            single_quotes,
        })
        .all(|dialect| dialect.is_balanced(filter))
        .then(|| format!("({filter})"))
}

/// One way in which PingOne may parse string literals.
struct Dialect {
    /// A backslash in a literal escapes the next character.
    backslash_escapes: bool,
    /// Single quotes delimit literals too.
    single_quotes: bool,
}

impl Dialect {
    /// Whether every bracket is closed by one of its kind and every literal is terminated.
    fn is_balanced(&self, filter: &str) -> bool {
        let mut open = Vec::new();
        let mut quote = None;
        let mut characters = filter.chars();
        while let Some(character) = characters.next() {
            match (quote, character) {
                (Some(_), '\\') if self.backslash_escapes => drop(characters.next()),
                (Some(end), _) if character == end => quote = None,
                (None, '"') => quote = Some('"'),
                (None, '\'') if self.single_quotes => quote = Some('\''),
                (None, '(') => open.push(')'),
                (None, '[') => open.push(']'),
                (None, ')' | ']') if open.pop() != Some(character) => return false,
                _ => {}
            }
        }
        open.is_empty() && quote.is_none()
    }
}

/// A query string of `name=value` pairs, each value percent-encoded once.
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
    fn values_are_quoted_as_json_strings() {
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
    fn a_filter_stays_within_its_brackets() {
        for filter in [
            "",
            r#"username eq "x""#,
            r#"name.family eq "O'Brien (Sales)" or (title sw "a" and not (enabled eq true))"#,
            r#"memberOfGroups[id eq "g"] or name.given eq "][""#,
            r#"nickname eq "a\\b""#,
            "title eq 'Manager'",
        ] {
            assert_eq!(in_brackets(filter), Some(format!("({filter})")), "{filter}");
        }
        for filter in [
            "x) or (y",
            "x)",
            "(x",
            "x]",
            "[x)",
            "([x)]",
            r#"a eq "x"#,
            r#"a eq "x\"#,
            r#"a eq "x\") or (b eq "y""#,
            r#"a eq "x\\") or (b eq "y""#,
            r#"a eq "x\" or b eq ") or (c eq "\""#,
            r#"a eq 'x"') or (b eq '"y'"#,
            r#"a eq "'") or (b eq "'""#,
        ] {
            assert_eq!(in_brackets(filter), None, "{filter}");
        }
    }

    #[test]
    fn a_query_value_is_encoded_once() {
        assert_eq!(
            query(&[("expand", "group"), ("filter", r#"a eq "b+c%&d#é""#)]),
            "expand=group&filter=a%20eq%20%22b%2Bc%25%26d%23%C3%A9%22"
        );
    }

    /// The end of the first bracket under one dialect, computed from the text alone.
    fn end_of_first_bracket(filter: &str, escapes: bool, quotes: &[char]) -> Option<usize> {
        let (mut depth, mut place) = (0, 0);
        while let Some(character) = filter[place..].chars().next() {
            if quotes.contains(&character) {
                let mut end = place + character.len_utf8();
                loop {
                    let next = filter[end..].chars().next()?;
                    end += next.len_utf8();
                    if next == character {
                        break;
                    }
                    if escapes && next == '\\' {
                        end += filter[end..].chars().next()?.len_utf8();
                    }
                }
                place = end;
                continue;
            }
            match character {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
            place += character.len_utf8();
            if depth == 0 {
                return Some(place);
            }
        }
        None
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// No filter leaves its brackets, however PingOne parses it.
        #[test]
        fn no_filter_leaves_its_brackets(filter in r#"[ab ()\[\]"'\\é]{0,14}"#) {
            if let Some(inner) = in_brackets(&filter) {
                let whole = format!(r#"{inner} and a eq "b""#);
                for escapes in [false, true] {
                    for quotes in [&['"'][..], &['"', '\'']] {
                        prop_assert_eq!(end_of_first_bracket(&whole, escapes, quotes), Some(inner.len()));
                    }
                }
            }
        }
    }

    proptest! {
        /// Any value yields the operator and one JSON string that reads back as the value.
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
