//! Secrets, and their removal from text that came from outside. A [`Mask`] knows the secrets of one request and every
//! encoding in which a server may echo them. It is applied where such text enters, in the API client, so that nothing
//! else has to think of it. Our own sentences, built from arguments that are not secrets, are never masked: a secret
//! `emma` would shred every answer about emma.sharp.

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

use crate::escapes::{
    ESCAPES, as_json_number, base64_parts, match_length, may_start_with, next_hex_run,
    starts_with_hex_of,
};

/// What replaces a secret.
pub const MASKED: &str = "<XX_REPLACED>";

/// Shorter secrets are masked only where they are a whole value: as parts of a text they would be found everywhere.
const MIN_SUBSTRING_CHARS: usize = 4;

/// Everything except the unreserved characters of RFC 3986, section 2.3.
pub const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The secrets of one request. It has no `Debug`.
#[derive(Clone)]
pub struct Mask {
    /// Longest first, so that a secret inside another does not leave the rest of it behind.
    secrets: Vec<SecretString>,
    /// The secrets in base64, also longest first, with the characters that each has.
    encoded: Vec<(SecretString, Characters)>,
    /// Secrets too short to be searched for.
    short: Vec<SecretString>,
    /// Whether any encoding of a secret can start with a byte.
    first_bytes: [bool; 256],
    /// The length in bytes of the shortest secret searched for; hexadecimal takes twice as many.
    shortest: usize,
}

/// The set of ASCII characters in a text. Base64 of a secret has two dozen or more, most of which a name, an id or an
/// address lacks: that rules a match out without a search.
#[derive(Clone, Copy)]
struct Characters(u128);

impl Characters {
    fn of(text: &str) -> Self {
        let ascii = text.bytes().filter(u8::is_ascii);
        Self(ascii.fold(0, |set, byte| set | 1 << byte))
    }

    fn contain_all(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }
}

impl Default for Mask {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            encoded: Vec::new(),
            short: Vec::new(),
            first_bytes: [false; 256],
            shortest: usize::MAX,
        }
    }
}

impl Mask {
    /// Adds a secret. An empty one is ignored.
    pub fn add(&mut self, secret: &str) {
        if secret.is_empty() || self.contains(secret) {
            return;
        }
        // A number loses leading zeros, and digits beyond its precision. What is left must be long enough to search
        // for.
        if let Some(number) = as_json_number(secret)
            && number.len() >= MIN_SUBSTRING_CHARS
            && number != secret
        {
            self.add(&number);
        }
        if secret.chars().count() < MIN_SUBSTRING_CHARS {
            self.short.push(secret.into());
            return;
        }
        for begin in [secret.as_bytes()[0]].iter().chain(&ESCAPES) {
            self.first_bytes[usize::from(*begin)] = true;
        }
        self.shortest = self.shortest.min(secret.len());
        self.secrets.push(secret.into());
        let json = Zeroizing::new(Value::from(secret).to_string());
        let in_a_form = Zeroizing::new(utf8_percent_encode(secret, UNRESERVED).to_string());
        // Whole bodies are echoed in base64 too.
        for sent in [secret, &json[1..json.len() - 1], &in_a_form] {
            for part in base64_parts(sent) {
                let mut known = self.encoded.iter();
                if !known.any(|(known, _)| known.expose_secret() == part) {
                    let characters = Characters::of(&part);
                    self.encoded.push((part.into(), characters));
                }
            }
        }
        let length = |secret: &SecretString| std::cmp::Reverse(secret.expose_secret().len());
        self.secrets.sort_by_key(length);
        self.encoded.sort_by_key(|(secret, _)| length(secret));
    }

    /// Whether the secret was added.
    pub fn contains(&self, secret: &str) -> bool {
        let mut known = self.secrets.iter().chain(&self.short);
        known.any(|known| known.expose_secret() == secret)
    }

    /// `text` with every secret masked.
    pub fn text(&self, text: &str) -> String {
        self.text_with_placeholders(text, |_| MASKED.to_owned())
    }

    /// `text` with a placeholder in place of each secret. The placeholder stands wherever the secret stood, however
    /// that was encoded, so it must not need escaping. Base64 and hexadecimal are masked.
    pub fn text_with_placeholders(
        &self,
        text: &str,
        placeholder: impl Fn(&str) -> String,
    ) -> String {
        let mut short = self.short.iter().map(ExposeSecret::expose_secret);
        if let Some(short) = short.find(|short| *short == text) {
            return placeholder(short);
        }
        let mut masked = self.replace_escaped(text, placeholder);
        let there = Characters::of(&masked);
        for (part, characters) in &self.encoded {
            if there.contain_all(*characters) && masked.contains(part.expose_secret()) {
                masked = masked.replace(part.expose_secret(), MASKED);
            }
        }
        self.mask_hex(masked)
    }

