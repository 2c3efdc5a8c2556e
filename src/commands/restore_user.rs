//! `pingone-restore-user`: undoes containments.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{for_each::for_each_user, records::records, restore::restore},
    views::steps::{self, RESTORATION},
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let records = records(cx.args.list(Arg::Record))?;
    if cx.args.flag(Arg::DryRun)? {
        cx.pingone.start_dry_run();
    }
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        restore(cx.pingone, target, &records).await
    });
    Ok(steps::report(cx, &RESTORATION, &outcomes.await))
}
