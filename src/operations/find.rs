//! Finds the users and groups that a request names, by name, id or e-mail address. Whoever is named in several ways
//! has to be the same each time. The texts for "not found" are those that playbooks know.

use anyhow::{Error, Result, anyhow, bail, ensure};
use futures_util::future::try_join_all;

use pingone::{
    Client,
    groups::Group,
    id::{GroupId, UserId},
    users::User,
};

/// One way in which a user is named.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// By its name.
    Username(String),
    /// By its id.
    Id(UserId),
    /// By its e-mail address.
    Email(String),
}

impl Who {
    /// What was given.
    fn given(&self) -> String {
        match self {
            Self::Username(text) | Self::Email(text) => text.clone(),
            Self::Id(id) => id.to_string(),
        }
    }
}

/// The texts for a user that is not found, or not for certain. The documented commands differ in theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Of the documented commands that take a name alone.
    NameOnly,
    /// Of the documented commands that take a name or an id, and look the name up for its id.
    IdOfName,
    /// Of the documented commands that take a name or an id of the user itself.
    NameOrId,
    /// Of the commands that take names, ids or e-mail addresses.
    AnyWay,
}

impl Wording {
    fn not_found(self, who: &Who) -> Error {
        match (who, self) {
            (Who::Username(name), Self::NameOnly | Self::IdOfName) => {
                anyhow!("PingOne error: Failed to find userID for: {name} username.")
            }
            (Who::Email(email), _) => {
                anyhow!("Failed to find user for {email} e-mail address.")
            }
            (Who::Username(_) | Who::Id(_), _) => no_such_user(&who.given()),
        }
    }

    /// What to do where several users have the same name.
    fn advice(self) -> &'static str {
        match self {
            Self::NameOnly => "Usernames should be unique in PingOne: correct them there.",
            _ => "Give userId instead.",
        }
    }

    fn disagreement(self, named: &[(&Who, UserId)]) -> Error {
        if let (Self::IdOfName | Self::NameOrId, [(Who::Username(name), found), (_, id)]) =
            (self, named)
        {
            return anyhow!(
                "The username {name} belongs to user {found}, not to {id}: give only one of username and userId."
            );
        }
        let ways = named.iter().map(|(who, found)| match who {
            Who::Username(name) => format!("username {name} is {found}"),
            Who::Email(email) => format!("email {email} is {found}"),
            Who::Id(id) => format!("userId is {id}"),
        });
        anyhow!(
            "The arguments name different users ({}): give only one of 'username', 'userId' and 'email'.",
            ways.collect::<Vec<_>>().join(", ")
        )
    }
}

/// The text of commands that look the user itself up.
pub fn no_such_user(username: &str) -> Error {
    anyhow!("Failed to find user for {username} username.")
}

/// A user as a request names it: in one way, or in several that have to agree.
#[derive(Debug)]
pub struct NamedUser {
    /// At least one.
    pub ways: Vec<Who>,
    /// How it is told that there is no such user.
    pub wording: Wording,
}

impl NamedUser {
    /// What was given; where there are several ways, the first.
    pub fn given(&self) -> String {
        self.ways.first().map(Who::given).unwrap_or_default()
    }
}

/// A user that was found.
pub struct Target {
    /// Its id.
    pub id: UserId,
    /// The user itself, where finding it brought it along; with an id it does not.
    pub user: Option<User>,
}

impl Target {
    /// The user itself; read only if finding it did not bring it along.
    pub async fn into_user(self, pingone: &Client<'_>) -> Result<User> {
        match self.user {
            Some(user) => Ok(user),
            None => Ok(pingone.read_user(self.id).await?),
        }
    }
}

/// Finds a user; all ways in which it is named have to lead to the same one.
pub async fn find_user(pingone: &Client<'_>, named: &NamedUser) -> Result<Target> {
    let wording = named.wording;
    let found = named.ways.iter().map(|who| async move {
        let found = look_up(pingone, who, wording).await?;
        found.ok_or_else(|| wording.not_found(who))
    });
    let mut found = try_join_all(found).await?;
    if found.iter().any(|target| target.id != found[0].id) {
        let ids = found.iter().map(|target| target.id);
        let named: Vec<(&Who, UserId)> = named.ways.iter().zip(ids).collect();
        return Err(wording.disagreement(&named));
    }
    let known = found.iter().position(|target| target.user.is_some());
    Ok(found.swap_remove(known.unwrap_or_default()))
}

/// Looks for a user that is named in one way. An id is taken as it is.
pub async fn look_up(pingone: &Client<'_>, who: &Who, wording: Wording) -> Result<Option<Target>> {
    let found = match who {
        Who::Id(id) => {
            return Ok(Some(Target {
                id: *id,
                user: None,
            }));
        }
        Who::Username(name) => {
            let users = pingone.find_users(name).await?;
            only_user("username", name, users, wording.advice())?
        }
        Who::Email(email) => {
            let users = pingone.find_users_by_email(email).await?;
            only_user("e-mail address", email, users, wording.advice())?
        }
    };
    Ok(found.map(|user| Target {
        id: user.id,
        user: Some(user),
    }))
}

/// The one user that a look-up by an `attribute` found; more than one is an error that lists them.
pub fn only_user(
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

/// A group as a request names it: by name, by id, or by both, which then have to agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedGroup {
    /// By its name, and perhaps its id.
    Name(String, Option<GroupId>),
    /// By its id alone.
    Id(GroupId),
}

impl NamedGroup {
    /// The name that was given.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Name(name, _) => Some(name),
            Self::Id(_) => None,
        }
    }

    /// What a text calls it: by its name where that was given.
    pub fn label(&self) -> String {
        match self {
            Self::Name(name, _) => name.clone(),
            Self::Id(id) => id.to_string(),
        }
    }
}

/// Finds a group. One that is named by its id alone is taken as it is.
pub async fn find_group(pingone: &Client<'_>, named: &NamedGroup) -> Result<GroupId> {
    let (name, id) = match named {
        NamedGroup::Id(id) => return Ok(*id),
        NamedGroup::Name(name, id) => (name, id),
    };
    let found = only_group(name, pingone.find_groups(name).await?)?;
    let found = found.ok_or_else(|| anyhow!("Failed to find groupID for: {name} group name."))?;
    match id {
        Some(id) if *id != found.id => bail!(
            "The group name {name} belongs to group {}, not to {id}: give only one of groupName and groupId.",
            found.id
        ),
        _ => Ok(found.id),
    }
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

/// For a list of a group's members that is empty: PingOne finds nobody in a group that does not exist, so one
/// that was given by id alone is looked at.
pub async fn ensure_group(pingone: &Client<'_>, named: &NamedGroup) -> Result<()> {
    if let NamedGroup::Id(id) = named {
        ensure!(pingone.group_exists(*id).await?, "There is no group {id}.");
    }
    Ok(())
}

/// Finds a user and a group. Neither look-up needs the other. If both fail, the user's failure is told.
pub async fn find_user_and_group(
    pingone: &Client<'_>,
    user: &NamedUser,
    group: &NamedGroup,
) -> Result<(UserId, GroupId)> {
    let (user, group) = tokio::join!(find_user(pingone, user), find_group(pingone, group));
    Ok((user?.id, group?))
}
