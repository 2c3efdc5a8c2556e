//! Commands about a user and its account.

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::{
    Context, accounts, detail,
    target::{GIVE_USER_ID, Named, no_user, only_user},
};
use crate::{
    entry::Output,
    markdown::{self, Row, at, table},
    pingone::{
        error::Problem,
        id::{PopulationId, UserId},
        users::{Returned, User},
    },
};

/// `pingone-unlock-user`
pub(super) async fn unlock(cx: &Context<'_>) -> Result<Output> {
    let username = cx.args.required("username")?;
    let id = cx.user_by_name().await?.id;
    let raw = accounts::unlock(cx, (id, username), false).await?;
    Ok(Output::new(format!("### {username} unlocked"), raw))
}

/// `pingone-deactivate-user`
pub(super) async fn deactivate(cx: &Context<'_>) -> Result<Output> {
    let (username, raw) = set_enabled(cx, false).await?;
    Ok(Output::new(format!("### User {username} deactivated"), raw))
}

/// `pingone-activate-user`
pub(super) async fn activate(cx: &Context<'_>) -> Result<Output> {
    let (username, raw) = set_enabled(cx, true).await?;
    Ok(Output::new(format!("### {username} is active now"), raw))
}

async fn set_enabled<'a>(cx: &Context<'a>, enabled: bool) -> Result<(&'a str, Option<Value>)> {
    let username = cx.args.required("username")?;
    let id = cx.user_by_name().await?.id;
    let called = format!("the user {username}");
    let raw = accounts::set_enabled(cx, (id, &called), enabled).await?;
    Ok((username, raw))
}

