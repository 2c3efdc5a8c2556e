//! `pingone-end-mfa-bypass`: ends users' MFA bypasses.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    operations::{for_each::for_each_user, mfa_bypass::end_bypass},
    views::changes,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        end_bypass(cx.pingone, target.id).await
    });
    Ok(changes::report(cx, "End MFA bypass", &outcomes.await))
}
