//! The result of changing a user: whether anything changed, whether PingOne was seen to hold the new state, and what
//! remains done when the rest failed.

use std::fmt::Display;

use anyhow::Result;
use jiff::Timestamp;

use super::{
    for_each::{SAMPLE_ID, Weight},
    phrases::{Named, counted, list},
};
use pingone::{
    devices::DeviceOperation,
    error::Problem,
    id::{DeviceId, GroupId, LinkedAccountId, RoleAssignmentId, SessionId},
    memory,
    roles::Grant,
};

/// What a changing operation did to one user.
#[derive(Debug)]
pub struct Change {
    /// False if the user already was in the wanted state.
    pub changed: bool,
    /// Whether PingOne was seen to hold the wanted state.
    pub verified: bool,
    /// The new state.
    pub details: Details,
}

/// The state of a user after a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Details {
    /// Not known.
    #[default]
    None,
    /// The lock of the account.
    Lock(Lock),
    /// The status of the password.
    PasswordStatus(String),
    /// Whether multi-factor authentication is enabled.
    MfaEnabled(bool),
    /// The devices that were deleted.
    Devices(Devices),
    /// The devices that were blocked, unblocked or unlocked.
    DeviceStates(DeviceStates),
    /// The end of the MFA bypass.
    MfaBypass(BypassEnd),
    /// The sessions that were ended.
    Sessions(Sessions),
    /// The administrator roles that were removed.
    Roles(Roles),
    /// The accounts that were unlinked.
    LinkedAccounts(LinkedAccounts),
}

/// The lock of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// When it ends, as PingOne wrote it; `None` if it does not end by itself.
    pub end: Option<String>,
    /// When it should end.
    pub wanted: Option<Timestamp>,
    /// The lock that it replaced.
    pub previous: Option<PreviousLock>,
}

/// A lock that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreviousLock {
    /// It would have ended then.
    Until(Timestamp),
    /// It would not have ended by itself.
    Indefinite,
}

/// An MFA device, by the name that [`super::devices::name`] gives it.
pub type Device = Named<DeviceId>;

/// An assignment of an administrator role, by the role's name.
pub type Role = Named<RoleAssignmentId>;

/// The outcome of removing administrator roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Those that were removed.
    pub removed: Vec<Role>,
    /// What it takes to assign them again.
    pub grants: Vec<Grant>,
    /// Those that may have been removed.
    pub unconfirmed: Vec<Role>,
    /// What it takes to assign them again.
    pub unconfirmed_grants: Vec<Grant>,
    /// Those that cannot be removed here.
    pub kept: Vec<KeptRole>,
    /// What was named and is not assigned: ids, or names of roles.
    pub not_found: Vec<String>,
}

/// A role that cannot be removed here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRole {
    /// The role's name.
    pub role: String,
    /// The group that it comes through; otherwise the worker application may not remove it.
    pub through: Option<Named<GroupId>>,
}

/// The outcome of deleting devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// Those that were deleted.
    pub deleted: Vec<Device>,
    /// Those that may have been deleted.
    pub unconfirmed: Vec<Device>,
    /// Those that remain; `None` if that is not known.
    pub kept: Option<Vec<Device>>,
}

/// The outcome of blocking, unblocking or unlocking devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceStates {
    /// What was done.
    pub operation: DeviceOperation,
    /// Those that were changed.
    pub changed: Vec<Device>,
    /// Those that may have been changed.
    pub unconfirmed: Vec<Device>,
    /// Those that needed no change.
    pub unchanged: Vec<Device>,
    /// Those that were named and that the user does not have.
    pub not_found: Vec<Device>,
}

impl DeviceStates {
    /// Nothing was done so far.
    pub fn new(operation: DeviceOperation) -> Self {
        Self {
            operation,
            changed: Vec::new(),
            unconfirmed: Vec::new(),
            unchanged: Vec::new(),
            not_found: Vec::new(),
        }
    }
}

/// The outcome of ending an MFA bypass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BypassEnd {
    /// When it would have ended; `None` if there was none.
    pub before: Option<Timestamp>,
    /// When it ends, if PingOne ends it only in a moment.
    pub until: Option<Timestamp>,
}

