//! `pingone-get-verification`: what a verification has come to. XSOAR also runs it by itself to wait for an answer: this
//! command sends nothing, so no round of waiting can message anybody again.

use std::time::Duration;

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    invocation::Invocation,
    manifest::Arg,
    operations::verification,
    views::verification::{poll, report},
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ReadPrivileged,
    run: |cx| Box::pin(run(cx)),
};

/// Ping asks for two to three seconds between polls.
const BETWEEN_READS: Duration = Duration::from_secs(3);
/// Kept of the command's time for the last read and the answer.
const RESERVE: Duration = Duration::from_secs(5);

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let id = cx.args.required_id(Arg::VerificationId)?;
    let user = cx.args.text(Arg::User);
    let wait = cx.args.flag(Arg::Wait)?;
    let mut verification = verification::read(cx.pingone, id).await?;
    while wait && verification.awaits_push() && cx.pingone.pause(BETWEEN_READS, RESERVE).await {
        verification = verification::read(cx.pingone, id).await?;
    }
    let now = cx.pingone.now();
    if verification.awaits_push()
        && let Some(until) = cx.args.future_time(Arg::PollUntil, now)?
        && now < until
    {
        return Ok(Output::scheduled(poll(id, user, now, until)));
    }
    Ok(report("PingOne verification", user, &verification))
}
