//! The arguments that name a group, with or without a user.

use anyhow::{Result, anyhow};

use super::users;
use crate::{
    arguments::Arguments,
    manifest::Arg,
    operations::find::{GroupRef, UserRef, Wording},
};

/// The group named by `groupName` or `groupId`, if either was given.
pub fn optional(args: &Arguments) -> Result<Option<GroupRef>> {
    let id = args.id(Arg::GroupId)?;
    Ok(match args.text(Arg::GroupName) {
        Some(name) => Some(GroupRef::Name(name.to_owned(), id)),
        None => id.map(GroupRef::Id),
    })
}

/// A user and a group, each by name or id. Both are required.
pub fn with_user(args: &Arguments) -> Result<(UserRef, GroupRef)> {
    let user = users::optional(args, Wording::IdOfName)?;
    let group = optional(args)?;
    user.zip(group).ok_or_else(|| {
        anyhow!(
            "PingOne error: You must supply either 'username' or 'userId', and either 'groupName' or 'groupId'."
        )
    })
}