    /// Masks secrets in hexadecimal, also within that of a longer text.
    fn mask_hex(&self, text: String) -> String {
        let bytes = text.as_bytes();
        let (mut masked, mut shown, mut from) = (String::new(), 0, 0);
        let shortest = self.shortest.saturating_mul(2);
        while let Some(Range { start, end }) = next_hex_run(bytes, from, shortest) {
            let mut position = start;
            while end - position >= shortest {
                let mut secrets = self.secrets.iter().map(ExposeSecret::expose_secret);
                match secrets.find(|secret| starts_with_hex_of(secret, &bytes[position..end])) {
                    Some(secret) => {
                        masked.push_str(&text[shown..position]);
                        masked.push_str(MASKED);
                        position += 2 * secret.len();
                        shown = position;
                    }
                    None => position += 1,
                }
            }
            from = end;
        }
        if shown == 0 {
            return text;
        }
        masked.push_str(&text[shown..]);
        masked
    }

    /// Replaces secrets that are literal, percent-encoded, or escaped for JSON or HTML.
    fn replace_escaped(&self, text: &str, placeholder: impl Fn(&str) -> String) -> String {
        let (mut masked, mut shown, mut position) = (String::new(), 0, 0);
        while let Some(rest) = text
            .as_bytes()
            .get(position..)
            .filter(|rest| !rest.is_empty())
        {
            let found = if self.first_bytes[usize::from(rest[0])] {
                let mut secrets = self.secrets.iter().map(ExposeSecret::expose_secret);
                secrets.find_map(|secret| {
                    let length = may_start_with(secret, rest, MIN_SUBSTRING_CHARS)
                        .then(|| match_length(secret, rest))
                        .flatten()?;
                    Some((secret, length))
                })
            } else {
                None
            };
            if let Some((secret, length)) = found {
                masked.push_str(&text[shown..position]);
                masked.push_str(&placeholder(secret));
                position += length;
                shown = position;
            } else {
                position += 1;
            }
        }
        masked.push_str(&text[shown..]);
        masked
    }

    /// `value` with every string and number in it masked, and member names too.
    #[must_use]
    pub fn value(&self, value: Value) -> Value {
        map_strings(value, &|text| self.text(text))
    }
}

/// Applies `change` to every string in `value`, and to member names. A number that is changed becomes a string.
pub fn map_strings(value: Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(&text)),
        Value::Array(items) => items
            .into_iter()
            .map(|item| map_strings(item, change))
            .collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (change(&name), map_strings(value, change)))
            .collect(),
        Value::Number(number) => {
            let text = number.to_string();
            let changed = change(&text);
            if changed == text {
                Value::Number(number)
            } else {
                Value::String(changed)
            }
        }
        other => other,
    }
}

