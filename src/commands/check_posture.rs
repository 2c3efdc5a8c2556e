//! `pingone-check-posture`: what a SOC should know about the environment, ranked by severity.

use anyhow::Result;

use crate::{
    access::Access, entry::Output, handler::Handler, invocation::Invocation, manifest::Arg,
    operations::posture::posture, views::posture::report,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ReadAll,
    run: |cx| Box::pin(run(cx)),
};

/// Two calls each: some twenty seconds at PingOne's usual speed.
const MAX_USERS: usize = 200;

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let max_users = cx.args.count(Arg::MaxUsers)?.unwrap_or(MAX_USERS);
    let mut posture = Box::pin(posture(cx.pingone, max_users)).await;
    // The first failure tells most: after a slow one, the others may only say that the command's time was over.
    if posture.is_blind() && !posture.failed.is_empty() {
        return Err(posture.failed.swap_remove(0).1);
    }
    Ok(report(&posture))
}
