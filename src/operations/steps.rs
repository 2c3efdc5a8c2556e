//! The steps of a containment and of a restoration: what came of each, and the record that leads from the one to the
//! other. Which steps are taken is the business of `contain.rs` and `restore.rs`.

use std::iter;

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    change::Change,
    for_each::{SAMPLE_ID, Weight},
};
use crate::{access::Access, failure};
use pingone::{Client, id::UserId, memory};

/// What the texts of a step call the user, who stands beside them.
pub(super) const THE_USER: &str = "the user";

/// A step of a containment or of a restoration. Those of a containment are in the order in which they are taken:
/// PingOne locks only enabled users, so the lock comes before disabling; sessions end when no new one can begin; groups
/// come last, since leaving them contains least and is most work to undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Locks the account.
    Lock,
    /// Disables the user.
    Disable,
    /// Ends the sessions.
    EndSessions,
    /// Replaces the password.
    SetPassword,
    /// Has the password changed at the next sign-on.
    ForceChange,
    /// Deletes devices.
    RemoveDevices,
    /// Takes the user out of groups.
    LeaveGroups,
    /// Enables the user.
    Enable,
    /// Unlocks the account.
    Unlock,
    /// Puts the user into groups again.
    JoinGroups,
    /// Nothing has to be undone.
    Nothing,
    /// Whether the user can sign on after all.
    SignOn,
}

impl Step {
    /// The name, in arguments and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lock => "lock",
            Self::Disable => "disable",
            Self::EndSessions => "endSessions",
            Self::SetPassword => "setPassword",
            Self::ForceChange => "forceChange",
            Self::RemoveDevices => "removeDevices",
            Self::LeaveGroups => "leaveGroups",
            Self::Enable => "enable",
            Self::Unlock => "unlock",
            Self::JoinGroups => "joinGroups",
            Self::Nothing => "none",
            Self::SignOn => "signOn",
        }
    }
}

/// What came of a step, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// It was done.
    Done,
    /// It was so already.
    Already,
    /// It failed.
    Failed,
    /// It makes no sense for this user.
    NotApplicable,
    /// It would be done.
    Planned,
    /// It cannot be undone.
    NotUndone,
    /// The user still cannot sign on, for a reason that is not a restoration's to remove.
    Blocked,
}

/// A step that did not fail.
pub(super) struct StepResult {
    pub(super) outcome: StepOutcome,
    pub(super) detail: String,
    /// What the step left alone, and why.
    left_alone: Option<String>,
}

impl StepResult {
    pub(super) fn new(outcome: StepOutcome, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            detail: detail.into(),
            left_alone: None,
        }
    }

    /// The step left something alone.
    pub(super) fn leaving_alone(mut self, what: Option<String>) -> Self {
        self.left_alone = what;
        self
    }
}

impl From<Change> for StepResult {
    fn from(change: Change) -> Self {
        let outcome = if change.changed {
            StepOutcome::Done
        } else {
            StepOutcome::Already
        };
        Self::new(outcome, change.result)
    }
}

/// Of several things that a step does, some failed for reasons of their own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotAll(pub(super) String);

/// What went wrong with a step, and what to do about it.
pub(super) fn explain(error: &anyhow::Error) -> String {
    failure::explain(Access::Change, error)
}

/// What came of a step.
pub struct StepReport {
    /// Which one.
    pub step: Step,
    /// In a word.
    pub outcome: StepOutcome,
    /// In a sentence.
    pub detail: String,
}

impl StepReport {
    /// What came of a step, or what it would do.
    pub(super) fn new(
        pingone: &Client<'_>,
        user: UserId,
        step: Step,
        result: Result<StepResult>,
    ) -> Self {
        let planned = pingone.take_plan(user);
        let planned = (!planned.is_empty()).then(|| planned.join("\n"));
        let (outcome, detail) = match (result, planned) {
            (Ok(done), None) => {
                let parts = iter::once(done.detail).chain(done.left_alone);
                (done.outcome, parts.collect::<Vec<_>>().join("; "))
            }
            (Ok(StepResult { left_alone, .. }), Some(planned)) => {
                let parts = iter::once(planned).chain(left_alone);
                (StepOutcome::Planned, parts.collect::<Vec<_>>().join("\n"))
            }
            (Err(error), None) => (StepOutcome::Failed, explain(&error)),
            // What was only planned did not happen, and so a step may fail that would not; but not this one.
            (Err(error), Some(planned)) if error.is::<NotAll>() => {
                let detail = [&planned, "\n", &explain(&error)].concat();
                (StepOutcome::Failed, detail)
            }
            (Err(_), Some(planned)) => (StepOutcome::Planned, planned),
        };
        Self {
            step,
            outcome,
            detail,
        }
    }
}

/// What a containment changed, or may have, and so what a restoration has to undo.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for a step of its own"
)]
pub struct Record {
    /// The user was enabled and no longer is.
    pub disabled: bool,
    /// The account was not locked and now is.
    pub locked: bool,
    /// The account was locked until then, and now is for longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_until_before: Option<Timestamp>,
    /// The groups that the user was taken out of.
    pub left_groups: Vec<String>,
    /// The groups that the user may have been taken out of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_groups: Vec<String>,
    /// The password was replaced by one that nobody knows.
    pub password_replaced: bool,
    /// The user was made to change the password at the next sign-on.
    pub change_forced: bool,
    /// The devices that were deleted.
    pub deleted_devices: Vec<String>,
    /// The devices that may have been deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_devices: Vec<String>,
    /// How many sessions were ended.
    pub ended_sessions: u64,
    /// The sessions that may have been ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_sessions: Vec<String>,
    /// The steps that stand above as if they had been taken, and of which that is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_steps: Vec<String>,
}

/// What came of one user.
pub struct UserReport {
    /// Step by step.
    pub steps: Vec<StepReport>,
    /// What was changed; a restoration has none.
    pub record: Option<Record>,
}

impl UserReport {
    /// Whether some step came out so.
    pub fn has(&self, outcome: StepOutcome) -> bool {
        self.steps.iter().any(|step| step.outcome == outcome)
    }
}

impl Weight for UserReport {
    fn weight(&self) -> usize {
        let steps = self.steps.iter();
        let texts = steps.map(|step| memory::text_weight(&step.detail));
        // A row and an entry for each step, and the ids in the record.
        let record = self.record.iter().map(|record| {
            let ids = [
                &record.left_groups,
                &record.unconfirmed_groups,
                &record.deleted_devices,
                &record.unconfirmed_devices,
                &record.unconfirmed_sessions,
            ];
            ids.map(Vec::len).iter().sum::<usize>() * memory::text_weight(SAMPLE_ID)
        });
        memory::ROW
            + texts.map(|text| memory::ROW / 4 + text).sum::<usize>()
            + record.sum::<usize>()
    }
}
