//! The arguments that name whoever holds administrator roles: users, a group or an application.

use anyhow::{Result, bail};

use super::{groups, users};
use crate::{
    arguments::Arguments,
    manifest::Arg,
    operations::find::{GroupRef, UserRef},
};
use pingone::id::ApplicationId;

/// Whoever was named.
pub enum Named {
    /// Users.
    Users(Vec<UserRef>),
    /// A group.
    Group(GroupRef),
    /// An application.
    Application(ApplicationId),
}

/// The users, the group or the application that the arguments name.
pub fn named(args: &Arguments) -> Result<Named> {
    let names_users = [Arg::Username, Arg::UserId, Arg::Email]
        .into_iter()
        .any(|arg| args.is_given(arg));
    let group = groups::optional(args)?;
    let application = args.id(Arg::ApplicationId)?;
    Ok(match (names_users, group, application) {
        (true, None, None) => Named::Users(users::each(args)?),
        (false, Some(group), None) => Named::Group(group),
        (false, None, Some(application)) => Named::Application(application),
        (false, None, None) => bail!(
            "Provide a user (username, userId or email), a group (groupName or groupId) or an application (applicationId)."
        ),
        _ => bail!("Provide only one of these: users, a group, an application."),
    })
}
