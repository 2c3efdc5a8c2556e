//! `pingone-list-linked-accounts`: users' linked accounts at external identity providers.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    operations::for_each::for_each_user,
    views::{
        items::{self, Listing},
        linked_account,
    },
};
use pingone::users::linked_accounts;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const LISTING: Listing<'static, 3> = Listing {
    title: "PingOne linked accounts",
    noun: "linked account",
    columns: linked_account::COLUMNS,
    key: "PingOne.LinkedAccount(val.ID && val.ID === obj.ID)",
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        Ok(cx.pingone.list(linked_accounts(target.id)).await?)
    });
    Ok(items::report(
        cx,
        &LISTING,
        outcomes.await,
        linked_account::cells,
        linked_account::describe,
    ))
}
