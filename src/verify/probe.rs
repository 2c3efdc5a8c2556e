//! What the probes share: the temporary user and group, the type of a finding, and helpers that describe answers
//! without revealing data.

use serde_json::Value;

use super::{error::VerifyError, test_context::TestContext};

/// The answer to a probe's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it matches our assumption.
    pub verdict: Verdict,
    /// What was observed.
    pub text: String,
}

/// Whether an answer matches our assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// PingOne behaves as the commands and the sandbox assume.
    AsExpected,
    /// PingOne behaves differently.
    Unexpected,
    /// The probe could not find out.
    Inconclusive,
}

impl Finding {
    /// PingOne behaves as assumed.
    pub(super) fn as_expected(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::AsExpected,
            text: text.into(),
        }
    }

    /// PingOne behaves differently.
    pub(super) fn unexpected(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Unexpected,
            text: text.into(),
        }
    }

    /// The probe could not find out.
    pub fn inconclusive(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Inconclusive,
            text: text.into(),
        }
    }

    /// As assumed if the condition holds, else unexpected.
    pub(super) fn expect(as_expected: bool, text: impl Into<String>) -> Self {
        if as_expected {
            Self::as_expected(text)
        } else {
            Self::unexpected(text)
        }
    }
}

/// The result of a probe.
pub type ProbeResult = Result<Finding, VerifyError>;

/// The temporary user and group that the probes share. Each probe puts them into the state it needs.
pub struct Fixture {
    pub(super) id: String,
    pub(super) username: String,
    group: Option<String>,
}

impl Fixture {
    /// Creates them. Without a group, the probes that need one are skipped.
    pub async fn create(cx: &TestContext) -> Result<Self, VerifyError> {
        let id = cx.user("probe").await?;
        let username = format!("{}-probe", cx.prefix());
        let group = match cx.group("probe").await {
            Ok((id, _)) => Some(id),
            Err(VerifyError::Interrupted) => return Err(VerifyError::Interrupted),
            Err(_) => None,
        };
        Ok(Self {
            id,
            username,
            group,
        })
    }

    /// The group, if it could be created.
    pub(super) fn group(&self) -> Result<&str, VerifyError> {
        let group = self.group.as_deref();
        group.ok_or(VerifyError::Skipped(
            "the temporary group could not be created",
        ))
    }

    /// The user's path.
    pub(super) fn path(&self) -> [&str; 2] {
        ["users", &self.id]
    }

    /// The path of the user's password.
    pub(super) fn password_path(&self) -> [&str; 3] {
        ["users", &self.id, "password"]
    }
}

/// The filter `attribute eq "value"`, escaped as the commands do it.
pub(super) fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", Value::from(value))
}

pub(super) fn yes_no(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// A name or state that PingOne defines. Anything else could be somebody's data, so it is replaced.
pub(super) fn word(text: &str) -> String {
    let plain = (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if plain { text } else { "(other)" }.to_owned()
}

/// The name of a member, or the dotted paths of its own members.
pub(super) fn names(name: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .map(|(inner, _)| format!("{}.{}", word(name), word(inner)))
            .collect(),
        _ => vec![word(name)],
    }
}

pub(super) fn member_paths(value: &Value) -> String {
    let members = value.as_object().into_iter().flatten();
    let names: Vec<String> = members
        .filter(|(name, _)| *name != "_links")
        .flat_map(|(name, value)| names(name, value))
        .collect();
    names.join(", ")
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;
    use pingone::probe::Answer;

    /// An answer for tests.
    pub(in crate::verify) fn answer(status: u16, body: Value) -> Answer {
        Answer {
            status,
            correlation_id: None,
            body: Some(body),
        }
    }

    #[test]
    fn member_names_are_reported_and_values_are_not() {
        let activity = json!({"_links": {}, "id": "jane", "action": {"type": "USER.CREATED"}, "jane doe": 1, "resources": [{"name": "jane"}]});
        assert_eq!(
            member_paths(&activity),
            "id, action.type, (other), resources"
        );
    }
}
