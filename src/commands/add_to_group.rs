//! `pingone-add-to-group`: adds a user to a group.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::groups,
    invocation::Invocation,
    operations::{
        find::find_user_and_group,
        memberships::{JoinOutcome, join},
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let (user, group) = groups::with_user(cx.args)?;
    let label = group.label();
    let (user, group) = find_user_and_group(cx.pingone, &user, &group).await?;
    Ok(match join(cx.pingone, user, group).await? {
        JoinOutcome::Added(raw) => Output::new(
            format!("User: {user} added to group: {label} successfully"),
            raw,
        ),
        JoinOutcome::AlreadyMember => {
            Output::note(format!("User: {user} is already in group: {label}."))
        }
    })
}
