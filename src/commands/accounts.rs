//! Whether a user gets in: commands that lock an account for a while and end a password lockout, and the steps of
//! enabling and unlocking that other commands take too. Each step looks at what PingOne says of the new state.

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::many::{Change, DoneBefore, NotTold, Target};
use crate::{entry::Output, invocation::Invocation, manifest::Arg, markdown::row};
use pingone::{
    id::UserId,
    times::{moved, written},
    users::{User, UserFields},
};

const LOCKED: &str = "LOCKED";

/// `pingone-lock-user`
pub(super) async fn lock(cx: &Invocation<'_>) -> Result<Output> {
    let until = lock_end(cx)?;
    let shorten = cx.args.flag(Arg::Shorten)?;
    let outcomes = cx
        .for_each_user(async |mut target| {
            let user = cx.user_of(&mut target).await?;
            if !shorten && is_locked_as_long(cx, &user, until) {
                return Ok(kept(cx, &user, until));
            }
            lock_one(cx, &user, until, false).await
        })
        .await?;
    Ok(cx.report_changes("Locked users", &outcomes))
}

/// When the lock is to end; never if neither `until` nor `duration` was given.
fn lock_end(cx: &Invocation<'_>) -> Result<Option<Timestamp>> {
    let now = cx.pingone.now();
    if cx.args.is_given(Arg::Until) && cx.args.is_given(Arg::Duration) {
        bail!("Give only one of the arguments 'until' and 'duration'.")
    }
    let until = match cx.args.duration(Arg::Duration)? {
        Some(duration) => Some(moved(now, duration)?),
        None => cx.args.future_time(Arg::Until, now)?,
    };
    // What PingOne makes of a time in the past is UNCONFIRMED; at best nothing.
    if let Some(until) = until
        && until <= now
    {
        bail!(
            "The time in the argument 'until' is over already ({}): give one in the future.",
            written(until)
        );
    }
    Ok(until)
}

/// A lock that holds as long as it is wanted, or longer, is left alone.
fn kept(cx: &Invocation<'_>, user: &User, wanted: Option<Timestamp>) -> Change {
    let end = lock_end_of(cx, user);
    let result = match (end, wanted) {
        (None, Some(_)) => {
            "was locked already, without an end: give shorten=true to have the lock end".to_owned()
        }
        (Some(end), Some(wanted)) if end > wanted => format!(
            "was locked already, until {}: give shorten=true to have the lock end earlier",
            written(end)
        ),
        _ => "was locked already".to_owned(),
    };
    Change {
        changed: false,
        verified: true,
        result,
        details: row([("UnlockAt", json!(end_told(user, end)))]),
    }
}

/// When a lock ends, as PingOne wrote it or as it was reckoned.
fn end_told(user: &User, end: Option<Timestamp>) -> Option<String> {
    let told = user.raw.pointer(UNLOCK_AT).and_then(Value::as_str);
    told.map(str::to_owned).or_else(|| end.map(written))
}

/// Locks one account and makes sure that it is locked. `once_enabled`: the user was enabled a moment ago.
pub(super) async fn lock_one(
    cx: &Invocation<'_>,
    user: &User,
    until: Option<Timestamp>,
    once_enabled: bool,
) -> Result<Change> {
    let id = user.id;
    if user.fields.enabled == Some(false) {
        bail!(
            "The user is disabled, and PingOne locks only enabled users: lock before disabling, enable before unlocking. A disabled user cannot sign on either."
        );
    }
    // A lock that ends at another time is not the one that is wanted.
    if is_locked(&user.fields) && lock_end_of(cx, user) == until {
        return Ok(kept(cx, user, until));
    }
    let told = cx.pingone.lock_user(id, until, once_enabled).await?;
    let user = match told {
        Some(user) if user.fields.account_status().is_some() => user,
        _ => {
            let user = cx.pingone.read_user(id).await;
            user.context(DoneBefore::accepted("lock"))?
        }
    };
    match user.fields.account_status() {
        Some(LOCKED) => {}
        Some(other) => {
            bail!("PingOne accepted the lock, but the account is not locked: {other}.")
        }
        None => bail!(NotTold {
            change: "lock",
            state: "the account is locked".to_owned(),
        }),
    }
    let end = lock_end_of(cx, &user);
    let as_wanted = until.map(written) == end.map(written);
    let told = end_told(&user, end);
    let result = match (until, &told) {
        (Some(until), _) if as_wanted => format!("locked until {}", written(until)),
        (None, None) => "locked until an administrator unlocks it".to_owned(),
        (_, Some(told)) => format!("locked, but PingOne says until {told}"),
        (Some(_), None) => "locked, but PingOne does not say until when".to_owned(),
    };
    Ok(Change {
        changed: true,
        verified: as_wanted,
        result,
        details: row([("UnlockAt", json!(told))]),
    })
}

