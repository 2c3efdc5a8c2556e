//! Secrets, and their removal from text that came from outside. A [`Mask`] knows the secrets of one
//! request and every form in which a server may echo them. It is applied where such text enters (the API
//! client), so that nothing further in has to think of it; sentences built here from arguments that are
//! no secrets are never touched, or a secret `emma` would shred every answer about emma.sharp.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

/// What stands in the place of a secret: the text that XSOAR's own masking writes.
pub const MASKED: &str = "<XX_REPLACED>";

/// Shorter secrets are masked only where they stand as a whole value: as parts of a text they would be
/// found everywhere.
const SHORTEST_PART: usize = 4;

/// Everything except the unreserved characters of RFC 3986, section 2.3.
pub const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What Python's `quote` and most servers leave as it is in a path.
const PATH_SAFE: &AsciiSet = &UNRESERVED.remove(b'/');

/// What a URL parser encodes in user information.
const USERINFO: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'/')
    .add(b':')
    .add(b'?')
    .add(b'@');

/// The forms of the secrets of one request. It has no `Debug`.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first, so that a form inside a longer one does not leave the rest of it behind.
    forms: Vec<SecretString>,
    /// Secrets too short to be searched for.
    short: Vec<SecretString>,
}

impl Mask {
    /// Adds a secret with its base64, JSON and URL forms. An empty one hides nothing.
    pub fn add(&mut self, secret: &str) {
        if secret.is_empty() || self.knows(secret) {
            return;
        }
        if secret.chars().count() < SHORTEST_PART {
            self.short.push(secret.into());
            return;
        }
        let json = Value::from(secret).to_string();
        let ascii_json: String = json.chars().map(ascii_escape).collect();
        let url_forms = [UNRESERVED, PATH_SAFE, USERINFO]
            .map(|set| utf8_percent_encode(secret, set).to_string());
        let mut forms = vec![
            secret.to_owned(),
            STANDARD.encode(secret),
            json[1..json.len() - 1].to_owned(),
            ascii_json[1..ascii_json.len() - 1].to_owned(),
        ];
        for form in url_forms {
            forms.extend(base64_parts(&form));
            forms.extend([form.replace("%20", "+"), lower_case_escapes(&form), form]);
        }
        forms.extend(base64_parts(secret));
        for form in forms {
            if !self.forms.iter().any(|known| known.expose_secret() == form) {
                self.forms.push(form.into());
            }
        }
        self.forms
            .sort_by_key(|form| std::cmp::Reverse(form.expose_secret().len()));
    }

    /// Whether the secret was added.
    pub fn knows(&self, secret: &str) -> bool {
        let mut known = self.forms.iter().chain(&self.short);
        known.any(|known| known.expose_secret() == secret)
    }

    /// `text` without any secret.
    pub fn text(&self, text: &str) -> String {
        if self.short.iter().any(|short| short.expose_secret() == text) {
            return MASKED.to_owned();
        }
        let mut masked = text.to_owned();
        for form in &self.forms {
            if masked.contains(form.expose_secret()) {
                masked = masked.replace(form.expose_secret(), MASKED);
            }
        }
        masked
    }

    /// `value` with every text in it masked, member names too.
    #[must_use]
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| (self.text(&name), self.value(value)))
                .collect(),
            other => other,
        }
    }
}

/// Overwrites every text in `value` before its memory is given back.
pub fn wipe(value: Value) {
    match value {
        Value::String(mut text) => text.zeroize(),
        Value::Array(items) => items.into_iter().for_each(wipe),
        Value::Object(members) => members.into_iter().for_each(|(_, value)| wipe(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// What stands for `secret` in the base64 of a longer text, such as `user:secret`: that depends on where in a
/// group of three bytes it begins. Characters that it shares with its neighbours are left out. In both
/// alphabets.
fn base64_parts(secret: &str) -> impl Iterator<Item = String> {
    (0..3).flat_map(|before| {
        let mut bytes = Zeroizing::new(vec![0; before]);
        bytes.extend_from_slice(secret.as_bytes());
        let (begin, end) = ((before * 4).div_ceil(3), bytes.len() * 4 / 3);
        let part = STANDARD.encode(&bytes)[begin..end].to_owned();
        [part.replace('+', "-").replace('/', "_"), part]
    })
}

/// `%C3` and `%c3` mean the same.
fn lower_case_escapes(encoded: &str) -> String {
    let mut parts = encoded.split('%');
    let mut lower = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escape, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        lower.push('%');
        lower.push_str(&escape.to_ascii_lowercase());
        lower.push_str(rest);
    }
    lower
}

/// A character as Python's JSON writes it, with everything beyond ASCII escaped.
fn ascii_escape(character: char) -> String {
    if character.is_ascii() {
        return character.to_string();
    }
    let mut units = [0; 2];
    character
        .encode_utf16(&mut units)
        .iter()
        .fold(String::new(), |escaped, unit| {
            format!("{escaped}\\u{unit:04x}")
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn mask(secret: &str) -> Mask {
        let mut mask = Mask::default();
        mask.add(secret);
        mask
    }

    #[test]
    fn every_form_is_masked() {
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
        ] {
            assert_eq!(
                mask.text(&format!("<{echoed}>")),
                format!("<{MASKED}>"),
                "{echoed}"
            );
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
    fn a_short_secret_is_masked_only_as_a_whole_value() {
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
