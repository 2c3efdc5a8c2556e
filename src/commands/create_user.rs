//! `pingone-create-user`: creates a user in a population.

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    access::Access,
    document::{Document, table},
    entry::Output,
    handler::Handler,
    inputs::profile::profile,
    invocation::Invocation,
    manifest::Arg,
    operations::find::unique_user,
    views::{
        protected,
        user::{account, row},
    },
};
use pingone::{Client, id::PopulationId, server_clock::Moment, users::User};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let population: PopulationId = cx.args.required_id(Arg::PopulationId)?;
    let mut new = json!({"population": {"id": population.to_string()}, "username": username});
    if let Some(new) = new.as_object_mut() {
        new.extend(profile(cx.args));
    }
    let began = cx.pingone.moment();
    let (user, how) = match cx.pingone.create_user(&new).await {
        Ok(user) => (user, None),
        Err(error) if error.may_have_changed() => (
            settle_creation(cx.pingone, username, began, error).await?,
            Some(LOOKED_UP),
        ),
        Err(error) => return Err(error.into()),
    };
    let rows = [row(user.id, &user.raw)];
    let table = table(&format!("PingOne user created: {username}"), &rows);
    let groups = cx.pingone.protected_groups_of(user.id).await;
    let failures = protected::joined(cx, user.id, "created", groups);
    let account = account(&user);
    let readable = match how {
        Some(how) => Document::from(how).with(table),
        None => table.into(),
    };
    let output = Output::new(readable, Some(user.raw)).with_account(account);
    Ok(Output { failures, ..output })
}

/// Stands before the table of a user whose creation PingOne did not confirm.
const LOOKED_UP: &str =
    "PingOne did not confirm the creation, so the user was looked up: it is there.\n";

/// Finds out whether a creation that PingOne did not confirm took place. A user that is older than the request did
/// not come from it; PingOne's clock decides that, not ours. That there is no user proves nothing: PingOne may still
/// be at work.
async fn settle_creation(
    pingone: &Client<'_>,
    username: &str,
    began: Moment,
    error: pingone::Error,
) -> Result<User> {
    let found = match pingone.find_users(username).await {
        Ok(users) => unique_user(
            "username",
            username,
            users,
            "Look in PingOne which of them is new.",
        )
        .map_err(|several| anyhow!("{error}\n{several}"))?,
        Err(second) => bail!(
            "{error}\nWhether the user {username} was created is not known, and looking it up failed too: {second}"
        ),
    };
    let Some(user) = found else {
        bail!(
            "{error}\nThe user {username} was looked up afterwards and is not there so far. PingOne may still create it: look for it before you run the command again."
        );
    };
    let created = user.raw.get("createdAt").and_then(Value::as_str);
    let created: Option<Timestamp> = created.and_then(|created| created.parse().ok());
    match created.and_then(|created| pingone.came_after(began, created)) {
        Some(true) => Ok(user),
        Some(false) => bail!(
            "{error}\nA user {username} ({}) exists, but was not created by this command: it is older.",
            user.id
        ),
        None => bail!(
            "{error}\nA user {username} ({}) exists. Whether this command created it cannot be told: look at it in PingOne.",
            user.id
        ),
    }
}