/// `pingone-get-user`: the id goes before the name, and then saves the look-up.
pub(super) async fn get(cx: &Context<'_>) -> Result<Output> {
    let Named { name, id } = Named::<UserId>::user(cx.args)?;
    let called = cx.args.text("userId").or(name).unwrap_or_default();
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
    if cx.args.flag("detailed").unwrap_or(false) {
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
async fn found_by_id(cx: &Context<'_>, id: UserId) -> Result<Option<User>> {
    match cx.pingone.read_user(id).await {
        Err(error) if error.status() == Some(404) && cx.not_found_as_note => Ok(None),
        result => Ok(Some(result?)),
    }
}

/// `pingone-create-user`
pub(super) async fn create(cx: &Context<'_>) -> Result<Output> {
    let username = cx.args.required("username")?;
    let Some(population) = cx.args.id::<PopulationId>("populationId")? else {
        bail!("The required argument 'populationId' is missing.");
    };
    let mut new = json!({"population": {"id": population.to_string()}, "username": username});
    if let Some(new) = new.as_object_mut() {
        new.extend(profile(cx));
    }
    let began = cx.pingone.now();
    let (user, how) = match cx.pingone.create_user(&new).await {
        Ok(user) => (user, ""),
        Err(error)
            if error.tries.outcome_unknown
                || matches!(*error.problem, Problem::Answer { change: true, .. }) =>
        {
            (
                settle_creation(cx, username, began, error).await?,
                LOOKED_UP,
            )
        }
        Err(error) => return Err(error.into()),
    };
    let readable = format!(
        "{how}{}",
        table(
            &format!("PingOne user created: {username}"),
            &[row(user.id, &user.raw)]
        )
    );
    let account = account(&user);
    Ok(Output::new(readable, Some(user.raw)).with_account(account))
}

/// Stands before the table of a user whose creation PingOne did not confirm.
const LOOKED_UP: &str =
    "PingOne did not confirm the creation, so the user was looked up: it is there.\n";
/// How far PingOne's clock and ours may differ when a user's age is judged.
const CLOCK_DIFFERENCE: jiff::SignedDuration = jiff::SignedDuration::from_mins(2);

/// Finds out whether a creation that PingOne did not confirm took place. Only a user that is not older than
/// the command can come from it.
async fn settle_creation(
    cx: &Context<'_>,
    username: &str,
    began: jiff::Timestamp,
    error: crate::pingone::Error,
) -> Result<User> {
    let found = match cx.pingone.find_users(username).await {
        Ok(users) => only_user(
            "username",
            username,
            users,
            "Look in PingOne which of them is new.",
        )?,
        Err(second) => bail!(
            "{error}\nWhether the user {username} was created is not known, and looking it up failed too: {second}"
        ),
    };
    let Some(user) = found else {
        bail!(
            "{error}\nThe user {username} was looked up afterwards and does not exist: it was not created."
        );
    };
    let created = user
        .fields
        .created_at
        .as_deref()
        .and_then(|created| created.parse::<jiff::Timestamp>().ok());
    if created.is_some_and(|created| created.duration_since(began) >= -CLOCK_DIFFERENCE) {
        return Ok(user);
    }
    bail!(
        "{error}\nA user {username} ({}) exists, but was not created by this command.",
        user.id
    )
}

/// `pingone-update-user`
pub(super) async fn update(cx: &Context<'_>) -> Result<Output> {
    let username = cx.args.required("username")?;
    let given = profile(cx);
    // The look-up comes first also where there is nothing to send: an unknown user is to be told.
    let user = cx.user_by_name().await?;
    let raw = if given.is_empty() {
        None
    } else {
        let change = overlaid(&given, &user.returned);
        Some(cx.pingone.update_user(user.id, &change).await?.raw)
    };
    Ok(Output::new(
        table(&format!("PingOne user updated: {username}"), &[given]),
        raw,
    ))
}

/// The arguments of an update, and where each stands in PingOne's user.
const PROFILE: [(&str, Option<&str>, &str); 17] = [
    ("formatted", Some("name"), "formatted"),
    ("given", Some("name"), "given"),
    ("middle", Some("name"), "middle"),
    ("family", Some("name"), "family"),
    ("nickname", None, "nickname"),
    ("title", None, "title"),
    ("locale", None, "locale"),
    ("email", None, "email"),
    ("primaryPhone", None, "primaryPhone"),
    ("mobilePhone", None, "mobilePhone"),
    ("streetAddress", Some("address"), "streetAddress"),
    ("locality", Some("address"), "locality"),
    ("region", Some("address"), "region"),
    ("postalCode", Some("address"), "postalCode"),
    ("countryCode", Some("address"), "countryCode"),
    // The documentation writes `Type`, the published code reads `type`.
    ("type", None, "type"),
    ("Type", None, "type"),
];

/// The user's members that the arguments give.
fn profile(cx: &Context<'_>) -> Row {
    let mut profile = Row::new();
    for (argument, object, member) in PROFILE {
        let Some(value) = cx.args.text(argument) else {
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
pub(super) async fn delete(cx: &Context<'_>) -> Result<Output> {
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
            if error.tries.outcome_unknown {
                // An earlier try got no answer; that the user is gone now is its doing.
                format!("User: {id} was Deleted successfully")
            } else {
                format!("User: {id} was not found; nothing was deleted.")
            }
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Output::note(readable))
}

/// The account as it stands in the context.
pub(super) fn account(user: &User) -> Value {
    let raw = &user.raw;
    json!({
        "ID": user.id.to_string(),
        "Username": at(raw, "/username"),
        "DisplayName": at(raw, "/name/formatted"),
        "Email": at(raw, "/email"),
        "Enabled": at(raw, "/enabled"),
        "CreatedAt": at(raw, "/createdAt"),
        "UpdatedAt": at(raw, "/updatedAt"),
    })
}

/// The user as it stands in a table: the eleven documented columns.
pub(super) fn row(id: UserId, raw: &Value) -> Row {
    markdown::row([
        ("ID", json!(id.to_string())),
        ("Username", at(raw, "/username")),
        ("Email", at(raw, "/email")),
        ("First Name", at(raw, "/name/given")),
        ("Last Name", at(raw, "/name/family")),
        ("Enabled", at(raw, "/enabled")),
        ("Environment", at(raw, "/environment/id")),
        ("PopulationID", at(raw, "/population/id")),
        ("AccountStatus", at(raw, "/account/status")),
        ("CreatedAt", at(raw, "/createdAt")),
        ("UpdatedAt", at(raw, "/updatedAt")),
    ])
}
