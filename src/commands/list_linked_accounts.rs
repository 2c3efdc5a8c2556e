//! `pingone-list-linked-accounts`: users' linked accounts at external identity providers.

use anyhow::Result;
use serde_json::Value;

use crate::{
    access::Access,
    document::{Row, at, row},
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    operations::for_each::for_each_user,
    views::items::{self, Listing},
};
use pingone::users::linked_accounts;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const LISTING: Listing<'static> = Listing {
    title: "PingOne linked accounts",
    columns: &["User", "ID", "IdentityProviderID", "ExternalID"],
    key: "PingOne.LinkedAccount(val.ID && val.ID === obj.ID)",
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        Ok(cx.pingone.list(linked_accounts(target.id)).await?)
    });
    Ok(items::report(cx, &LISTING, outcomes.await, describe))
}

/// A linked account as it stands in the context and, in part, in the table.
fn describe(account: &Value, user: &Value) -> Row {
    row([
        ("ID", at(account, "/id")),
        ("UserID", user.clone()),
        ("IdentityProviderID", at(account, "/identityProvider/id")),
        ("ExternalID", at(account, "/externalId")),
    ])
}
