//! `pingone-remove-from-group`: removes a user from a group.

use anyhow::{Result, bail};

use crate::{
    access::Access, entry::Output, handler::Handler, inputs::groups, invocation::Invocation,
    operations::find::find_user_and_group,
};
use pingone::groups::DIRECT;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let (user, group) = groups::with_user(cx.args)?;
    let label = group.label();
    let (user, group) = find_user_and_group(cx.pingone, &user, &group).await?;
    let removed = format!("User: {user} was removed from group: {label} successfully");
    let error = match cx.pingone.remove_from_group(user, group).await {
        Ok(()) => return Ok(Output::note(removed)),
        Err(error) if error.status() == Some(404) => error,
        Err(error) => return Err(error.into()),
    };
    // 404 may mean that there is no such user, no such membership, or only an indirect one.
    let (exists, membership) = tokio::join!(
        cx.pingone.user_exists(user),
        cx.pingone.read_membership(user, group)
    );
    if !exists? {
        return Ok(Output::note(format!(
            "User: {user} was not found; nothing was removed."
        )));
    }
    match membership? {
        Some(membership) => match membership.kind {
            Some(kind) if kind != DIRECT => bail!(
                "The user {user} is still in group {label} by an {kind} membership (by a nested group or a group filter), which cannot be removed from the user."
            ),
            _ => bail!(
                "PingOne answered that there is nothing to remove, but the user {user} is still in group {label}."
            ),
        },
        // An earlier attempt got no answer but removed the membership.
        None if error.attempts.outcome_unknown => Ok(Output::note(removed)),
        None => Ok(Output::note(format!(
            "User: {user} is not a member of group: {label}; nothing was removed."
        ))),
    }
}