/// The outcome of ending sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    /// Those that were ended.
    pub ended: Vec<SessionId>,
    /// Those that may have been ended.
    pub unconfirmed: Vec<SessionId>,
    /// How many others had already expired.
    pub expired: usize,
    /// Those that were named and that the user does not have.
    pub not_found: Vec<SessionId>,
}

/// An account at an external identity provider, by its id there.
pub type LinkedAccount = Named<LinkedAccountId>;

/// The outcome of unlinking accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkedAccounts {
    /// Those that were unlinked.
    pub unlinked: Vec<LinkedAccount>,
    /// Those that may have been unlinked.
    pub unconfirmed: Vec<LinkedAccount>,
    /// Those that were named and are not linked to the user.
    pub not_found: Vec<LinkedAccount>,
}

/// What was done before the rest failed. The failure reports it, since it remains done.
#[derive(Debug, thiserror::Error)]
#[error("{summary}")]
pub struct PartialSuccess {
    /// What was done, in words.
    pub summary: String,
    /// Whether anything was changed; `None` if that is not known.
    pub changed: Option<bool>,
    /// The state as far as it is known.
    pub details: Details,
}

impl PartialSuccess {
    /// PingOne accepted something, but the new state could not be read.
    pub fn accepted(what: &str) -> Self {
        Self {
            summary: format!("PingOne accepted the {what}, but it could not be verified"),
            changed: Some(true),
            details: Details::None,
        }
    }

    /// The failure that followed; by itself if nothing was changed before.
    pub fn with_cause(self, error: pingone::Error) -> anyhow::Error {
        let error = anyhow::Error::from(error);
        if self.changed == Some(false) {
            error
        } else {
            error.context(self)
        }
    }
}

/// PingOne accepted a change, but its answers do not contain the new state.
#[derive(Debug, thiserror::Error)]
#[error("PingOne accepted the {change}, but does not say whether {state}. Check in PingOne.")]
pub struct Unverified {
    /// What was accepted.
    pub change: &'static str,
    /// What should hold now.
    pub state: String,
}

/// Whether anything was changed before this failure; `None` if that is not known.
pub fn changed_before(error: &anyhow::Error) -> Option<bool> {
    if let Some(before) = error.downcast_ref::<PartialSuccess>()
        && before.changed != Some(false)
    {
        return before.changed;
    }
    if error.is::<Unverified>() {
        return None;
    }
    let error = error.downcast_ref::<pingone::Error>();
    let may_have = error.is_some_and(pingone::Error::may_have_changed);
    (!may_have).then_some(false)
}

/// The state after a change as far as it is known, also after a failure.
pub fn details_of(result: &Result<Change>) -> &Details {
    match result {
        Ok(change) => &change.details,
        Err(error) => error
            .downcast_ref::<PartialSuccess>()
            .map_or(&Details::None, |before| &before.details),
    }
}

/// Some of a user's sessions or devices could not be ended or deleted.
pub struct Failures<Id> {
    /// Those that certainly remain.
    remaining: Vec<Named<Id>>,
    /// Those that PingOne may have ended or deleted without saying so.
    pub unconfirmed: Vec<Named<Id>>,
    /// The most informative failure.
    pub error: pingone::Error,
}

/// A verb, in the forms that a summary needs.
#[derive(Clone, Copy)]
pub struct Verb {
    /// `end`
    pub base: &'static str,
    /// `ended`
    pub past: &'static str,
}

impl<Id: Display> Failures<Id> {
    /// The end of a sentence: `could not end …; may have ended …`.
    pub fn summary(&self, verb: Verb) -> String {
        let Verb { base, past } = verb;
        let could_not = (!self.remaining.is_empty())
            .then(|| format!("could not {base} {}", list(&self.remaining)));
        let may_have = (!self.unconfirmed.is_empty())
            .then(|| format!("may have {past} {}", list(&self.unconfirmed)));
        let parts: Vec<String> = could_not.into_iter().chain(may_have).collect();
        parts.join("; ")
    }
}

/// Whether anything was changed: `done` certainly was, `unconfirmed` may have been; `None` if that is not known.
pub fn changed_by<T, U>(done: &[T], unconfirmed: &[U]) -> Option<bool> {
    match (done, unconfirmed) {
        ([], []) => Some(false),
        ([], _) => None,
        _ => Some(true),
    }
}

