//! `pingone-reset-mfa`: deletes every second factor, or those that came since a time, but for some.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::{since::since, users},
    invocation::Invocation,
    manifest::Arg,
    operations::{
        devices::{Wanted, delete_devices},
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
    let since = since(cx.args, Arg::CreatedAfter, cx.pingone.now())?;
    let keep = cx.args.ids(Arg::KeepDeviceIds)?;
    let wanted = Wanted::AllBut { since, keep };
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        delete_devices(cx.pingone, target.id, &wanted).await
    });
    let title = match since {
        Some(since) => format!(
            "Reset MFA devices paired after {}",
            to_rfc3339_millis(since)
        ),
        None => "Reset MFA devices".to_owned(),
    };
    Ok(changes::report(cx, &title, &outcomes.await))
}
