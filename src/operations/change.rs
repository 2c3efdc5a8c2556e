//! What came of changing a user: whether it changed, whether that was seen, and what stays done where the rest failed.

use std::fmt;

use anyhow::Result;

use super::for_each::{SAMPLE_ID, Weight};
use pingone::{
    error::Problem,
    id::{DeviceId, SessionId},
    memory,
};

/// What a changing operation did to one user.
#[derive(Debug)]
pub struct Change {
    /// False if it was so already.
    pub changed: bool,
    /// Whether PingOne was seen to hold the new state.
    pub verified: bool,
    /// What happened, in a sentence.
    pub result: String,
    /// What is known of it besides.
    pub details: Details,
}

/// What is known of a change besides that it happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Details {
    /// Nothing.
    #[default]
    None,
    /// When the lock ends, as PingOne wrote it.
    Lock(Option<String>),
    /// The state of the password.
    PasswordStatus(String),
    /// Whether multi-factor authentication is enabled.
    MfaEnabled(bool),
    /// The devices that were deleted.
    Devices {
        /// Those that were deleted.
        deleted: Vec<DeviceId>,
        /// Those that may have been deleted.
        unconfirmed: Vec<DeviceId>,
        /// How many were left in place; `None` if that is not known.
        kept: Option<usize>,
    },
    /// The sessions that were ended.
    Sessions {
        /// Those that were ended.
        ended: Vec<SessionId>,
        /// Those that may have been ended.
        unconfirmed: Vec<SessionId>,
    },
}

/// What was done before the rest of it failed: told with the failure, since it stays done.
#[derive(Debug, thiserror::Error)]
#[error("{summary}")]
pub struct PartialSuccess {
    /// What was done, in words.
    pub summary: String,
    /// Whether that is something; `None` if that is not known.
    pub changed: Option<bool>,
    /// What is known of it besides.
    pub details: Details,
}

impl PartialSuccess {
    /// PingOne accepted something, but it could not be seen whether it holds.
    pub fn accepted(what: &str) -> Self {
        Self {
            summary: ["PingOne accepted the ", what, "; then"].concat(),
            changed: Some(true),
            details: Details::None,
        }
    }

    /// The failure that came after it; by itself where surely nothing was done.
    pub fn with_cause(self, error: pingone::Error) -> anyhow::Error {
        let error = anyhow::Error::from(error);
        if self.changed == Some(false) {
            error
        } else {
            error.context(self)
        }
    }
}

/// PingOne accepted a change, but does not say whether it holds.
#[derive(Debug, thiserror::Error)]
#[error("PingOne accepted the {change}, but does not say whether {state}: look in PingOne.")]
pub struct NotTold {
    /// What was accepted.
    pub change: &'static str,
    /// What should hold now.
    pub state: String,
}

/// Whether something was changed before this failure; `None` if that is not known.
pub fn changed_before(error: &anyhow::Error) -> Option<bool> {
    if let Some(before) = error.downcast_ref::<PartialSuccess>()
        && before.changed != Some(false)
    {
        return before.changed;
    }
    if error.is::<NotTold>() {
        return None;
    }
    let error = error.downcast_ref::<pingone::Error>();
    let may_have = error.is_some_and(pingone::Error::may_have_changed);
    (!may_have).then_some(false)
}

/// What is known of a change, also where something failed after it.
pub fn details_of(result: &Result<Change>) -> &Details {
    match result {
        Ok(change) => &change.details,
        Err(error) => error
            .downcast_ref::<PartialSuccess>()
            .map_or(&Details::None, |before| &before.details),
    }
}

/// What failed of several things of a user.
pub struct Failures<T> {
    /// Those that surely were not done.
    not_done: Vec<T>,
    /// Those that PingOne may have done without saying so.
    pub unconfirmed: Vec<T>,
    /// The failure that tells most.
    pub error: pingone::Error,
}

impl<T: fmt::Display> Failures<T> {
    /// What was not `done`, and what may have been: "not deleted: …; may have been deleted: …".
    pub fn summary(&self, done: &str) -> String {
        let parts = [
            ("not", &self.not_done),
            ("may have been", &self.unconfirmed),
        ];
        let parts = parts.into_iter().filter(|(_, things)| !things.is_empty());
        let parts = parts.map(|(how, things)| {
            let things: Vec<String> = things.iter().map(ToString::to_string).collect();
            format!("{how} {done}: {}", things.join(", "))
        });
        parts.collect::<Vec<_>>().join("; ")
    }
}

/// Whether something was changed: `done` holds what was, `unconfirmed` what may have been; `None` if that is not
/// known.
pub fn changed_by<T>(done: &[T], unconfirmed: &[T]) -> Option<bool> {
    match (done, unconfirmed) {
        ([], []) => Some(false),
        ([], _) => None,
        _ => Some(true),
    }
}

/// Does `work` for several things of a user, one after the other. One that fails does not keep the others from being
/// done: it may be another that matters. `work` says whether the thing was there; those that were are added to
/// `done`. Gives what failed, if something did.
pub async fn for_each_best_effort<T: Copy + PartialEq>(
    things: &[T],
    done: &mut Vec<T>,
    work: impl AsyncFn(T) -> Result<bool, pingone::Error>,
) -> Option<Failures<T>> {
    let (mut not_done, mut unconfirmed) = (Vec::new(), Vec::new());
    let mut worst = None::<pingone::Error>;
    for thing in things {
        match work(*thing).await {
            Ok(true) if !done.contains(thing) => done.push(*thing),
            Ok(_) => {}
            Err(error) => {
                if error.may_have_changed() {
                    unconfirmed.push(*thing);
                } else {
                    not_done.push(*thing);
                }
                // The instance forbids the user to be changed, not this thing.
                let is_final = matches!(*error.problem, Problem::Forbidden(_));
                let tells_more =
                    |worst: &pingone::Error| error.may_have_changed() && !worst.may_have_changed();
                if worst.as_ref().is_none_or(tells_more) {
                    worst = Some(error);
                }
                if is_final {
                    break;
                }
            }
        }
    }
    worst.map(|error| Failures {
        not_done,
        unconfirmed,
        error,
    })
}

impl Weight for Change {
    fn weight(&self) -> usize {
        let details = match &self.details {
            Details::None | Details::MfaEnabled(_) => 0,
            Details::Lock(text) => text.as_deref().map_or(0, memory::text_weight),
            Details::PasswordStatus(text) => memory::text_weight(text),
            Details::Devices {
                deleted,
                unconfirmed,
                ..
            } => (deleted.len() + unconfirmed.len()) * memory::text_weight(SAMPLE_ID),
            Details::Sessions { unconfirmed, .. } => {
                unconfirmed.len() * memory::text_weight(SAMPLE_ID)
            }
        };
        memory::ROW + memory::text_weight(&self.result) + details
    }
}
