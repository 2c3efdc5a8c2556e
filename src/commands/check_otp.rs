//! `pingone-check-otp`: submits the one-time code that a person read out on the phone.

use anyhow::Result;

use crate::{
    access::Access, entry::Output, handler::Handler, invocation::Invocation, manifest::Arg,
    operations::verification::check_code, views::verification::report,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let id = cx.args.required_id(Arg::VerificationId)?;
    let code = cx.args.secret(Arg::Otp)?;
    let verification = check_code(cx.pingone, id, code).await?;
    Ok(report("One-time code checked", None, &verification))
}
