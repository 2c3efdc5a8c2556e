//! `pingone-rotate-application-secret`: replaces an application's secret. Nobody gets to see the new one here.

use anyhow::{Result, bail};

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::applications,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        application_changes::{check_grace, no_secret, rotate_secret},
        applications::find_application,
    },
    times::add,
    views::application_change::rotated,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ChangeConfiguration,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let wanted = applications::one(cx.args)?;
    let grace = cx.args.duration(Arg::Grace)?;
    if let Some(grace) = grace {
        check_grace(cx.pingone.now(), add(cx.pingone.now(), grace)?)?;
    }
    let application = find_application(cx.pingone, &wanted).await?;
    if let Some(reason) = no_secret(&application) {
        bail!("{reason} Nothing was changed.");
    }
    // PingOne compares it with its own clock.
    let now = cx.pingone.now_at_pingone();
    let keep_until = grace.map(|grace| add(now, grace)).transpose()?;
    let rotation = rotate_secret(cx.pingone, &application, keep_until).await?;
    Ok(rotated(&application, &rotation, cx.pingone.now()))
}
