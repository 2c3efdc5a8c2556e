//! Commands about the groups that a user is in.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::target::{Named, no_user_id};
use crate::{
    entry::Output,
    invocation::Invocation,
    manifest::Arg,
    markdown::{Row, table},
};
use pingone::{
    groups::DIRECT,
    id::{GroupId, UserId},
};

/// User, group, and what a text calls the group: by its name where that was given.
async fn user_and_group(cx: &Invocation<'_>) -> Result<(UserId, GroupId, String)> {
    let (user, group) = Named::user_and_group(cx.args)?;
    // Neither look-up needs the other. If both fail, the user's failure is told.
    let (user_id, group_id) = tokio::join!(cx.user_id(&user, no_user_id), cx.group(&group));
    let (user_id, group_id) = (user_id?, group_id?);
    let called = group
        .name
        .map_or_else(|| group_id.to_string(), str::to_owned);
    Ok((user_id, group_id, called))
}

/// `pingone-add-to-group`
pub(super) async fn add(cx: &Invocation<'_>) -> Result<Output> {
    let (user, group, called) = user_and_group(cx).await?;
    Ok(match join(cx, user, group).await? {
        Joined::Now(raw) => Output::new(
            format!("User: {user} added to group: {called} successfully"),
            raw,
        ),
        Joined::Already => Output::note(format!("User: {user} is already in group: {called}.")),
    })
}

/// What came of adding a user to a group.
pub(super) enum Joined {
    /// It was added; with PingOne's answer.
    Now(Option<Value>),
    /// It was in it.
    Already,
}

/// Adds a user to a group.
pub(super) async fn join(
    cx: &Invocation<'_>,
    user: UserId,
    group: GroupId,
) -> Result<Joined, pingone::Error> {
    match cx.pingone.add_to_group(user, group).await {
        Ok(raw) => Ok(Joined::Now(raw)),
        // The same code could stand for something else that has to be unique; so it is looked at.
        Err(error) if error.has_code("UNIQUENESS_VIOLATION") => {
            match cx.pingone.read_membership(user, group).await? {
                // An earlier try got no answer; that the user is in the group now is its doing.
                Some(_) if error.tries.outcome_unknown => Ok(Joined::Now(None)),
                Some(_) => Ok(Joined::Already),
                None => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

impl Invocation<'_> {
    /// What is to be told after a user was `done`, if that made it a member of a protected group: the filter of a
    /// dynamic group takes in whom it matches, and what it looks at is known to PingOne alone.
    pub(super) async fn joined_protected_groups(&self, user: UserId, done: &str) -> Vec<String> {
        match self.pingone.protected_groups_of(user).await {
            Ok(groups) if groups.is_empty() => Vec::new(),
            Ok(groups) => vec![format!(
                "The user {user} was {done}, and is now a member of {}, which 'Protected groups' in the instance's settings protects: a group with a filter takes in every user that the filter matches. The change was not taken back, and this instance cannot change the user any more: look in PingOne whether the user belongs there.",
                groups.join(", ")
            )],
            Err(error) => vec![format!(
                "The user {user} was {done}. Whether it is in one of the 'Protected groups' now is not known: look in PingOne.\n{}",
                self.explain(&error.into())
            )],
        }
    }
}

/// `pingone-remove-from-group`
pub(super) async fn remove(cx: &Invocation<'_>) -> Result<Output> {
    let (user, group, called) = user_and_group(cx).await?;
    let removed = format!("User: {user} was removed from group: {called} successfully");
    let error = match cx.pingone.remove_from_group(user, group).await {
        Ok(()) => return Ok(Output::note(removed)),
        Err(error) if error.status() == Some(404) => error,
        Err(error) => return Err(error.into()),
    };
    // 404 may mean that there is no such user, no such membership, or one that is not the user's own.
    let (exists, membership) = tokio::join!(
        cx.pingone.user_exists(user),
        cx.pingone.read_membership(user, group)
    );
    if !exists? {
        return Ok(Output::note(format!(
            "User: {user} was not found; nothing was removed."
        )));
    }
    match membership? {
        Some(membership) => match membership.kind {
            Some(kind) if kind != DIRECT => bail!(
                "The user {user} is still in group {called} by an {kind} membership (a nested group or a group filter), which cannot be removed from the user."
            ),
            _ => bail!(
                "PingOne answered that there is nothing to remove, but the user {user} is still in group {called}."
            ),
        },
        // An earlier try got no answer; that the membership is gone now is its doing.
        None if error.tries.outcome_unknown => Ok(Output::note(removed)),
        None => Ok(Output::note(format!(
            "User: {user} is not a member of group: {called}; nothing was removed."
        ))),
    }
}

/// `pingone-get-groups`
pub(super) async fn of_user(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let id = cx.user_by_name().await?.id;
    let (raw, memberships) = cx.pingone.direct_groups(id).await?;
    let rows: Vec<Row> = memberships
        .into_iter()
        .filter(|membership| membership.kind.as_deref() == Some(DIRECT))
        .map(|membership| {
            Row::from_iter([
                ("ID".to_owned(), json!(membership.group.to_string())),
                ("Name".to_owned(), membership.shown_name),
            ])
        })
        .collect();
    // The space before the table has always been there.
    let readable = format!(
        "PingOne groups for user: {username}\n {}",
        table("Groups", &rows)
    );
    let groups: Vec<Value> = rows.into_iter().map(Value::Object).collect();
    // `ID` is the username here, not the user's id, as documented.
    let account = json!({"Group": groups, "ID": username, "Type": "PingOne"});
    Ok(Output::new(readable, Some(raw)).with_account(account))
}
