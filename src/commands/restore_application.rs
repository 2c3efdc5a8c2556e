//! `pingone-restore-application`: undoes containments of an application.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::applications,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        applications::find_application, for_each::Outcome, records::records,
        restore_application::restore,
    },
    views::steps::{self, RESTORATION},
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ChangeConfiguration,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let records = records(cx.args.list(Arg::Record))?;
    let named = applications::one(cx.args)?;
    if cx.args.flag(Arg::DryRun)? {
        cx.pingone.start_dry_run();
    }
    let application = find_application(cx.pingone, &named).await?;
    let outcomes = [Outcome {
        label: named.label(),
        id: Some(application.id.into()),
        result: restore(cx.pingone, &application, &records).await,
    }];
    Ok(steps::report(cx, &RESTORATION, &outcomes))
}
