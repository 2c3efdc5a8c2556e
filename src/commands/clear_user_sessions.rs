//! `pingone-clear-user-sessions`: ends sessions of users: all of them, or those that are named.

use anyhow::Result;

use crate::{
    access::Access,
    document::Block,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        change::changed_before,
        for_each::for_each_user,
        sessions::{end_all, end_these},
    },
    views::{changes, session::OWN_PAGES},
};
use pingone::id::SessionId;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let only = cx.args.ids::<SessionId>(Arg::SessionId)?;
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        if only.is_empty() {
            end_all(cx.pingone, target.id).await
        } else {
            end_these(cx.pingone, target.id, &only).await
        }
    });
    let outcomes = outcomes.await;
    let mut output = changes::report(cx, "End sessions", &outcomes);
    let mut results = outcomes.iter().map(|outcome| &outcome.result);
    let may_have_ended = results.any(|result| match result {
        Ok(change) => change.changed,
        Err(error) => changed_before(error) != Some(false),
    });
    if may_have_ended {
        output
            .readable
            .push(Block::Paragraph(OWN_PAGES.trim_end().to_owned()));
    }
    Ok(output)
}
