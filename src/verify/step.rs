//! What a step works with: its command, the temporary user and group, and direct calls to PingOne.

use serde_json::Value;

use super::{
    error::VerifyError,
    test_context::{TestContext, get},
};
use crate::entry::Note;

/// What the steps share: the temporary user and group that the commands work on.
#[derive(Default)]
pub struct Subject {
    pub(super) id: Option<String>,
    pub(super) group: Option<(String, String)>,
    /// The id of an MFA device, if PingOne let us create one.
    pub(super) device: Option<String>,
    /// The id and name of the temporary application, if PingOne let us create one.
    pub(super) application: Option<(String, String)>,
    /// The record of the user's containment.
    pub(super) record: Option<Value>,
    /// The record of the application's containment.
    pub(super) application_record: Option<Value>,
}

/// What a step works with.
pub struct Step<'a> {
    pub(super) cx: &'a TestContext,
    pub(super) subject: &'a mut Subject,
    pub(super) command: &'static str,
}

impl Step<'_> {
    /// Runs this step's command.
    pub(super) async fn command(&self, args: Value) -> Result<Note, VerifyError> {
        self.cx.command(self.command, args).await
    }

    /// The username.
    pub(super) fn username(&self) -> String {
        format!("{}-user", self.cx.prefix())
    }

    /// The user's id.
    pub(super) fn id(&self) -> Result<String, VerifyError> {
        let id = self.subject.id.clone();
        id.ok_or(VerifyError::Skipped(
            "the temporary user could not be created",
        ))
    }

    /// The temporary group, created when it is first needed.
    pub(super) async fn group(&mut self) -> Result<(String, String), VerifyError> {
        if let Some(group) = &self.subject.group {
            return Ok(group.clone());
        }
        let group = self.cx.group("group").await?;
        self.subject.group = Some(group.clone());
        Ok(group)
    }

    /// The user's password state, read from PingOne.
    pub(super) async fn password_state(&self) -> Result<String, VerifyError> {
        let state = self.cx.read(&["users", &self.id()?, "password"]).await?;
        Ok(state.text("/status").unwrap_or_default().to_owned())
    }

    /// Whether the user is a member of the group.
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

/// Fails with our own words, which must not contain any data.
pub(super) fn check(holds: bool, failure: &str) -> Result<(), VerifyError> {
    if holds {
        return Ok(());
    }
    Err(VerifyError::Mismatch(failure.to_owned()))
}

/// A command's context value whose key starts with this path.
pub(super) fn context<'a>(note: &'a Note, key: &str) -> &'a Value {
    let found = note.entry_context.iter().flatten();
    found
        .into_iter()
        .find(|(name, _)| name.split('(').next() == Some(key))
        .map_or(&Value::Null, |(_, value)| value)
}

/// Whether the items at this path have one with this id.
pub(super) fn contains_id(note: &Note, key: &str, id: &str) -> bool {
    let listed = context(note, key).as_array();
    listed.is_some_and(|items| items.iter().any(|item| item["ID"] == id))
}
