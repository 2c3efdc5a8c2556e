//! Commands about a user and its account.

use anyhow::{Result, anyhow, bail};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    accounts, detail,
    target::{GIVE_USER_ID, Named, no_user, only_user},
};
use crate::{
    entry::Output,
    invocation::Invocation,
    manifest::Arg,
    markdown::{Row, table},
    views::user::{account, row},
};
use pingone::{
    id::{PopulationId, UserId},
    server_clock::Moment,
    users::{Returned, User},
};

/// `pingone-unlock-user`
pub(super) async fn unlock(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let id = cx.user_by_name().await?.id;
    let raw = accounts::unlock(cx, (id, username), false).await?;
    Ok(Output::new(format!("### {username} unlocked"), raw))
}

/// `pingone-deactivate-user`
pub(super) async fn deactivate(cx: &Invocation<'_>) -> Result<Output> {
    set_enabled(cx, false).await
}

/// `pingone-activate-user`
pub(super) async fn activate(cx: &Invocation<'_>) -> Result<Output> {
    set_enabled(cx, true).await
}

async fn set_enabled(cx: &Invocation<'_>, enabled: bool) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let id = cx.user_by_name().await?.id;
    let called = format!("the user {username}");
    let raw = accounts::set_enabled(cx, (id, &called), enabled).await?;
    let (readable, done) = if enabled {
        (format!("### {username} is active now"), "activated")
    } else {
        (format!("### User {username} deactivated"), "deactivated")
    };
    let failures = cx.joined_protected_groups(id, done).await;
    Ok(Output {
        failures,
        ..Output::new(readable, raw)
    })
}

/// `pingone-get-user`: the id goes before the name, and then saves the look-up.
pub(super) async fn get(cx: &Invocation<'_>) -> Result<Output> {
    let Named { name, id } = Named::<UserId>::user(cx.args)?;
    let called = cx.args.text(Arg::UserId).or(name).unwrap_or_default();
    let user = match id {
        Some(id) => found_by_id(cx, id).await?,
        None => only_user(
            "username",
            called,
            cx.pingone.find_users(called).await?,
            GIVE_USER_ID,
        )?,
    };
    let user = match user {
        Some(user) => user,
        None if cx.not_found_as_note => {
            return Ok(Output::note(format!(
                "User {called} was not found in PingOne."
            )));
        }
        None => return Err(no_user(called)),
    };
    // The documentation never said which values the argument has, so any other one counts as not given.
    if cx.args.flag(Arg::Detailed).unwrap_or(false) {
        return Box::pin(detail::describe(cx, called, user)).await;
    }
    // The space after the table has always been there.
    let readable = format!(
        "{} ",
        table(&format!("User:{called}"), &[row(user.id, &user.raw)])
    );
    let account = account(&user);
    Ok(Output::new(readable, Some(user.raw)).with_account(json!([account])))
}

/// An id that nobody has is PingOne's error, unless the instance takes it for an answer.
async fn found_by_id(cx: &Invocation<'_>, id: UserId) -> Result<Option<User>> {
    match cx.pingone.read_user(id).await {
        Err(error) if error.status() == Some(404) && cx.not_found_as_note => Ok(None),
        result => Ok(Some(result?)),
    }
}

