//! `pingone-activate-user`: enables a user.

use anyhow::Result;

use crate::{
    access::Access,
    document::Document,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        accounts::{self, Subject},
        find::find_user,
    },
    views::protected,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let id = find_user(cx.pingone, &users::by_username(cx.args)?)
        .await?
        .id;
    let label = &format!("the user {username}");
    let raw = accounts::enable(cx.pingone, Subject { id, label }).await?;
    let groups = cx.pingone.protected_groups_of(id).await;
    let failures = protected::became_protected(cx, username, "activated", groups);
    Ok(Output {
        failures,
        ..Output::new(Document::heading(format!("{username} is active now")), raw)
    })
}
