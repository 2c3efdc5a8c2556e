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
    let (user, caveat) = match cx.pingone.create_user(&new).await {
        Ok(user) => (user, None),
        Err(error) if error.may_have_changed() => (
            verify_creation(cx.pingone, username, began, error).await?,
            Some(LOOKED_UP),
        ),
        Err(error) => return Err(error.into()),
    };
    let rows = [row(user.id, &user.raw)];
    let table = table(&format!("PingOne user created: {username}"), &rows);
    let groups = cx.pingone.protected_groups_of(user.id).await;
    let failures = protected::became_protected(cx, username, "created", groups);
    let account = account(&user);
    let readable = match caveat {
        Some(caveat) => Document::from(caveat).with(table),
        None => table.into(),
    };
    let output = Output::new(readable, Some(user.raw)).with_account(account);
    Ok(Output { failures, ..output })
}

/// Precedes the table if PingOne did not confirm the creation.
const LOOKED_UP: &str = "PingOne did not confirm the creation, but a look-up found the new user.\n";

/// Finds out whether a creation that PingOne did not confirm took place. A user that is older than the request did not
/// come from it, by PingOne's clock. Finding no user proves nothing: PingOne may still be creating it.
async fn verify_creation(
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
            "Check in PingOne which of them is new.",
        )
        .map_err(|several| anyhow!("{error}\n{several}"))?,
        Err(second) => bail!(
            "{error}\nIt is not known whether the user {username} was created, since looking it up failed as well: {second}"
        ),
    };
    let Some(user) = found else {
        bail!(
            "{error}\nThe user {username} was looked up afterwards and does not exist yet. PingOne may still create it: check before you run the command again."
        );
    };
    let created = user.raw.get("createdAt").and_then(Value::as_str);
    let created: Option<Timestamp> = created.and_then(|created| created.parse().ok());
    match created.and_then(|created| pingone.came_after(began, created)) {
        Some(true) => Ok(user),
        Some(false) => bail!(
            "{error}\nA user {username} ({}) exists, but is older, so this command did not create it.",
            user.id
        ),
        None => bail!(
            "{error}\nA user {username} ({}) exists, but it is not known whether this command created it. Check in PingOne.",
            user.id
        ),
    }
}
