//! The arguments that name users.

use std::collections::HashSet;

use anyhow::{Result, anyhow, bail};

use crate::{
    arguments::Arguments,
    manifest::Arg,
    operations::find::{NamedUser, Who, Wording},
};

/// The user named by the required argument `username`, for commands without `userId`.
pub fn by_username(args: &Arguments) -> Result<NamedUser> {
    let username = args.required(Arg::Username)?;
    Ok(NamedUser {
        ways: vec![Who::Username(username.to_owned())],
        wording: Wording::NameOnly,
    })
}

/// The user named by `username` or `userId`. One of them is required; if both are given, they must agree.
pub fn by_name_or_id(args: &Arguments, wording: Wording) -> Result<NamedUser> {
    let named = optional(args, wording)?;
    named.ok_or_else(|| anyhow!("PingOne error: You must supply either 'username' or 'userId'."))
}

/// The same, but optional.
pub(super) fn optional(args: &Arguments, wording: Wording) -> Result<Option<NamedUser>> {
    let name = args.text(Arg::Username).map(str::to_owned);
    let ways: Vec<Who> = name
        .map(Who::Username)
        .into_iter()
        .chain(args.id(Arg::UserId)?.map(Who::Id))
        .collect();
    Ok((!ways.is_empty()).then_some(NamedUser { ways, wording }))
}

/// The users named by the lists `username`, `userId` or `email`, without duplicates. Several of these arguments must name
/// one and the same user, as in the documented commands: in lists there is no telling which items belong together.
pub fn each(args: &Arguments) -> Result<Vec<NamedUser>> {
    let texts = |arg| args.list(arg).iter().cloned();
    let ids = args.ids(Arg::UserId)?.into_iter();
    let mut given: Vec<Vec<Who>> = vec![
        texts(Arg::Username).map(Who::Username).collect(),
        ids.map(Who::Id).collect(),
        texts(Arg::Email).map(Who::Email).collect(),
    ];
    given.retain(|ways| !ways.is_empty());
    let named: Vec<Vec<Who>> = match given.len() {
        0 => bail!("Provide username, userId or email."),
        1 => given.into_iter().flatten().map(|who| vec![who]).collect(),
        _ if given.iter().all(|ways| ways.len() == 1) => vec![given.concat()],
        _ => bail!("To name several users, use only one of username, userId and email."),
    };
    let mut users: Vec<NamedUser> = Vec::with_capacity(named.len());
    let mut seen = HashSet::with_capacity(named.len());
    for ways in named {
        if seen.insert(ways.clone()) {
            let wording = Wording::AnyWay;
            users.push(NamedUser { ways, wording });
        }
    }
    Ok(users)
}

/// The same for a command that accepts a single user; `None` if none was named.
pub fn at_most_one(args: &Arguments) -> Result<Option<NamedUser>> {
    let names = [Arg::Username, Arg::UserId, Arg::Email];
    if !names.into_iter().any(|arg| args.is_given(arg)) {
        return Ok(None);
    }
    let mut named = each(args)?;
    if named.len() > 1 {
        bail!(
            "This command accepts one user, but {} were given.",
            named.len()
        )
    }
    Ok(named.pop())
}
