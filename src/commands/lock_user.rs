//! `pingone-lock-user`: locks the account of users, for a while or until an administrator unlocks it.

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
        accounts::{EnabledSince, is_locked_as_long, lock, lock_kept},
        for_each::for_each_user,
    },
    views::changes,
};
use pingone::times::to_rfc3339_millis;

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
            return Ok(lock_kept(cx.pingone, &user, until));
        }
        lock(cx.pingone, &user, until, EnabledSince::Before).await
    });
    Ok(changes::report(cx, "Locked users", &outcomes.await))
}

/// When the lock is to end; never if neither `until` nor `duration` was given.
fn lock_end(cx: &Invocation<'_>) -> Result<Option<Timestamp>> {
    let now = cx.pingone.now();
    if cx.args.is_given(Arg::Until) && cx.args.is_given(Arg::Duration) {
        bail!("Give only one of the arguments 'until' and 'duration'.")
    }
    let until = match cx.args.duration(Arg::Duration)? {
        Some(duration) => Some(add(now, duration)?),
        None => cx.args.future_time(Arg::Until, now)?,
    };
    // What PingOne makes of a time in the past is UNCONFIRMED; at best nothing.
    if let Some(until) = until
        && until <= now
    {
        bail!(
            "The time in the argument 'until' is over already ({}): give one in the future.",
            to_rfc3339_millis(until)
        );
    }
    Ok(until)
}
