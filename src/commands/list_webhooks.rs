//! `pingone-list-webhooks`: the webhooks of the environment, and what is wrong with them.

use anyhow::Result;

use crate::{
    access::Access, entry::Output, handler::Handler, invocation::Invocation, views::webhook::report,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ReadConfiguration,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    Ok(report(cx.pingone.webhooks().await?))
}
