//! `pingone-cancel-verification`: cancels a push, so that it can no longer be answered.

use anyhow::Result;

use crate::{
    access::Access, entry::Output, handler::Handler, invocation::Invocation, manifest::Arg,
    operations::verification::cancel, views::verification::report,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let id = cx.args.required_id(Arg::VerificationId)?;
    let verification = cancel(cx.pingone, id).await?;
    Ok(report("Push cancelled", None, &verification))
}
