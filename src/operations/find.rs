//! Resolves the users and groups of a request, given by name, id or email address. Several keys for one user must all
//! resolve to the same user. The "not found" texts are the documented ones: playbooks match on them.

use anyhow::{Error, Result, anyhow, bail, ensure};
use futures_util::future::try_join_all;

use pingone::{
    Client,
    groups::Group,
    id::{GroupId, UserId},
    users::User,
};

/// A key by which a request refers to a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UserKey {
    /// Username.
    Username(String),
    /// User id.
    Id(UserId),
    /// Email address.
    Email(String),
}

impl UserKey {
    /// The key as text.
    fn text(&self) -> String {
        match self {
            Self::Username(text) | Self::Email(text) => text.clone(),
            Self::Id(id) => id.to_string(),
        }
    }
}

/// Which texts report that a user was not found or is ambiguous. The documented commands differ in theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Documented commands that take a username only.
    NameOnly,
    /// Documented commands that take a username or an id, and need only the id.
    IdOfName,
    /// Documented commands that take a username or an id, and need the whole user.
    NameOrId,
    /// All other commands: usernames, ids or email addresses.
    AnyKey,
}

impl Wording {
    /// The error for a key that matches no user.
    pub fn not_found(self, key: &UserKey) -> Error {
        match (key, self) {
            (UserKey::Username(name), Self::NameOnly | Self::IdOfName) => {
                anyhow!("PingOne error: Failed to find userID for: {name} username.")
            }
            (UserKey::Email(email), _) => {
                anyhow!("Failed to find user for {email} email address.")
            }
            (UserKey::Username(_) | UserKey::Id(_), _) => {
                anyhow!("Failed to find user for {} username.", key.text())
            }
        }
    }

    /// What to do if several users match.
    fn advice(self) -> &'static str {
        match self {
            Self::NameOnly => "Usernames should be unique in PingOne. Correct them there.",
            _ => "Provide userId instead.",
        }
    }

    fn mismatch(self, resolved: &[(&UserKey, UserId)]) -> Error {
        if let (Self::IdOfName | Self::NameOrId, [(UserKey::Username(name), found), (_, id)]) =
            (self, resolved)
        {
            return anyhow!(
                "The username {name} belongs to user {found}, not to {id}. Provide only one of username and userId."
            );
        }
        let keys = resolved.iter().map(|(key, found)| match key {
            UserKey::Username(name) => format!("username {name} is {found}"),
            UserKey::Email(email) => format!("email {email} is {found}"),
            UserKey::Id(id) => format!("userId is {id}"),
        });
        anyhow!(
            "The arguments name different users ({}). Provide only one of username, userId and email.",
            keys.collect::<Vec<_>>().join(", ")
        )
    }
}

/// A reference to a user: one key, or several that must agree.
#[derive(Debug)]
pub struct UserRef {
    /// Never empty.
    pub keys: Vec<UserKey>,
    /// Which error texts to use.
    pub wording: Wording,
}

impl UserRef {
    /// The user as the request gave it; the first key if there are several.
    pub fn label(&self) -> String {
        self.keys.first().map(UserKey::text).unwrap_or_default()
    }
}

/// A resolved user.
pub struct Target {
    /// The user's id.
    pub id: UserId,
    /// The user, if the look-up returned it. An id is not looked up.
    pub user: Option<User>,
}

impl Target {
    /// The user, read from PingOne only if the look-up did not return it.
    pub async fn into_user(self, pingone: &Client<'_>) -> Result<User> {
        match self.user {
            Some(user) => Ok(user),
            None => Ok(pingone.read_user(self.id).await?),
        }
    }
}

