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
    /// Groups that are never changed, each a name or an id; nor are their members.
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
        let id = group.to_string();
        let by_id = protected.iter().any(|protected| same(protected, &id));
        let by_name = !by_id && {
            let name = self.group_name(group).await?;
            name.is_some_and(|name| protected.iter().any(|protected| same(protected, &name)))
        };
        if by_id || by_name {
            return Err(forbidden(format!(
                "The group {group} is protected ('Protected groups' in the instance's settings): nothing was changed."
            )));
        }
        self.cleared.borrow_mut().groups.insert(group);
        Ok(())
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
        let is_protected = |membership: &Membership| {
            let id = membership.group.to_string();
            let name = membership.name.as_deref().unwrap_or_default();
            protected_groups
                .iter()
                .any(|protected| same(protected, &id) || same(protected, name))
        };
        if groups?.iter().any(is_protected) {
            return refused("a member of one of the 'Protected groups'");
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
