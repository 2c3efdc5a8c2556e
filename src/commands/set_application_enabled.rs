//! `pingone-set-application-enabled`: enables or disables an application.

use anyhow::Result;

use crate::{
    access::Access, entry::Output, handler::Handler, inputs::applications, invocation::Invocation,
    manifest::Arg, operations::application_changes::switch, views::application_change::switched,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::ChangeConfiguration,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let enabled = cx.args.required_choice(Arg::Enabled)?;
    let application = applications::one(cx.args)?;
    Ok(switched(&switch(cx.pingone, &application, enabled).await?))
}
