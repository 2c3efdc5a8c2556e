//! `pingone-list-linked-accounts`: users' linked accounts at external identity providers.

use anyhow::Result;
use serde_json::Value;

use crate::{
    access::Access,
    document::{Row, at, cell, row},
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

const LISTING: Listing<'static, 3> = Listing {
    title: "PingOne linked accounts",
    noun: "linked account",
    columns: ["External ID", "Identity provider ID", "ID"],
    key: "PingOne.LinkedAccount(val.ID && val.ID === obj.ID)",
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        Ok(cx.pingone.list(linked_accounts(target.id)).await?)
    });
    Ok(items::report(cx, &LISTING, outcomes.await, cells, describe))
}

/// A linked account as a table row.
fn cells(account: &Value) -> [String; 3] {
    ["/externalId", "/identityProvider/id", "/id"].map(|member| cell(&at(account, member)))
}

/// A linked account as a context entry.
fn describe(account: &Value, user: &Value) -> Row {
    row([
        ("ID", at(account, "/id")),
        ("UserID", user.clone()),
        ("IdentityProviderID", at(account, "/identityProvider/id")),
        ("ExternalID", at(account, "/externalId")),
    ])
}
