//! The arguments that name users.

use std::collections::HashSet;

use anyhow::{Result, anyhow, bail};

use crate::{
    arguments::Arguments,
    manifest::Arg,
    operations::find::{UserKey, UserRef, Wording},
};

/// The user named by the required argument `username`, for commands without `userId`.
pub fn by_username(args: &Arguments) -> Result<UserRef> {
    let username = args.required(Arg::Username)?;
    Ok(UserRef {
        keys: vec![UserKey::Username(username.to_owned())],
        wording: Wording::NameOnly,
    })
}

/// The user named by `username` or `userId`. One of them is required; if both are given, they must agree.
pub fn by_name_or_id(args: &Arguments, wording: Wording) -> Result<UserRef> {
    let named = optional(args, wording)?;
    named.ok_or_else(|| anyhow!("PingOne error: You must supply either 'username' or 'userId'."))
}

/// The one key of the user that a command looks at: `userId`, which saves a look-up, else `username`, else `email`.
pub fn first_key(args: &Arguments) -> Result<UserKey> {
    let text = |arg| args.text(arg).map(str::to_owned);
    let id = args.id(Arg::UserId)?.map(UserKey::Id);
    id.or_else(|| text(Arg::Username).map(UserKey::Username))
        .or_else(|| text(Arg::Email).map(UserKey::Email))
        .ok_or_else(|| anyhow!("PingOne error: You must supply 'username', 'userId' or 'email'."))
}

/// The user named by `username` or `userId`, if any.
pub(super) fn optional(args: &Arguments, wording: Wording) -> Result<Option<UserRef>> {
    let name = args.text(Arg::Username).map(str::to_owned);
    let keys: Vec<UserKey> = name
        .map(UserKey::Username)
        .into_iter()
        .chain(args.id(Arg::UserId)?.map(UserKey::Id))
        .collect();
    Ok((!keys.is_empty()).then_some(UserRef { keys, wording }))
}

/// The users named by the lists `username`, `userId` or `email`, without duplicates. Several of these arguments must name
/// one and the same user, as in the documented commands: in lists there is no telling which items belong together.
pub fn each(args: &Arguments) -> Result<Vec<UserRef>> {
    let texts = |arg| args.list(arg).iter().cloned();
    let ids = args.ids(Arg::UserId)?.into_iter();
    let mut given: Vec<Vec<UserKey>> = vec![
        texts(Arg::Username).map(UserKey::Username).collect(),
        ids.map(UserKey::Id).collect(),
        texts(Arg::Email).map(UserKey::Email).collect(),
    ];
    given.retain(|keys| !keys.is_empty());
    let named: Vec<Vec<UserKey>> = match given.len() {
        0 => bail!("Provide username, userId or email."),
        1 => given.into_iter().flatten().map(|who| vec![who]).collect(),
        _ if given.iter().all(|keys| keys.len() == 1) => vec![given.concat()],
        _ => bail!("To name several users, use only one of username, userId and email."),
    };
    let mut users: Vec<UserRef> = Vec::with_capacity(named.len());
    let mut seen = HashSet::with_capacity(named.len());
    for keys in named {
        if seen.insert(keys.clone()) {
            let wording = Wording::AnyKey;
            users.push(UserRef { keys, wording });
        }
    }
    Ok(users)
}

/// The user named by `username`, `userId` or `email`, where each takes one value; if several are given, they must agree.
pub fn one(args: &Arguments) -> Result<UserRef> {
    let text = |arg| args.text(arg).map(str::to_owned);
    let keys = [
        text(Arg::Username).map(UserKey::Username),
        args.id(Arg::UserId)?.map(UserKey::Id),
        text(Arg::Email).map(UserKey::Email),
    ];
    let keys: Vec<UserKey> = keys.into_iter().flatten().collect();
    if keys.is_empty() {
        bail!("Provide username, userId or email.")
    }
    let wording = Wording::AnyKey;
    Ok(UserRef { keys, wording })
}

/// The same for a command that accepts a single user; `None` if none was named.
pub fn at_most_one(args: &Arguments) -> Result<Option<UserRef>> {
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
