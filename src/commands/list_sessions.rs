//! `pingone-list-sessions`: users' sessions: who is signed on, and from where.

use anyhow::Result;

use crate::{
    access::Access,
    document::Block,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    operations::for_each::for_each_user,
    views::{
        items::{self, Listing},
        session::{COLUMNS, SOME_EXPIRED, cells, describe},
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const LISTING: Listing<'static, { COLUMNS.len() }> = Listing {
    title: "PingOne sessions",
    noun: "session",
    columns: COLUMNS,
    key: "PingOne.Session(val.ID && val.ID === obj.ID)",
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        Ok(cx.pingone.sessions(target.id).await?)
    });
    let outcomes = outcomes.await;
    let now = cx.pingone.now_at_pingone();
    let sessions = outcomes
        .iter()
        .flat_map(|outcome| outcome.result.iter().flatten());
    let some_expired = sessions.into_iter().any(|session| !session.is_live(now));
    let mut output = items::report(
        cx,
        &LISTING,
        outcomes,
        |session| cells(session, now),
        |session, user| describe(session, user, now),
    );
    if some_expired {
        let note = SOME_EXPIRED.to_owned();
        output.readable.push(Block::Paragraph(note));
    }
    Ok(output)
}
