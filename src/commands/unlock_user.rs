//! `pingone-unlock-user`: unlocks the account of a user.

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
        accounts::{EnabledSince, Subject, unlock},
        find::find_user,
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let label = cx.args.required(Arg::Username)?;
    let id = find_user(cx.pingone, &users::by_username(cx.args)?)
        .await?
        .id;
    let subject = Subject { id, label };
    let raw = unlock(cx.pingone, subject, EnabledSince::Before).await?;
    Ok(Output::new(
        Document::heading(format!("{label} unlocked")),
        raw,
    ))
}