/// Does `work` for several sessions or devices of a user, one after the other. A failure does not keep the others from
/// being served: another may be the one that matters. `work` says whether there was such a thing; if so, it is added
/// to `done`. Gives the failures, if there were any.
pub async fn for_each_best_effort<Id: Copy + PartialEq>(
    things: &[Named<Id>],
    done: &mut Vec<Named<Id>>,
    work: impl AsyncFn(Id) -> Result<bool, pingone::Error>,
) -> Option<Failures<Id>> {
    let (mut remaining, mut unconfirmed) = (Vec::new(), Vec::new());
    let mut worst = None::<pingone::Error>;
    for thing in things {
        match work(thing.id).await {
            Ok(true) if !done.iter().any(|done| done.id == thing.id) => done.push(thing.clone()),
            Ok(_) => {}
            Err(error) => {
                if error.may_have_changed() {
                    unconfirmed.push(thing.clone());
                } else {
                    remaining.push(thing.clone());
                }
                // The policy forbids to change the user, so it forbids the rest as well.
                let is_final = matches!(*error.problem, Problem::Forbidden(_));
                let is_worse =
                    |worst: &pingone::Error| error.may_have_changed() && !worst.may_have_changed();
                if worst.as_ref().is_none_or(is_worse) {
                    worst = Some(error);
                }
                if is_final {
                    break;
                }
            }
        }
    }
    worst.map(|error| Failures {
        remaining,
        unconfirmed,
        error,
    })
}

impl Devices {
    /// `Deleted 2 devices (iPhone, SMS)`.
    pub fn summary(&self) -> String {
        let count = counted(self.deleted.len(), "device");
        if self.deleted.is_empty() {
            format!("Deleted {count}")
        } else {
            format!("Deleted {count} ({})", list(&self.deleted))
        }
    }
}

impl Roles {
    /// `Removed 1 role (Environment Admin)`.
    pub fn summary(&self) -> String {
        let count = counted(self.removed.len(), "role");
        if self.removed.is_empty() {
            format!("Removed {count}")
        } else {
            format!("Removed {count} ({})", list(&self.removed))
        }
    }
}

impl Weight for Change {
    fn weight(&self) -> usize {
        memory::ROW + self.details.weight()
    }
}

impl Weight for Details {
    fn weight(&self) -> usize {
        let id = memory::text_weight(SAMPLE_ID);
        // The name is shown in the table and kept in the context.
        let named = |name: &Option<String>| id + 2 * name.as_deref().map_or(0, memory::text_weight);
        let device = |device: &Device| named(&device.name);
        match self {
            Self::None | Self::MfaEnabled(_) | Self::MfaBypass(_) => 0,
            Self::Lock(lock) => lock.end.as_deref().map_or(0, memory::text_weight),
            Self::PasswordStatus(text) => memory::text_weight(text),
            Self::Devices(devices) => {
                let kept = devices.kept.iter().flatten();
                let gone = devices.deleted.iter().chain(&devices.unconfirmed);
                gone.chain(kept).map(device).sum()
            }
            Self::DeviceStates(states) => {
                let DeviceStates {
                    operation: _,
                    changed,
                    unconfirmed,
                    unchanged,
                    not_found,
                } = states;
                let lists = [changed, unconfirmed, unchanged, not_found];
                lists.into_iter().flatten().map(device).sum()
            }
            Self::Roles(roles) => {
                // The name and the grant are in the table and in the record.
                let all = roles.removed.len() + roles.unconfirmed.len() + roles.kept.len();
                all * 6 * id
                    + roles
                        .not_found
                        .iter()
                        .map(|text| memory::text_weight(text))
                        .sum::<usize>()
            }
            Self::Sessions(sessions) => {
                (sessions.unconfirmed.len() + sessions.not_found.len()) * id
            }
            Self::LinkedAccounts(LinkedAccounts {
                unlinked,
                unconfirmed,
                not_found,
            }) => {
                let lists = [unlinked, unconfirmed, not_found];
                let accounts = lists.into_iter().flatten();
                accounts.map(|account| named(&account.name)).sum()
            }
        }
    }
}
