//! What an instance forbids, whatever command wants it. Every change goes through [`Client::call`], which asks
//! here before anything is sent; so no command can forget to.
//!
//! [`Client::call`]: super::Client

use std::collections::HashSet;

use serde_json::Value;

use super::{
    client::Client,
    error::{Error, Problem, Tries},
    groups::Membership,
    id::{GroupId, UserId},
};

/// What must not be changed. By default everything may.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Nothing may be changed.
    pub read_only: bool,
    /// Users that are never changed, each a username or an id.
    pub protected_users: Vec<String>,
    /// Groups that are never changed, each a name or an id; nor are their members, nor who is in a group that is
    /// nested in one.
    pub protected_groups: Vec<String>,
}

/// Whom a call changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touches {
    /// Nobody: it reads.
    Nothing,
    /// A user.
    User(UserId),
    /// A user's membership in a group.
    Membership(UserId, GroupId),
    /// Something new.
    NewUser,
}

impl Touches {
    /// The user that is changed, if there is one.
    pub(super) fn user(self) -> Option<UserId> {
        match self {
            Self::Nothing | Self::NewUser => None,
            Self::User(user) | Self::Membership(user, _) => Some(user),
        }
    }
}

/// What was found out in the course of a command.
#[derive(Default)]
pub(super) struct Cleared {
    users: HashSet<UserId>,
    groups: HashSet<GroupId>,
}

/// In more groups than this a group is not nested: 250 is PingOne's limit of groups in one group.
const MOST_ABOVE: usize = 250;

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

impl Client<'_> {
    /// An error if the instance forbids the change; it has not been sent then.
    pub(super) async fn permit(&self, touches: Touches) -> Result<(), Error> {
        let policy = &self.policy;
        let (user, group) =
            match touches {
                Touches::Nothing => return Ok(()),
                _ if policy.read_only => return Err(forbidden(
                    "The instance is read-only ('Read only' in its settings): nothing was changed."
                        .to_owned(),
                )),
                Touches::NewUser => return Ok(()),
                Touches::User(user) => (user, None),
                Touches::Membership(user, group) => (user, Some(group)),
            };
        if let Some(group) = group {
            self.permit_group(group).await?;
        }
        self.permit_user(user).await
    }

    async fn permit_group(&self, group: GroupId) -> Result<(), Error> {
        let protected = &self.policy.protected_groups;
        if protected.is_empty() || self.cleared.borrow().groups.contains(&group) {
            return Ok(());
        }
        let refused = |why: &str| {
            Err(forbidden(format!(
                "The group {group} is {why} ('Protected groups' in the instance's settings): nothing was changed."
            )))
        };
        if self.is_protected_group(group, None).await? {
            return refused("protected");
        }
        // Who joins a group that is nested in another becomes a member of that one as well. Whether PingOne tells
        // more than the next ones above is undocumented, so each of them is asked for its own.
        let mut cleared = HashSet::from([group]);
        let mut to_ask = vec![group];
        while let Some(below) = to_ask.pop() {
            let above = absent(self.groups_above(below).await)?.unwrap_or_default();
            for Membership { group, name, .. } in above {
                if self.cleared.borrow().groups.contains(&group) || !cleared.insert(group) {
                    continue;
                }
                if self.is_protected_group(group, name.as_deref()).await? {
                    let called = name.map(|name| self.mask().text(&name));
                    let called = called
                        .map_or_else(|| group.to_string(), |name| format!("{name} ({group})"));
                    return refused(&format!("nested in {called}, which is protected"));
                }
                to_ask.push(group);
            }
            if cleared.len() > MOST_ABOVE {
                return refused("nested in too many groups to tell whether one is protected");
            }
        }
        self.cleared.borrow_mut().groups.extend(cleared);
        Ok(())
    }

    /// Whether a group is protected itself. Its name is looked up unless it is known.
    async fn is_protected_group(&self, group: GroupId, name: Option<&str>) -> Result<bool, Error> {
        let is_named = |name: &str| {
            let mut protected = self.policy.protected_groups.iter();
            protected.any(|protected| same(protected, name))
        };
        if is_named(&group.to_string()) {
            return Ok(true);
        }
        match name {
            Some(name) => Ok(is_named(name)),
            None => Ok(self
                .group_name(group)
                .await?
                .is_some_and(|name| is_named(&name))),
        }
    }

    async fn permit_user(&self, user: UserId) -> Result<(), Error> {
        let Policy {
            protected_users,
            protected_groups,
            ..
        } = &self.policy;
        if (protected_users.is_empty() && protected_groups.is_empty())
            || self.cleared.borrow().users.contains(&user)
        {
            return Ok(());
        }
        let refused = |why: &str| {
            Err(forbidden(format!(
                "The user {user} is protected ({why} in the instance's settings): nothing was changed."
            )))
        };
        let id = user.to_string();
        if protected_users.iter().any(|protected| same(protected, &id)) {
            return refused("'Protected users'");
        }
        // Neither question needs the other's answer.
        let (name, groups) = tokio::join!(
            self.name_if(user, !protected_users.is_empty()),
            self.groups_if(user, !protected_groups.is_empty())
        );
        if name?.is_some_and(|name| {
            protected_users
                .iter()
                .any(|protected| same(protected, &name))
        }) {
            return refused("'Protected users'");
        }
        for Membership { group, name, .. } in groups? {
            if self.is_protected_group(group, name.as_deref()).await? {
                return refused("a member of one of the 'Protected groups'");
            }
        }
        self.cleared.borrow_mut().users.insert(user);
        Ok(())
    }

    /// The user's name as PingOne has it, unmasked; `None` also where there is no such user, whom no change
    /// can reach.
    async fn name_if(&self, user: UserId, wanted: bool) -> Result<Option<String>, Error> {
        if !wanted {
            return Ok(None);
        }
        let raw = self.read_user_raw(user).await;
        absent(raw).map(|raw| {
            raw.and_then(|raw| {
                raw.get("username")
                    .and_then(Value::as_str)
                    .map(str::to_owned)
            })
        })
    }

    async fn groups_if(&self, user: UserId, wanted: bool) -> Result<Vec<Membership>, Error> {
        if !wanted {
            return Ok(Vec::new());
        }
        absent(self.all_groups(user).await).map(Option::unwrap_or_default)
    }
}

/// PingOne's 404 as the absence of what was asked for.
fn absent<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.status() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

fn forbidden(reason: String) -> Error {
    Error {
        problem: Box::new(Problem::Forbidden(reason)),
        tries: Tries::default(),
    }
}
