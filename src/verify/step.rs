//! What a step works with: the command it tries, the throwaway user and group, and PingOne asked directly.

use serde_json::Value;

use super::{
    error::VerifyError,
    test_context::{TestContext, get},
};
use crate::entry::Note;

/// What the steps have in common: the throwaway user and the group that the commands work on.
#[derive(Default)]
pub struct Subject {
    pub(super) id: Option<String>,
    pub(super) group: Option<(String, String)>,
    /// What the containment told of itself.
    pub(super) record: Option<Value>,
}

/// What a step works with.
pub struct Step<'a> {
    pub(super) cx: &'a TestContext,
    pub(super) subject: &'a mut Subject,
    pub(super) command: &'static str,
}

impl Step<'_> {
    /// Carries out the command of this step.
    pub(super) async fn command(&self, args: Value) -> Result<Note, VerifyError> {
        self.cx.command(self.command, args).await
    }

    /// The user's name.
    pub(super) fn username(&self) -> String {
        format!("{}-user", self.cx.prefix())
    }

    /// The user's id.
    pub(super) fn id(&self) -> Result<String, VerifyError> {
        let id = self.subject.id.clone();
        id.ok_or(VerifyError::Skipped("there is no user to try it on"))
    }

    /// The throwaway group, made when it is first needed.
    pub(super) async fn group(&mut self) -> Result<(String, String), VerifyError> {
        if let Some(group) = &self.subject.group {
            return Ok(group.clone());
        }
        let group = self.cx.group("group").await?;
        self.subject.group = Some(group.clone());
        Ok(group)
    }

    /// The state that PingOne holds of the user's password.
    pub(super) async fn password_state(&self) -> Result<String, VerifyError> {
        let state = self.cx.read(&["users", &self.id()?, "password"]).await?;
        Ok(state.text("/status").unwrap_or_default().to_owned())
    }

    /// Whether PingOne holds the membership.
    pub(super) async fn is_member(&self, group: &str) -> Result<bool, VerifyError> {
        let id = self.id()?;
        let path = ["users", &id, "memberOfGroups", group];
        let answer = self.cx.ask(get(&path)).await?;
        match answer.status {
            404 => Ok(false),
            _ if answer.is_success() => Ok(true),
            _ => Err(VerifyError::Refused {
                purpose: "reading the membership",
                answer: Box::new(answer),
            }),
        }
    }
}

/// Fails with our own words, which must hold no value.
pub(super) fn check(holds: bool, otherwise: &str) -> Result<(), VerifyError> {
    if holds {
        return Ok(());
    }
    Err(VerifyError::Different(otherwise.to_owned()))
}