/// Enables or disables a user, whom an error calls `called`. Gives PingOne's answer.
pub(super) async fn set_enabled(
    cx: &Invocation<'_>,
    (id, called): (UserId, &str),
    enabled: bool,
) -> Result<Option<Value>> {
    let (raw, told) = cx.pingone.set_enabled(id, enabled).await?;
    let now = if told.is_some() {
        told
    } else {
        let user = cx.pingone.read_user(id).await;
        user.context(DoneBefore::accepted("change"))?.fields.enabled
    };
    match now {
        Some(now) if now == enabled => Ok(raw),
        Some(true) => bail!("PingOne accepted the change, but {called} is still enabled."),
        Some(false) => bail!("PingOne accepted the change, but {called} is still disabled."),
        None => bail!(NotTold {
            change: "change",
            state: format!("{called} is enabled"),
        }),
    }
}

/// Unlocks the account of a user, whom an error calls `called`. Gives PingOne's answer. `once_enabled`: the user
/// was enabled a moment ago.
pub(super) async fn unlock(
    cx: &Invocation<'_>,
    (id, called): (UserId, &str),
    once_enabled: bool,
) -> Result<Option<Value>> {
    let told = cx.pingone.unlock_user(id, once_enabled).await?;
    let status = |user: &User| user.fields.account_status().map(str::to_owned);
    // PingOne answers with the user; only if its state is not in the answer, it has to be asked for.
    let status = match told.as_ref().and_then(status) {
        None => {
            let user = cx.pingone.read_user(id).await;
            status(&user.context(DoneBefore::accepted("unlock"))?)
        }
        told => told,
    };
    match status.as_deref() {
        Some(LOCKED) => {
            bail!("PingOne accepted the unlock, but the account of {called} is still LOCKED.")
        }
        Some(_) => Ok(told.map(|user| user.raw)),
        None => bail!(NotTold {
            change: "unlock",
            state: format!("the account of {called} is still locked"),
        }),
    }
}

/// Whether the account is locked.
pub(super) fn is_locked(user: &UserFields) -> bool {
    user.account_status() == Some(LOCKED)
}

/// Where PingOne says when a lock ends. Absent where it does not end by itself.
const UNLOCK_AT: &str = "/account/unlockAt";
/// After too many wrong passwords an account is locked too, and PingOne may say only how long that lasts.
const SECONDS_UNTIL_UNLOCK: &str = "/account/secondsUntilUnlock";

/// When the lock of an account ends by itself.
pub(super) fn lock_end_of(cx: &Invocation<'_>, user: &User) -> Option<Timestamp> {
    let at = user.raw.pointer(UNLOCK_AT).and_then(Value::as_str);
    if let Some(at) = at.and_then(|at| at.parse().ok()) {
        return Some(at);
    }
    let seconds = user.raw.pointer(SECONDS_UNTIL_UNLOCK)?.as_i64()?;
    let end = cx
        .pingone
        .now()
        .checked_add(SignedDuration::from_secs(seconds));
    end.ok()
}

/// Whether the account is locked, and stays so at least as long as a lock until `until`.
pub(super) fn is_locked_as_long(
    cx: &Invocation<'_>,
    user: &User,
    until: Option<Timestamp>,
) -> bool {
    is_locked(&user.fields)
        && match (lock_end_of(cx, user), until) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(end), Some(until)) => end >= until,
        }
}

/// `pingone-unlock-password`
pub(super) async fn unlock_password(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = cx
        .for_each_user(async |target| unlock_password_of(cx, &target).await)
        .await?;
    Ok(cx.report_changes("Unlocked passwords", &outcomes))
}

const LOCKED_OUT: &str = "PASSWORD_LOCKED_OUT";

async fn unlock_password_of(cx: &Invocation<'_>, target: &Target) -> Result<Change> {
    let status = async || -> Result<String> {
        let state = cx.pingone.read_password_state(target.id).await?;
        Ok(state
            .get("status")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned())
    };
    let before = status().await?;
    let details = |status: &str| row([("PasswordStatus", json!(status))]);
    if before != LOCKED_OUT {
        let result = format!("was not locked out ({before})");
        return Ok(Change {
            changed: false,
            verified: true,
            result,
            details: details(&before),
        });
    }
    cx.pingone.unlock_password(target.id).await?;
    let after = status().await.context(DoneBefore::accepted("unlock"))?;
    if after == LOCKED_OUT {
        bail!("PingOne accepted the unlock, but the password is still locked out.");
    }
    Ok(Change {
        changed: true,
        verified: true,
        result: format!("unlocked ({after})"),
        details: details(&after),
    })
}
