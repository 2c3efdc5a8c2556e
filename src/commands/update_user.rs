//! `pingone-update-user`: updates the given attributes of a user.

use anyhow::Result;
use serde_json::{Map, Value};

use crate::{
    access::Access,
    document::{Row, table},
    entry::Output,
    handler::Handler,
    inputs::{profile::profile, users},
    invocation::Invocation,
    manifest::Arg,
    operations::find::find_user,
    views::protected,
};
use pingone::users::RoundTrip;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let given = profile(cx.args);
    // Looked up even if there is nothing to send: an unknown user is an error.
    let target = find_user(cx.pingone, &users::by_username(cx.args)?).await?;
    let user = target.into_user(cx.pingone).await?;
    let readable = table(
        &format!("PingOne user updated: {username}"),
        std::slice::from_ref(&given),
    );
    if given.is_empty() {
        return Ok(Output::new(readable, None));
    }
    let change = merged(&given, &user.returned);
    let raw = cx.pingone.update_user(user.id, &change).await?.raw;
    let members: Vec<&str> = given.keys().map(String::as_str).collect();
    let done = format!("updated ({})", members.join(", "));
    let groups = cx.pingone.protected_groups_of(user.id).await;
    let failures = protected::became_protected(cx, username, &done, groups);
    Ok(Output {
        failures,
        ..Output::new(readable, Some(raw))
    })
}

/// What is sent. Whether PingOne merges a partial `name` or `address` into the old one or replaces it is UNCONFIRMED, so
/// the members that the user already has are sent along.
fn merged(given: &Row, user: &RoundTrip) -> Value {
    let mut change = Map::new();
    for (member, value) in given {
        let value = match (value, user.get(member)) {
            (Value::Object(given), Some(Value::Object(old))) => {
                let mut whole = old.clone();
                whole.extend(given.clone());
                Value::Object(whole)
            }
            _ => value.clone(),
        };
        change.insert(member.clone(), value);
    }
    Value::Object(change)
}