/// `pingone-create-user`
pub(super) async fn create(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let Some(population) = cx.args.id::<PopulationId>(Arg::PopulationId)? else {
        bail!("The required argument 'populationId' is missing.");
    };
    let mut new = json!({"population": {"id": population.to_string()}, "username": username});
    if let Some(new) = new.as_object_mut() {
        new.extend(profile(cx));
    }
    let began = cx.pingone.moment();
    let (user, how) = match cx.pingone.create_user(&new).await {
        Ok(user) => (user, ""),
        Err(error) if error.may_have_changed() => (
            settle_creation(cx, username, began, error).await?,
            LOOKED_UP,
        ),
        Err(error) => return Err(error.into()),
    };
    let readable = format!(
        "{how}{}",
        table(
            &format!("PingOne user created: {username}"),
            &[row(user.id, &user.raw)]
        )
    );
    let failures = cx.joined_protected_groups(user.id, "created").await;
    let account = account(&user);
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
    cx: &Invocation<'_>,
    username: &str,
    began: Moment,
    error: pingone::Error,
) -> Result<User> {
    let found = match cx.pingone.find_users(username).await {
        Ok(users) => only_user(
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
    match created.and_then(|created| cx.pingone.came_after(began, created)) {
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

/// `pingone-update-user`
pub(super) async fn update(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let given = profile(cx);
    // The look-up comes first also where there is nothing to send: an unknown user is to be told.
    let user = cx.user_by_name().await?;
    let readable = table(
        &format!("PingOne user updated: {username}"),
        std::slice::from_ref(&given),
    );
    if given.is_empty() {
        return Ok(Output::new(readable, None));
    }
    let change = overlaid(&given, &user.returned);
    let raw = cx.pingone.update_user(user.id, &change).await?.raw;
    let members: Vec<&str> = given.keys().map(String::as_str).collect();
    let done = format!("updated ({})", members.join(", "));
    let failures = cx.joined_protected_groups(user.id, &done).await;
    Ok(Output {
        failures,
        ..Output::new(readable, Some(raw))
    })
}

/// The arguments of an update, and where each stands in PingOne's user.
const PROFILE: [(Arg, Option<&str>, &str); 17] = [
    (Arg::Formatted, Some("name"), "formatted"),
    (Arg::Given, Some("name"), "given"),
    (Arg::Middle, Some("name"), "middle"),
    (Arg::Family, Some("name"), "family"),
    (Arg::Nickname, None, "nickname"),
    (Arg::Title, None, "title"),
    (Arg::Locale, None, "locale"),
    (Arg::Email, None, "email"),
    (Arg::PrimaryPhone, None, "primaryPhone"),
    (Arg::MobilePhone, None, "mobilePhone"),
    (Arg::StreetAddress, Some("address"), "streetAddress"),
    (Arg::Locality, Some("address"), "locality"),
    (Arg::Region, Some("address"), "region"),
    (Arg::PostalCode, Some("address"), "postalCode"),
    (Arg::CountryCode, Some("address"), "countryCode"),
    // The documentation writes `Type`, the published code reads `type`.
    (Arg::Type, None, "type"),
    (Arg::CapitalType, None, "type"),
];

/// The user's members that the arguments give.
fn profile(cx: &Invocation<'_>) -> Row {
    let mut profile = Row::new();
    for (arg, object, member) in PROFILE {
        if !cx.args.takes(arg) {
            continue;
        }
        let Some(value) = cx.args.text(arg) else {
            continue;
        };
        let members = match object {
            None => &mut profile,
            Some(object) => match profile
                .entry(object)
                .or_insert_with(|| Value::Object(Map::new()))
            {
                Value::Object(members) => members,
                _ => continue,
            },
        };
        members.insert(member.to_owned(), Value::from(value));
    }
    profile
}

/// What is sent: whether PingOne merges a partial `name` or `address` into the old one or puts it in its
/// place is unconfirmed, so the members that the user has already are sent along.
fn overlaid(given: &Row, user: &Returned) -> Value {
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

/// `pingone-delete-user`
pub(super) async fn delete(cx: &Invocation<'_>) -> Result<Output> {
    let named = Named::<UserId>::user(cx.args)?;
    let id = cx.user_id(&named, no_user).await?;
    let readable = match cx.pingone.delete_user(id).await {
        Ok(()) => format!("User: {id} was Deleted successfully"),
        Err(error) if error.status() == Some(404) => {
            if cx.pingone.user_exists(id).await? {
                bail!(
                    "PingOne answered that there is nothing to delete, but the user {id} is still there."
                );
            }
            match (error.tries.outcome_unknown, named.name) {
                (false, _) => format!("User: {id} was not found; nothing was deleted."),
                // It was looked up a moment ago; that it is gone now is the doing of a try that got no answer.
                (true, Some(_)) => format!("User: {id} was Deleted successfully"),
                (true, None) => format!(
                    "User: {id} is gone. An earlier try got no answer, so either it deleted the user, or there was no such user before."
                ),
            }
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Output::note(readable))
}