/// Overwrites every string in `value` before its memory is freed.
pub fn wipe(value: Value) {
    match value {
        Value::String(mut text) => text.zeroize(),
        Value::Array(items) => items.into_iter().for_each(wipe),
        Value::Object(members) => members.into_iter().for_each(|(_, value)| wipe(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn mask(secret: &str) -> Mask {
        let mut mask = Mask::default();
        mask.add(secret);
        mask
    }

    #[test]
    fn every_encoding_is_masked() {
        let secret = "pä ss/\"w\\rd+%";
        let mask = mask(secret);
        for echoed in [
            secret.to_owned(),
            STANDARD.encode(secret),
            r#"p\u00e4 ss/\"w\\rd+%"#.to_owned(),
            r#"pä ss/\"w\\rd+%"#.to_owned(),
            "p%C3%A4%20ss%2F%22w%5Crd%2B%25".to_owned(),
            "p%C3%A4+ss%2F%22w%5Crd%2B%25".to_owned(),
            "p%c3%a4%20ss%2f%22w%5crd%2b%25".to_owned(),
            "p%C3%A4%20ss/%22w%5Crd%2B%25".to_owned(),
            // Everything escaped, nothing twice in the same way.
            r"%70\u00E4+\u0073s\/%22w\\rd\u002b%".to_owned(),
        ] {
            assert_eq!(
                mask.text(&format!("<{echoed}>")),
                format!("<{MASKED}>"),
                "{echoed}"
            );
        }
    }

    #[test]
    fn double_escaping_is_masked() {
        let secret = "pä ss/\"w\\rd+%&<'\u{1f511}\n";
        let mask = mask(secret);
        let json = |text: &str| {
            let quoted = Value::from(text).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        };
        let ascii = |text: &str| {
            text.replace('ä', "\\u00e4")
                .replace('\u{1f511}', "\\ud83d\\udd11")
        };
        let percent = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        let once = json(secret);
        for echoed in [
            json(&once),
            json(&json(&once)),
            json(&ascii(&once)),
            json(&once.replace('/', "\\/")),
            percent(&percent(secret)),
            percent(&percent(secret)).to_lowercase(),
            percent(&percent(secret).replace("%20", "+")),
        ] {
            assert_eq!(
                mask.text(&format!("<{echoed}>")),
                format!("<{MASKED}>"),
                "{echoed}"
            );
        }
    }

    #[test]
    fn html_escapes_are_masked() {
        let mask = mask("a&b<c>\"d'é");
        for echoed in [
            "a&amp;b&lt;c&gt;&quot;d&apos;é",
            "a&#38;b&#60;c&#62;&#34;d&#39;&#233;",
            "a&#x26;b&#x3c;c&#x3E;\"d&#x27;&#xe9;",
        ] {
            assert_eq!(mask.text(echoed), MASKED, "{echoed}");
        }
        assert_eq!(mask.text("a&ampb&l"), "a&ampb&l");
    }

    #[test]
    fn hex_is_masked_even_within_longer_hex() {
        let mask = mask("hünter22");
        let hexadecimal = |text: &str| {
            let bytes = text.bytes().map(|byte| format!("{byte:02x}"));
            bytes.collect::<String>()
        };
        let alone = hexadecimal("hünter22");
        assert_eq!(mask.text(&alone), MASKED);
        assert_eq!(mask.text(&alone.to_uppercase()), MASKED);
        assert_eq!(mask.text(&format!("ü {alone}é")), format!("ü {MASKED}é"));
        assert_eq!(
            mask.text(&hexadecimal("client:hünter22!")),
            format!("636c69656e743a{MASKED}21")
        );
        assert_eq!(
            mask.text(&format!("f{alone}{alone}")),
            format!("f{MASKED}{MASKED}")
        );
        for other in [
            &alone[..alone.len() - 1],
            "a8890eb9-38ea-469a-bc00-b64be7903633",
        ] {
            assert_eq!(mask.text(other), other);
        }
    }

    #[test]
    fn numeric_secrets_are_masked_in_every_notation() {
        for (secret, echoed) in [
            ("4711", json!(4711)),
            ("4711", json!(4711.0)),
            ("4711", json!(147_110)),
            ("00004711", json!(4711)),
            ("-47.110", json!(-47.11)),
            ("7", json!(7)),
            (
                "12345678901234567890123",
                json!(12_345_678_901_234_567_890_123.0),
            ),
        ] {
            let shown = mask(secret).value(json!({"a": [echoed]})).to_string();
            assert!(shown.contains(MASKED), "{secret}: {shown}");
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
            assert!(digits(&shown) < 3, "{secret}: {shown}");
        }
        let other = json!([4712, 1.5, -7, 0, u64::MAX]);
        assert_eq!(mask("4711").value(other.clone()), other);
    }

    #[test]
    fn secrets_that_contain_escapes_are_masked() {
        for secret in [r"a\\b\", "a%25b%", r"\u0041+ +", "\u{1f511}key", r#"\"\""#] {
            let mask = mask(secret);
            let json = Value::from(secret).to_string();
            let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
            for echoed in [secret, &json[1..json.len() - 1], &percent] {
                let masked = mask.text(&format!("é{echoed}é"));
                assert_eq!(masked, format!("é{MASKED}é"), "{secret}: {echoed}");
            }
        }
    }

    #[test]
    fn near_misses_are_left_alone() {
        let mask = mask("pass w");
        for text in [
            "pass",
            "passw",
            "pass%2w",
            "pass%2",
            r"pass\u002",
            r"pass\w",
            "Pass w",
        ] {
            assert_eq!(mask.text(text), text);
        }
    }

    #[test]
    fn base64_of_a_longer_text_is_masked() {
        let secret = "hünter22>?>?";
        let mask = mask(secret);
        for before in ["", "a", "ab", "abc", "client:", "a longer text before "] {
            for after in ["", "z", "yz", " and after"] {
                let encoded = STANDARD.encode(format!("{before}{secret}{after}"));
                let masked = mask.text(&encoded);
                assert!(masked.contains(MASKED), "{before}|{after}: {masked}");
                let url_safe = encoded.replace('+', "-").replace('/', "_");
                assert!(mask.text(&url_safe).contains(MASKED), "{before}|{after}");
            }
        }
    }

    #[test]
    fn short_secrets_are_masked_only_as_whole_values() {
        let mask = mask("abc");
        assert_eq!(mask.text("abc"), MASKED);
        assert_eq!(mask.text("abcd"), "abcd");
    }

    #[test]
    fn names_and_values_at_any_depth_are_masked() {
        let masked = mask("hunter22").value(json!({"hunter22": [{"a": "xhunter22"}, 7]}));
        assert_eq!(masked, json!({MASKED: [{"a": format!("x{MASKED}")}, 7]}));
    }

    proptest! {
        #[test]
        fn no_secret_survives(secret in "\\PC{4,20}", before in "\\PC{0,8}", after in "\\PC{0,8}") {
            prop_assume!(!MASKED.contains(&secret));
            let masked = mask(&secret).text(&format!("{before}{secret}{after}"));
            let rest = masked.replace(MASKED, "\u{0}");
            prop_assert!(!rest.contains(&secret), "left over");
        }
    }
}