/// Resolves a user; all keys must resolve to the same one.
pub async fn find_user(pingone: &Client<'_>, user: &UserRef) -> Result<Target> {
    let wording = user.wording;
    let found = user.keys.iter().map(|key| async move {
        let found = look_up(pingone, key, wording).await?;
        found.ok_or_else(|| wording.not_found(key))
    });
    let mut found = try_join_all(found).await?;
    if found.iter().any(|target| target.id != found[0].id) {
        let ids = found.iter().map(|target| target.id);
        let resolved: Vec<(&UserKey, UserId)> = user.keys.iter().zip(ids).collect();
        return Err(wording.mismatch(&resolved));
    }
    let with_user = found.iter().position(|target| target.user.is_some());
    Ok(found.swap_remove(with_user.unwrap_or_default()))
}

/// Looks a user up by one key. An id is accepted without a look-up.
pub async fn look_up(
    pingone: &Client<'_>,
    key: &UserKey,
    wording: Wording,
) -> Result<Option<Target>> {
    let found = match key {
        UserKey::Id(id) => {
            return Ok(Some(Target {
                id: *id,
                user: None,
            }));
        }
        UserKey::Username(name) => {
            let users = pingone.find_users(name).await?;
            unique_user("username", name, users, wording.advice())?
        }
        UserKey::Email(email) => {
            let users = pingone.find_users_by_email(email).await?;
            unique_user("email address", email, users, wording.advice())?
        }
    };
    Ok(found.map(|user| Target {
        id: user.id,
        user: Some(user),
    }))
}

/// The only user with this `attribute`. More than one is an error that lists the candidates.
pub fn unique_user(
    attribute: &str,
    value: &str,
    mut users: Vec<User>,
    advice: &str,
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
            "More than one user has the {attribute} {value}: {}. {advice}",
            candidates.collect::<Vec<_>>().join(", ")
        );
    }
    Ok(users.pop())
}

/// A reference to a group: its name, its id, or both, which must then agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupRef {
    /// The name, and the id if it was given too.
    Name(String, Option<GroupId>),
    /// The id alone.
    Id(GroupId),
}

impl GroupRef {
    /// The name, if it was given.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name, _) => Some(name),
            Self::Id(_) => None,
        }
    }

    /// The group as the request gave it: the name, or else the id.
    pub fn label(&self) -> String {
        match self {
            Self::Name(name, _) => name.clone(),
            Self::Id(id) => id.to_string(),
        }
    }
}

/// Resolves a group. An id alone is accepted without a look-up.
pub async fn find_group(pingone: &Client<'_>, group: &GroupRef) -> Result<GroupId> {
    let (name, id) = match group {
        GroupRef::Id(id) => return Ok(*id),
        GroupRef::Name(name, id) => (name, id),
    };
    let found = unique_group(name, pingone.find_groups(name).await?)?;
    let found = found.ok_or_else(|| anyhow!("Failed to find groupID for: {name} group name."))?;
    match id {
        Some(id) if *id != found.id => bail!(
            "The group name {name} belongs to group {}, not to {id}. Provide only one of groupName and groupId.",
            found.id
        ),
        _ => Ok(found.id),
    }
}

fn unique_group(name: &str, mut groups: Vec<Group>) -> Result<Option<Group>> {
    if groups.len() > 1 {
        let candidates = groups
            .iter()
            .map(|group| format!("{} ({})", group.name, group.id));
        bail!(
            "More than one group has the name {name}: {}. Provide groupId instead.",
            candidates.collect::<Vec<_>>().join(", ")
        );
    }
    Ok(groups.pop())
}

/// Fails if there is no such group. For empty lists of members: PingOne answers with an empty list for a group that does
/// not exist, and a group given by id alone was not looked up.
pub async fn ensure_group_exists(pingone: &Client<'_>, group: &GroupRef) -> Result<()> {
    if let GroupRef::Id(id) = group {
        ensure!(pingone.group_exists(*id).await?, "There is no group {id}.");
    }
    Ok(())
}

/// Resolves a user and a group concurrently. If both fail, reports the user's error.
pub async fn find_user_and_group(
    pingone: &Client<'_>,
    user: &UserRef,
    group: &GroupRef,
) -> Result<(UserId, GroupId)> {
    let (user, group) = tokio::join!(find_user(pingone, user), find_group(pingone, group));
    Ok((user?.id, group?))
}
