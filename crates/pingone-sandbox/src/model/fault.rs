//! Faults on demand: what goes wrong, for which requests, and how often.
//!
//! This file matches and counts them; the server applies them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Something that goes wrong for matching requests, `times` times.
///
/// Without `status` and `reset`, the request is handled normally after `delay_ms`; `headers`,
/// `body` and `truncate` modify its response.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Fault {
    /// The method in uppercase; `None` matches any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path; `*` matches anything, as in `*/enabled`.
    #[serde(default = "anything")]
    pub path: String,
    /// How often it applies; 0 means always.
    #[serde(default = "once")]
    pub times: u32,
    /// How many matching requests to let through first.
    #[serde(default)]
    pub skip: u32,
    /// Whether the request takes effect, before any delay, even though its response is lost.
    #[serde(default)]
    pub applied: bool,
    /// How long to wait before responding, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
    /// The status to respond with instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers to add or replace in the response.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The response's body; by default PingOne's, or its error body for `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Whether to reset the connection instead of responding.
    #[serde(default)]
    pub reset: bool,
    /// Closes the connection after this many bytes of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncate: Option<usize>,
}

fn anything() -> String {
    "*".to_owned()
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A fault for `method` (`*` for any) and `path` that applies once and changes nothing yet.
    pub fn on(method: &str, path: &str) -> Self {
        Self {
            method: (method != "*").then(|| method.to_owned()),
            path: path.to_owned(),
            times: 1,
            skip: 0,
            applied: false,
            delay_ms: 0,
            status: None,
            headers: BTreeMap::new(),
            body: None,
            reset: false,
            truncate: None,
        }
    }

    /// Applies `times` times; 0 means always.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Lets the first `skip` matching requests through.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Lets the request take effect first.
    #[must_use]
    pub fn applied(mut self) -> Self {
        self.applied = true;
        self
    }

    /// Delays the response.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Responds with `status`.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds or replaces a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// Resets the connection.
    #[must_use]
    pub fn reset(mut self) -> Self {
        self.reset = true;
        self
    }

    /// Closes the connection after `bytes` bytes of the body.
    #[must_use]
    pub fn truncate(mut self, bytes: usize) -> Self {
        self.truncate = Some(bytes);
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method)
            && glob_matches(&self.path, path)
    }
}

/// The fault that applies to this request, if any. Counts it down and removes it when used up.
pub(crate) fn take_matching(faults: &mut Vec<Fault>, method: &str, path: &str) -> Option<Fault> {
    let mut position = 0;
    while let Some(fault) = faults.get_mut(position) {
        if !fault.matches(method, path) {
            position += 1;
        } else if fault.skip > 0 {
            fault.skip -= 1;
            position += 1;
        } else {
            let struck = fault.clone();
            match fault.times {
                0 => {}
                1 => {
                    faults.remove(position);
                }
                _ => fault.times -= 1,
            }
            return Some(struck);
        }
    }
    None
}

/// Whether `text` matches `pattern`, in which `*` matches any run of characters, even an empty one.
pub(crate) fn glob_matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_matches_anything() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "/v1/x"),
            ("*/enabled", "/v1/users/a/enabled"),
            ("/v1/*/users*", "/v1/environments/e/users"),
            ("/a", "/a"),
            ("*aba*aba", "aba-ababa"),
        ] {
            assert!(glob_matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("*/enabled", "/x/enabled/y"),
            ("/a", "/ab"),
            ("a*a", "a"),
            ("/v1/*/users", "/v1/users"),
        ] {
            assert!(!glob_matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_fault_applies_the_given_number_of_times() {
        let mut faults = vec![Fault::on("PUT", "*/enabled").skip(1).times(2).status(503)];
        let mut strikes = |method: &str| take_matching(&mut faults, method, "/u/enabled").is_some();
        assert!(!strikes("GET"));
        assert!(!strikes("PUT"), "the first is spared");
        assert!(strikes("PUT") && strikes("PUT"));
        assert!(!strikes("PUT"));
        assert!(faults.is_empty());
    }

    #[test]
    fn faults_deserialize_from_json() {
        let fault: Fault =
            serde_json::from_str(r#"{"path": "*/users", "delayMs": 5}"#).expect("valid");
        assert_eq!(
            fault,
            Fault::on("*", "*/users").delay(Duration::from_millis(5))
        );
        assert!(serde_json::from_str::<Fault>(r#"{"staus": 500}"#).is_err());
    }
}
