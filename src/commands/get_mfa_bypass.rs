//! `pingone-get-mfa-bypass`: whether users sign on without a second factor, and until when.

use anyhow::Result;

use crate::{
    access::Access, entry::Output, handler::Handler, inputs::users, invocation::Invocation,
    operations::for_each::for_each_user, views::mfa_bypass,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        Ok(cx.pingone.mfa_bypass(target.id).await?)
    });
    Ok(mfa_bypass::report(cx, &outcomes.await))
}
