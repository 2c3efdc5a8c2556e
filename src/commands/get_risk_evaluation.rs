//! `pingone-get-risk-evaluation`: a risk evaluation of PingOne Protect.

use anyhow::Result;

use crate::{
    access::Access, entry::Output, handler::Handler, invocation::Invocation, manifest::Arg,
    operations::risk::evaluation, views::risk,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let id = cx.args.required_id(Arg::EvaluationId)?;
    Ok(risk::evaluation(evaluation(cx.pingone, id).await?.raw))
}
