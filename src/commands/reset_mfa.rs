//! `pingone-reset-mfa`: deletes all MFA devices, or those that were paired since a time, except some.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::{since::since, users},
    invocation::Invocation,
    manifest::Arg,
    operations::{
        devices::{Selection, delete_devices},
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
    let since = since(cx.args, Arg::CreatedAfter, cx.pingone.now())?;
    let keep = cx.args.ids(Arg::KeepDeviceIds)?;
    let selection = Selection::AllBut { since, keep };
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        delete_devices(cx.pingone, target.id, &selection).await
    });
    let title = match since {
        Some(since) => format!("Delete MFA devices paired after {}", to_utc_minutes(since)),
        None => "Delete MFA devices".to_owned(),
    };
    Ok(changes::report(cx, &title, &outcomes.await))
}
