//! The arguments that name whoever holds administrator roles: users, a group or an application.

use anyhow::{Result, bail};

use super::{applications, groups, users};
use crate::{
    arguments::Arguments,
    manifest::Arg,
    operations::{find::UserRef, principals::HolderRef},
};

/// Whoever was named.
pub enum Named {
    /// Users.
    Users(Vec<UserRef>),
    /// A group or an application.
    One(HolderRef),
}

/// The users, the group or the application that the arguments name.
pub fn named(args: &Arguments) -> Result<Named> {
    let names_users = [Arg::Username, Arg::UserId, Arg::Email]
        .into_iter()
        .any(|arg| args.is_given(arg));
    let group = groups::optional(args)?;
    let application = applications::optional(args);
    Ok(match (names_users, group, application) {
        (true, None, None) => Named::Users(users::each(args)?),
        (false, Some(group), None) => Named::One(HolderRef::Group(group)),
        (false, None, Some(application)) => Named::One(HolderRef::Application(application)),
        (false, None, None) => bail!(
            "Provide a user (username, userId or email), a group (groupName or groupId) or an application."
        ),
        _ => bail!("Provide only one of these: users, a group, an application."),
    })
}
