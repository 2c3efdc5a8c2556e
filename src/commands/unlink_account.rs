//! `pingone-unlink-account`: unlinks accounts at external identity providers from users.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{for_each::for_each_user, linked_accounts::unlink},
    views::changes,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let accounts = cx.args.ids(Arg::LinkedAccountId)?;
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        unlink(cx.pingone, target.id, &accounts).await
    });
    Ok(changes::report(cx, "Unlink accounts", &outcomes.await))
}
