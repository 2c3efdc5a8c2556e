//! Whom or what a command is about: the user and the group that its arguments name, by name or by id. The
//! texts for "not found" are those that playbooks know.

use anyhow::{Result, anyhow, bail, ensure};

use crate::{arguments::Arguments, invocation::Invocation, manifest::Arg};
use pingone::{
    groups::Group,
    id::{GroupId, UserId},
    users::User,
};

impl Invocation<'_> {
    /// The user of the required argument `username`. Such a command has no `userId`.
    pub(super) async fn user_by_name(&self) -> Result<User> {
        let username = self.args.required(Arg::Username)?;
        let users = self.pingone.find_users(username).await?;
        let what_to_do = "Usernames should be unique in PingOne: correct them there.";
        only_user("username", username, users, what_to_do)?.ok_or_else(|| no_user_id(username))
    }

    /// The group that `groupName` or `groupId` names: its id, and what a text calls it. With both given,
    /// they have to agree.
    pub(super) async fn group(&self, named: &Named<'_, GroupId>) -> Result<GroupId> {
        let Some(name) = named.name else {
            return named.id.ok_or_else(|| either_or(BOTH));
        };
        let found = only_group(name, self.pingone.find_groups(name).await?)?;
        let found =
            found.ok_or_else(|| anyhow!("Failed to find groupID for: {name} group name."))?;
        match named.id {
            Some(id) if id != found.id => {
                bail!(
                    "The group name {name} belongs to group {}, not to {id}: give only one of groupName and groupId.",
                    found.id
                )
            }
            _ => Ok(found.id),
        }
    }

    /// For a list of a group's members that is empty: PingOne finds nobody in a group that does not exist, so one
    /// that was given by id alone is looked at.
    pub(super) async fn ensure_group(&self, named: &Named<'_, GroupId>) -> Result<()> {
        if let (None, Some(id)) = (named.name, named.id) {
            ensure!(
                self.pingone.group_exists(id).await?,
                "There is no group {id}."
            );
        }
        Ok(())
    }

    /// The user that `username` or `userId` names, for a command that changes something: with both given,
    /// they have to agree. `not_found` is the text for a name that nobody has.
    pub(super) async fn user_id(
        &self,
        named: &Named<'_, UserId>,
        not_found: fn(&str) -> anyhow::Error,
    ) -> Result<UserId> {
        let Some(name) = named.name else {
            return named.id.ok_or_else(|| either_or(USER));
        };
        let found = only_user(
            "username",
            name,
            self.pingone.find_users(name).await?,
            GIVE_USER_ID,
        )?;
        let found = found.ok_or_else(|| not_found(name))?;
        match named.id {
            Some(id) if id != found.id => {
                bail!(
                    "The username {name} belongs to user {}, not to {id}: give only one of username and userId.",
                    found.id
                )
            }
            _ => Ok(found.id),
        }
    }
}

/// A user or a group as the arguments name it.
pub(super) struct Named<'a, Id> {
    pub(super) name: Option<&'a str>,
    pub(super) id: Option<Id>,
}

impl<'a> Named<'a, UserId> {
    /// `username` and `userId`, of which one has to be given.
    pub(super) fn user(args: &'a Arguments) -> Result<Self> {
        let named = Self {
            name: args.text(Arg::Username),
            id: args.id(Arg::UserId)?,
        };
        named.one_of(USER)
    }
}

impl<'a> Named<'a, GroupId> {
    /// `groupName` and `groupId`, of which none has to be given.
    pub(super) fn group(args: &'a Arguments) -> Result<Self> {
        Ok(Self {
            name: args.text(Arg::GroupName),
            id: args.id(Arg::GroupId)?,
        })
    }

    /// User and group, of each of which name or id has to be given.
    pub(super) fn user_and_group(args: &'a Arguments) -> Result<(Named<'a, UserId>, Self)> {
        let user = Named {
            name: args.text(Arg::Username),
            id: args.id(Arg::UserId)?,
        };
        let group = Self::group(args)?;
        Ok((user.one_of(BOTH)?, group.one_of(BOTH)?))
    }
}

impl<Id> Named<'_, Id> {
    fn one_of(self, wanted: &str) -> Result<Self> {
        if self.name.is_none() && self.id.is_none() {
            Err(either_or(wanted))
        } else {
            Ok(self)
        }
    }
}

const USER: &str = "'username' or 'userId'";
const BOTH: &str = "'username' or 'userId', and either 'groupName' or 'groupId'";
pub(super) const GIVE_USER_ID: &str = "Give userId instead.";

fn either_or(wanted: &str) -> anyhow::Error {
    anyhow!("PingOne error: You must supply either {wanted}.")
}

/// The text of commands that look a user up for its id.
pub(super) fn no_user_id(username: &str) -> anyhow::Error {
    anyhow!("PingOne error: Failed to find userID for: {username} username.")
}

/// The text of commands that look the user itself up.
pub(super) fn no_user(username: &str) -> anyhow::Error {
    anyhow!("Failed to find user for {username} username.")
}

/// The one user that a look-up by `attribute` found; more than one is an error that lists them.
pub(super) fn only_user(
    attribute: &str,
    value: &str,
    mut users: Vec<User>,
    what_to_do: &str,
) -> Result<Option<User>> {
    if users.len() > 1 {
        let candidates = users.iter().map(|user| {
            format!(
                "{} ({})",
                user.fields.username.as_deref().unwrap_or_default(),
                user.id
            )
        });
        bail!(
            "More than one user has the {attribute} {value}: {}. {what_to_do}",
            candidates.collect::<Vec<_>>().join(", ")
        );
    }
    Ok(users.pop())
}

fn only_group(name: &str, mut groups: Vec<Group>) -> Result<Option<Group>> {
    if groups.len() > 1 {
        let candidates = groups
            .iter()
            .map(|group| format!("{} ({})", group.name, group.id));
        bail!(
            "More than one group has the name {name}: {}. Give groupId instead.",
            candidates.collect::<Vec<_>>().join(", ")
        );
    }
    Ok(groups.pop())
}
