//! Controls whether a user can sign on: enables and disables users, locks and unlocks accounts. Each operation verifies
//! the new state in PingOne's answer.

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::change::{Change, Details, Lock, PartialSuccess, PreviousLock, Unverified};
use pingone::{
    Client,
    id::UserId,
    times::to_rfc3339_millis,
    users::{User, UserFields},
};

pub use pingone::users::EnabledSince;

const LOCKED: &str = "LOCKED";

/// A user, and how errors name it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its id.
    pub id: UserId,
    /// Its name in errors, such as `the user emma`.
    pub label: &'a str,
}

/// Enables a user. Returns PingOne's answer.
pub async fn enable(pingone: &Client<'_>, subject: Subject<'_>) -> Result<Option<Value>> {
    set_enabled(pingone, subject, true).await
}

/// Disables a user. Returns PingOne's answer.
pub async fn disable(pingone: &Client<'_>, subject: Subject<'_>) -> Result<Option<Value>> {
    set_enabled(pingone, subject, false).await
}

async fn set_enabled(
    pingone: &Client<'_>,
    Subject { id, label }: Subject<'_>,
    enabled: bool,
) -> Result<Option<Value>> {
    let (raw, answered) = pingone.set_enabled(id, enabled).await?;
    if pingone.is_dry_run() {
        return Ok(raw);
    }
    let now = if answered.is_some() {
        answered
    } else {
        let user = pingone.read_user(id).await;
        user.context(PartialSuccess::accepted("change"))?
            .fields
            .enabled
    };
    match now {
        Some(now) if now == enabled => Ok(raw),
        Some(true) => bail!("PingOne accepted the change, but {label} is still enabled."),
        Some(false) => bail!("PingOne accepted the change, but {label} is still disabled."),
        None => bail!(Unverified {
            change: "change",
            state: format!("{label} is enabled"),
        }),
    }
}

/// Unlocks the account of a user. Returns PingOne's answer.
pub async fn unlock(
    pingone: &Client<'_>,
    Subject { id, label }: Subject<'_>,
    enabled: EnabledSince,
) -> Result<Option<Value>> {
    let answer = pingone.unlock_user(id, enabled).await?;
    if pingone.is_dry_run() {
        return Ok(None);
    }
    let status = |user: &User| user.fields.account_status().map(str::to_owned);
    // PingOne answers with the user; the user is read only if the answer lacks the status.
    let status = match answer.as_ref().and_then(status) {
        None => {
            let user = pingone.read_user(id).await;
            status(&user.context(PartialSuccess::accepted("unlock"))?)
        }
        status => status,
    };
    match status.as_deref() {
        Some(LOCKED) => {
            bail!("PingOne accepted the unlock, but the account of {label} is still LOCKED.")
        }
        Some(_) => Ok(answer.map(|user| user.raw)),
        None => bail!(Unverified {
            change: "unlock",
            state: format!("the account of {label} is still locked"),
        }),
    }
}

/// Locks the account of a user until a time, or without an end, and verifies that it is locked.
pub async fn lock(
    pingone: &Client<'_>,
    before: &User,
    until: Option<Timestamp>,
    enabled: EnabledSince,
) -> Result<Change> {
    let id = before.id;
    if before.fields.enabled == Some(false) {
        bail!(
            "The user is disabled, and PingOne only locks enabled users. A disabled user cannot sign on either."
        );
    }
    // A lock that ends at another time is not the one that is wanted.
    if is_locked(&before.fields) && lock_end_of(pingone, before) == until {
        return Ok(existing_lock(pingone, before, until));
    }
    let previous = is_locked(&before.fields).then(|| match lock_end_of(pingone, before) {
        Some(end) => PreviousLock::Until(end),
        None => PreviousLock::Indefinite,
    });
    let answer = pingone.lock_user(id, until, enabled).await?;
    if pingone.is_dry_run() {
        let end = until.map(to_rfc3339_millis);
        return Ok(locked(end, until, previous));
    }
    let user = match answer {
        Some(user) if user.fields.account_status().is_some() => user,
        _ => {
            let user = pingone.read_user(id).await;
            user.context(PartialSuccess::accepted("lock"))?
        }
    };
    match user.fields.account_status() {
        Some(LOCKED) => {
            let end = lock_end_of(pingone, &user);
            let is_wanted = until.map(to_rfc3339_millis) == end.map(to_rfc3339_millis);
            let end = written_end(&user, end);
            Ok(Change {
                verified: is_wanted,
                ..locked(end, until, previous)
            })
        }
        Some(other) => {
            bail!("PingOne accepted the lock, but the account is not locked: {other}.")
        }
        None => bail!(Unverified {
            change: "lock",
            state: "the account is locked".to_owned(),
        }),
    }
}

/// The account is locked now.
fn locked(
    end: Option<String>,
    wanted: Option<Timestamp>,
    previous: Option<PreviousLock>,
) -> Change {
    Change {
        changed: true,
        verified: true,
        details: Details::Lock(Lock {
            end,
            wanted,
            previous,
        }),
    }
}

/// The account was already locked, at least as long as `wanted`, and was left alone.
pub fn existing_lock(pingone: &Client<'_>, user: &User, wanted: Option<Timestamp>) -> Change {
    let end = written_end(user, lock_end_of(pingone, user));
    Change {
        changed: false,
        ..locked(end, wanted, None)
    }
}

/// When a lock ends, as PingOne wrote it or as it was calculated.
fn written_end(user: &User, end: Option<Timestamp>) -> Option<String> {
    let written = user.raw.pointer(UNLOCK_AT).and_then(Value::as_str);
    written
        .map(str::to_owned)
        .or_else(|| end.map(to_rfc3339_millis))
}

/// Whether the account is locked.
pub fn is_locked(user: &UserFields) -> bool {
    user.account_status() == Some(LOCKED)
}

/// Where PingOne says when a lock ends. Absent if it does not end by itself.
const UNLOCK_AT: &str = "/account/unlockAt";
/// Too many wrong passwords lock an account as well; PingOne may then say only how long that lasts.
const SECONDS_UNTIL_UNLOCK: &str = "/account/secondsUntilUnlock";

/// When the lock of an account ends by itself.
pub fn lock_end_of(pingone: &Client<'_>, user: &User) -> Option<Timestamp> {
    let at = user.raw.pointer(UNLOCK_AT).and_then(Value::as_str);
    if let Some(at) = at.and_then(|at| at.parse().ok()) {
        return Some(at);
    }
    let seconds = user.raw.pointer(SECONDS_UNTIL_UNLOCK)?.as_i64()?;
    let end = pingone
        .now()
        .checked_add(SignedDuration::from_secs(seconds));
    end.ok()
}

/// Whether the account is locked at least until `until`.
pub fn is_locked_as_long(pingone: &Client<'_>, user: &User, until: Option<Timestamp>) -> bool {
    is_locked(&user.fields)
        && match (lock_end_of(pingone, user), until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(end), Some(until)) => end >= until,
        }
}
