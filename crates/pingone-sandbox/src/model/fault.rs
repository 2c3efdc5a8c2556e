//! Faults on demand: what goes wrong, for which requests, how often.
//!
//! Describes and counts them; the server carries them out.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Something that goes wrong for the requests it fits, `times` times.
///
/// Without `status` and `reset` the request is answered as ever, after `delay_ms`; `headers`,
/// `body` and `truncate` change that answer, too.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Fault {
    /// The method in upper case; any without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The path, `*` standing for anything: `*/enabled`.
    #[serde(default = "anything")]
    pub path: String,
    /// How often it strikes; 0 for ever.
    #[serde(default = "once")]
    pub times: u32,
    /// How many fitting requests are spared first.
    #[serde(default)]
    pub skip: u32,
    /// Whether the request takes effect, before any wait, although its answer is another or
    /// comes too late: a lost reply.
    #[serde(default)]
    pub applied: bool,
    /// How long to wait before anything is answered, in milliseconds.
    #[serde(default)]
    pub delay_ms: u64,
    /// Answer with this status instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers to add to the answer or to change in it.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The answer's body; without it, PingOne's own, or its error body for `status`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Reset the connection instead of answering.
    #[serde(default)]
    pub reset: bool,
    /// Break the connection off after this many bytes of the body.
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
    /// A fault for `method` (`*` for any) and `path`, which strikes once and does nothing yet.
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

    /// Strikes `times` times; 0 for ever.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Spares the first `skip` requests.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Lets the request take effect before it goes wrong.
    #[must_use]
    pub fn applied(mut self) -> Self {
        self.applied = true;
        self
    }

    /// Waits first.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Answers with `status`.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds or changes a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Gives the answer another body, whatever it is.
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

    /// Breaks off after `bytes` bytes of the body.
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

/// Takes the fault that strikes this request out of `faults`, or counts it down.
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

/// Whether `text` fits `pattern`, where `*` stands for any run of characters, also none.
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
    fn a_star_stands_for_anything() {
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
    fn a_fault_strikes_as_often_as_told() {
        let mut faults = vec![Fault::on("PUT", "*/enabled").skip(1).times(2).status(503)];
        let mut strikes = |method: &str| take_matching(&mut faults, method, "/u/enabled").is_some();
        assert!(!strikes("GET"));
        assert!(!strikes("PUT"), "the first is spared");
        assert!(strikes("PUT") && strikes("PUT"));
        assert!(!strikes("PUT"));
        assert!(faults.is_empty());
    }

    #[test]
    fn faults_are_read_from_json() {
        let fault: Fault =
            serde_json::from_str(r#"{"path": "*/users", "delayMs": 5}"#).expect("valid");
        assert_eq!(
            fault,
            Fault::on("*", "*/users").delay(Duration::from_millis(5))
        );
        assert!(serde_json::from_str::<Fault>(r#"{"staus": 500}"#).is_err());
    }
}
