//! `pingone-lock-user`: locks accounts, for a while or until an administrator unlocks them.

use anyhow::{Result, bail};
use jiff::Timestamp;

use crate::times::add;
use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        accounts::{EnabledSince, existing_lock, is_locked_as_long, lock},
        for_each::for_each_user,
    },
    views::changes,
};
use pingone::times::to_utc_minutes;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let until = lock_end(cx)?;
    let shorten = cx.args.flag(Arg::Shorten)?;
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        let user = target.into_user(cx.pingone).await?;
        if !shorten && is_locked_as_long(cx.pingone, &user, until) {
            return Ok(existing_lock(cx.pingone, &user, until));
        }
        lock(cx.pingone, &user, until, EnabledSince::Before).await
    });
    Ok(changes::report(cx, "Lock account", &outcomes.await))
}

/// When the lock ends; never if neither `until` nor `duration` was given.
fn lock_end(cx: &Invocation<'_>) -> Result<Option<Timestamp>> {
    let now = cx.pingone.now();
    if cx.args.is_given(Arg::Until) && cx.args.is_given(Arg::Duration) {
        bail!("Use either until or duration, not both.")
    }
    let until = match cx.args.duration(Arg::Duration)? {
        Some(duration) => Some(add(now, duration)?),
        None => cx.args.future_time(Arg::Until, now)?,
    };
    // What PingOne does with a time in the past is UNCONFIRMED.
    if let Some(until) = until
        && until <= now
    {
        bail!(
            "'until' must be in the future. {} is over.",
            to_utc_minutes(until)
        );
    }
    Ok(until)
}
