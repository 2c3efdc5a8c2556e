//! Whether a user gets in: enabling and disabling, locking for a while and unlocking. Each looks at what PingOne says
//! of the new state.

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::change::{Change, Details, NotTold, PartialSuccess};
use pingone::{
    Client,
    id::UserId,
    times::to_rfc3339_millis,
    users::{User, UserFields},
};

pub use pingone::users::EnabledSince;

const LOCKED: &str = "LOCKED";

/// A user, and what an error calls it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its id.
    pub id: UserId,
    /// What an error calls it, such as `the user emma`.
    pub label: &'a str,
}

/// Enables a user. Gives PingOne's answer.
pub async fn enable(pingone: &Client<'_>, subject: Subject<'_>) -> Result<Option<Value>> {
    set_enabled(pingone, subject, true).await
}

/// Disables a user. Gives PingOne's answer.
pub async fn disable(pingone: &Client<'_>, subject: Subject<'_>) -> Result<Option<Value>> {
    set_enabled(pingone, subject, false).await
}

async fn set_enabled(
    pingone: &Client<'_>,
    Subject { id, label }: Subject<'_>,
    enabled: bool,
) -> Result<Option<Value>> {
    let (raw, told) = pingone.set_enabled(id, enabled).await?;
    let now = if told.is_some() {
        told
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
        None => bail!(NotTold {
            change: "change",
            state: format!("{label} is enabled"),
        }),
    }
}

/// Unlocks the account of a user. Gives PingOne's answer.
pub async fn unlock(
    pingone: &Client<'_>,
    Subject { id, label }: Subject<'_>,
    enabled: EnabledSince,
) -> Result<Option<Value>> {
    let told = pingone.unlock_user(id, enabled).await?;
    let status = |user: &User| user.fields.account_status().map(str::to_owned);
    // PingOne answers with the user; only if its state is not in the answer, it has to be asked for.
    let status = match told.as_ref().and_then(status) {
        None => {
            let user = pingone.read_user(id).await;
            status(&user.context(PartialSuccess::accepted("unlock"))?)
        }
        told => told,
    };
    match status.as_deref() {
        Some(LOCKED) => {
            bail!("PingOne accepted the unlock, but the account of {label} is still LOCKED.")
        }
        Some(_) => Ok(told.map(|user| user.raw)),
        None => bail!(NotTold {
            change: "unlock",
            state: format!("the account of {label} is still locked"),
        }),
    }
}

/// Locks the account of a user until a time, or without an end, and makes sure that it is locked.
pub async fn lock(
    pingone: &Client<'_>,
    user: &User,
    until: Option<Timestamp>,
    enabled: EnabledSince,
) -> Result<Change> {
    let id = user.id;
    if user.fields.enabled == Some(false) {
        bail!(
            "The user is disabled, and PingOne locks only enabled users: lock before disabling, enable before unlocking. A disabled user cannot sign on either."
        );
    }
    // A lock that ends at another time is not the one that is wanted.
    if is_locked(&user.fields) && lock_end_of(pingone, user) == until {
        return Ok(lock_kept(pingone, user, until));
    }
    let told = pingone.lock_user(id, until, enabled).await?;
    let user = match told {
        Some(user) if user.fields.account_status().is_some() => user,
        _ => {
            let user = pingone.read_user(id).await;
            user.context(PartialSuccess::accepted("lock"))?
        }
    };
    match user.fields.account_status() {
        Some(LOCKED) => Ok(locked(pingone, &user, until)),
        Some(other) => {
            bail!("PingOne accepted the lock, but the account is not locked: {other}.")
        }
        None => bail!(NotTold {
            change: "lock",
            state: "the account is locked".to_owned(),
        }),
    }
}

/// What came of a lock, by PingOne's word on the user.
fn locked(pingone: &Client<'_>, user: &User, until: Option<Timestamp>) -> Change {
    let end = lock_end_of(pingone, user);
    let as_wanted = until.map(to_rfc3339_millis) == end.map(to_rfc3339_millis);
    let told = end_told(user, end);
    let result = match (until, &told) {
        (Some(until), _) if as_wanted => format!("locked until {}", to_rfc3339_millis(until)),
        (None, None) => "locked until an administrator unlocks it".to_owned(),
        (_, Some(told)) => format!("locked, but PingOne says until {told}"),
        (Some(_), None) => "locked, but PingOne does not say until when".to_owned(),
    };
    Change {
        changed: true,
        verified: as_wanted,
        result,
        details: Details::Lock(told),
    }
}

/// A lock that holds as long as it is `wanted`, or longer, is left alone.
pub fn lock_kept(pingone: &Client<'_>, user: &User, wanted: Option<Timestamp>) -> Change {
    let end = lock_end_of(pingone, user);
    let result = match (end, wanted) {
        (None, Some(_)) => {
            "was locked already, without an end: give shorten=true to have the lock end".to_owned()
        }
        (Some(end), Some(wanted)) if end > wanted => format!(
            "was locked already, until {}: give shorten=true to have the lock end earlier",
            to_rfc3339_millis(end)
        ),
        _ => "was locked already".to_owned(),
    };
    Change {
        changed: false,
        verified: true,
        result,
        details: Details::Lock(end_told(user, end)),
    }
}

/// When a lock ends, as PingOne wrote it or as it was reckoned.
fn end_told(user: &User, end: Option<Timestamp>) -> Option<String> {
    let told = user.raw.pointer(UNLOCK_AT).and_then(Value::as_str);
    told.map(str::to_owned)
        .or_else(|| end.map(to_rfc3339_millis))
}

/// Whether the account is locked.
pub fn is_locked(user: &UserFields) -> bool {
    user.account_status() == Some(LOCKED)
}

/// Where PingOne says when a lock ends. Absent where it does not end by itself.
const UNLOCK_AT: &str = "/account/unlockAt";
/// After too many wrong passwords an account is locked too, and PingOne may say only how long that lasts.
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

/// Whether the account is locked, and stays so at least as long as a lock until `until`.
pub fn is_locked_as_long(pingone: &Client<'_>, user: &User, until: Option<Timestamp>) -> bool {
    is_locked(&user.fields)
        && match (lock_end_of(pingone, user), until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(end), Some(until)) => end >= until,
        }
}
