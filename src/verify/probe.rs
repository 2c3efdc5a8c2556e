//! What the probes have in common: the throwaway user and group, what a probe finds, and how it is told without
//! anybody's data.

use serde_json::Value;

use super::{error::VerifyError, test_context::TestContext};

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which way it went.
    pub verdict: Verdict,
    /// What was seen.
    pub text: String,
}

/// Which way the answer to a question went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As the commands and the sandbox assume.
    AsAssumed,
    /// Another way.
    Otherwise,
    /// It could not be settled here.
    Open,
}

impl Finding {
    /// As assumed.
    pub(super) fn as_assumed(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::AsAssumed,
            text: text.into(),
        }
    }

    /// Another way.
    pub(super) fn otherwise(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Otherwise,
            text: text.into(),
        }
    }

    /// What could not be settled.
    pub fn open(text: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Open,
            text: text.into(),
        }
    }

    /// One of the two.
    pub(super) fn of(as_assumed: bool, text: impl Into<String>) -> Self {
        if as_assumed {
            Self::as_assumed(text)
        } else {
            Self::otherwise(text)
        }
    }
}

/// What a probe gives.
pub type Found = Result<Finding, VerifyError>;

/// The throwaway user and group that the probes share; each puts them into the state that it needs.
pub struct Fixture {
    pub(super) id: String,
    pub(super) username: String,
    group: Option<String>,
}

impl Fixture {
    /// Makes the user. Without a group, its probes stay open.
    pub async fn make(cx: &TestContext) -> Result<Self, VerifyError> {
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

    /// The group, if one could be made.
    pub(super) fn group(&self) -> Result<&str, VerifyError> {
        let group = self.group.as_deref();
        group.ok_or(VerifyError::Skipped("no throwaway group could be made"))
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

/// `attribute eq` and the value as a JSON string, as the commands escape it.
pub(super) fn equals(attribute: &str, value: &str) -> String {
    format!("{attribute} eq {}", Value::from(value))
}

pub(super) fn yes(holds: bool) -> &'static str {
    if holds { "yes" } else { "no" }
}

/// A name or a state of PingOne's; anything else may be somebody's data.
pub(super) fn word(text: &str) -> String {
    let plain = (1..=40).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if plain { text } else { "(another word)" }.to_owned()
}

/// The name of a member, or those of its own members with it before them.
pub(super) fn names(name: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) if !members.is_empty() => members
            .iter()
            .map(|(inner, _)| format!("{}.{}", word(name), word(inner)))
            .collect(),
        _ => vec![word(name)],
    }
}

pub(super) fn member_names(value: &Value) -> String {
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

    /// An answer, for tests of what is said about it.
    pub(in crate::verify) fn answer(status: u16, body: Value) -> Answer {
        Answer {
            status,
            correlation_id: None,
            body: Some(body),
        }
    }

    #[test]
    fn names_are_told_and_values_are_not() {
        let activity = json!({"_links": {}, "id": "jane", "action": {"type": "USER.CREATED"}, "jane doe": 1, "resources": [{"name": "jane"}]});
        assert_eq!(
            member_names(&activity),
            "id, action.type, (another word), resources"
        );
    }
}
