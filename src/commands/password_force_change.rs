//! `pingone-password-force-change`: forces the user to change the password at the next sign-on.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{find::find_user, passwords::force_change},
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
    let raw = force_change(cx.pingone, id).await?;
    Ok(Output::new(
        format!("{username} password was set to force change."),
        raw,
    ))
}
