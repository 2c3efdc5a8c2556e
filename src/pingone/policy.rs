//! What an instance forbids, whatever command wants it. Every change goes through [`Client::call`], which asks
//! here before anything is sent; so no command can forget to. It fails closed: what protects by name lets a change
//! through only after every name that decides was read.
//!
//! [`Client::call`]: super::Client

use std::collections::HashSet;

use super::{
    client::{Client, unusable},
    error::{Error, Problem, Tries},
    groups::Membership,
    id::{GroupId, UserId},
    names::same,
    users::UserNames,
};

/// What must not be changed. By default everything may.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Nothing may be changed.
    pub read_only: bool,
    /// Users that are never changed, each a username, an e-mail address or an id.
    pub protected_users: Vec<String>,
    /// Groups that are never changed, each a name or an id; nor are their members, nor who is in a group that is
    /// nested in one.
    pub protected_groups: Vec<String>,
}

impl Policy {
    /// Whether anything is forbidden.
    pub fn forbids_anything(&self) -> bool {
        self.read_only || self.protects_anything()
    }

    /// Whether a user or a group is protected.
    fn protects_anything(&self) -> bool {
        !(self.protected_users.is_empty() && self.protected_groups.is_empty())
    }
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

const PROTECTED_USERS: &str = "'Protected users'";
const PROTECTED_GROUPS: &str = "'Protected groups'";

/// What would have decided and could not be read, and why if a call failed.
struct Unread {
    what: String,
    cause: Option<Error>,
}

impl Unread {
    fn of(what: String) -> impl FnOnce(Error) -> Self {
        |error| Self {
            what,
            cause: Some(error),
        }
    }

    /// The error for a change whose `target` may be protected by `setting`.
    fn refuse(self, target: &str, setting: &str) -> Error {
        let Self { what, cause } = self;
        refusal(Problem::ProtectionUnknown {
            reason: format!(
                "It could not be established whether {target} is protected ({setting} in the instance's settings), so nothing was changed: {what} could not be read."
            ),
            cause: cause.map(Box::new),
        })
    }

    /// The error by itself, where nothing is refused.
    fn into_cause(self) -> Error {
        let Self { what, cause } = self;
        cause.unwrap_or_else(|| unusable("the look-up", false, &format!("it does not tell {what}")))
    }
}

impl Client<'_> {
    /// An error if the instance forbids the change, or if it may; it has not been sent then.
    pub(super) async fn permit(&self, touches: Touches) -> Result<(), Error> {
        let policy = &self.policy;
        let (user, group) = match touches {
            Touches::Nothing => return Ok(()),
            _ if policy.read_only => {
                return Err(forbidden(
                    "The instance is read-only ('Read only' in its settings): nothing was changed."
                        .to_owned(),
                ));
            }
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
        if self.policy.protected_groups.is_empty() || self.cleared.borrow().groups.contains(&group)
        {
            return Ok(());
        }
        let refused = |why: &str| {
            Err(forbidden(format!(
                "The group {group} is {why} ({PROTECTED_GROUPS} in the instance's settings): nothing was changed."
            )))
        };
        let unknown =
            |unread: Unread| unread.refuse(&format!("the group {group}"), PROTECTED_GROUPS);
        let itself = self.is_protected_group(group, None).await;
        if itself.map_err(unknown)? {
            return refused("protected");
        }
        // Who joins a group that is nested in another becomes a member of that one as well. Whether PingOne tells
        // more than the next ones above is undocumented, so each of them is asked for its own.
        let mut cleared = HashSet::from([group]);
        let mut to_ask = vec![group];
        while let Some(below) = to_ask.pop() {
            let above = self.groups_above(below).await.map_err(|error| {
                let what = format!("the groups in which the group {below} is nested");
                unknown(Unread::of(what)(error))
            })?;
            for Membership { group, name, .. } in above {
                if self.cleared.borrow().groups.contains(&group) || !cleared.insert(group) {
                    continue;
                }
                let this = self.is_protected_group(group, name.as_deref()).await;
                if this.map_err(unknown)? {
                    let label = self.group_label(group, name.as_deref());
                    return refused(&format!("nested in {label}, which is protected"));
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
    async fn is_protected_group(&self, group: GroupId, name: Option<&str>) -> Result<bool, Unread> {
        let is_listed = |name: &str| lists(&self.policy.protected_groups, name);
        if is_listed(&group.to_string()) {
            return Ok(true);
        }
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            return Ok(is_listed(name));
        }
        let what = format!("the name of the group {group}");
        match self.group_name(group).await {
            Ok(Some(name)) => Ok(is_listed(&name)),
            Ok(None) => Err(Unread { what, cause: None }),
            Err(error) => Err(Unread::of(what)(error)),
        }
    }

    /// How a text names a group.
    fn group_label(&self, group: GroupId, name: Option<&str>) -> String {
        name.map_or_else(
            || group.to_string(),
            |name| format!("{} ({group})", self.mask().text(name)),
        )
    }

    async fn permit_user(&self, user: UserId) -> Result<(), Error> {
        let policy = &self.policy;
        if !policy.protects_anything() || self.cleared.borrow().users.contains(&user) {
            return Ok(());
        }
        let refused = |why: &str| {
            Err(forbidden(format!(
                "The user {user} is protected ({why} in the instance's settings): nothing was changed."
            )))
        };
        if lists(&policy.protected_users, &user.to_string()) {
            return refused(PROTECTED_USERS);
        }
        // Neither question needs the other's answer.
        let (names, groups) = tokio::join!(self.names_if_needed(user), self.groups_if_needed(user));
        let is_listed = |name: &String| lists(&policy.protected_users, name);
        if let Ok(Some(UserNames { username, email })) = &names
            && (is_listed(username) || email.as_ref().is_some_and(is_listed))
        {
            return refused(PROTECTED_USERS);
        }
        // A user that is not there is nobody's to protect: the command says that in its own words.
        if let Err(UserUnread::NoSuchUser(error)) = names {
            return Err(error);
        }
        let target = format!("the user {user}");
        match groups {
            Ok(groups) => {
                for Membership { group, name, .. } in groups {
                    let is_protected = self.is_protected_group(group, name.as_deref()).await;
                    if is_protected.map_err(|unread| unread.refuse(&target, PROTECTED_GROUPS))? {
                        return refused("a member of one of the 'Protected groups'");
                    }
                }
            }
            Err(UserUnread::NoSuchUser(error)) => return Err(error),
            Err(UserUnread::Other(unread)) => return Err(unread.refuse(&target, PROTECTED_GROUPS)),
        }
        if let Err(UserUnread::Other(unread)) = names {
            return Err(unread.refuse(&target, PROTECTED_USERS));
        }
        self.cleared.borrow_mut().users.insert(user);
        Ok(())
    }

    /// The names of the user, if any user is protected.
    async fn names_if_needed(&self, user: UserId) -> Result<Option<UserNames>, UserUnread> {
        if self.policy.protected_users.is_empty() {
            return Ok(None);
        }
        let what = "its username and e-mail address".to_owned();
        match self.user_names(user).await {
            Ok(Some(names)) => Ok(Some(names)),
            Ok(None) => Err(UserUnread::Other(Unread { what, cause: None })),
            Err(error) if error.status() == Some(404) => Err(UserUnread::NoSuchUser(error)),
            Err(error) => Err(UserUnread::Other(Unread::of(what)(error))),
        }
    }

    /// The groups that the user is in, if any group is protected. PingOne's 404 may mean that there is no such user,
    /// so the user is looked at then.
    async fn groups_if_needed(&self, user: UserId) -> Result<Vec<Membership>, UserUnread> {
        if self.policy.protected_groups.is_empty() {
            return Ok(Vec::new());
        }
        let error = match self.all_groups(user).await {
            Ok(groups) => return Ok(groups),
            Err(error) => error,
        };
        if error.status() == Some(404)
            && let Err(gone) = self.user_names(user).await
            && gone.status() == Some(404)
        {
            return Err(UserUnread::NoSuchUser(gone));
        }
        let what = "the groups that it is in".to_owned();
        Err(UserUnread::Other(Unread::of(what)(error)))
    }

    /// The protected groups that the user is in now, by name and id. Nobody can be refused beforehand what only the
    /// filter of a dynamic group decides, so this is asked after a change to what such a filter may look at.
    /// <https://developer.pingidentity.com/pingone-api/platform/groups.html>
    pub async fn protected_groups_of(&self, user: UserId) -> Result<Vec<String>, Error> {
        if self.policy.protected_groups.is_empty() {
            return Ok(Vec::new());
        }
        // What was found before the change does not count any more.
        self.cleared.borrow_mut().users.remove(&user);
        let mut protected = Vec::new();
        for Membership { group, name, .. } in self.all_groups(user).await? {
            let is_protected = self.is_protected_group(group, name.as_deref()).await;
            if is_protected.map_err(Unread::into_cause)? {
                protected.push(self.group_label(group, name.as_deref()));
            }
        }
        Ok(protected)
    }
}

/// Why what decides about a user could not be read.
enum UserUnread {
    /// There is no such user: with PingOne's answer.
    NoSuchUser(Error),
    /// Anything else.
    Other(Unread),
}

/// Whether `entries` has the name.
fn lists(entries: &[String], name: &str) -> bool {
    entries.iter().any(|entry| same(entry, name))
}

fn forbidden(reason: String) -> Error {
    refusal(Problem::Forbidden(reason))
}

fn refusal(problem: Problem) -> Error {
    Error {
        problem: Box::new(problem),
        tries: Tries::default(),
    }
}
