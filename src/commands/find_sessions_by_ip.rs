//! `pingone-find-sessions-by-ip`: the sessions at an address, by way of the users whom the audit trail saw there.

use anyhow::{Result, ensure};

use crate::{
    access::Access,
    document::Block,
    entry::Output,
    handler::Handler,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        for_each::for_each_user,
        sightings::{MAX_USERS, sightings},
    },
    views::{
        items::{self, Listing},
        session::{COLUMNS, cells, describe},
        sightings::notes,
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let ip = cx.args.required_ip(Arg::Ip)?;
    let to = cx.pingone.now();
    let from = cx.args.past_time(Arg::Since, to)?.unwrap_or(to);
    ensure!(from < to, "'since' must be in the past.");
    let max_users = cx.args.count(Arg::MaxUsers)?.unwrap_or(MAX_USERS);
    let found = sightings(cx.pingone, ip, from, to).await?;
    let users = found.user_refs(max_users);
    let mut outcomes = for_each_user(cx.pingone, users, async |target| {
        Ok(cx.pingone.sessions(target.id).await?)
    })
    .await;
    let now = cx.pingone.now_at_pingone();
    let mut elsewhere = 0;
    for outcome in &mut outcomes {
        if let Some(Some(name)) = found.users.get(&outcome.label) {
            outcome.label.clone_from(name);
        }
        if let Ok(sessions) = &mut outcome.result {
            sessions.retain(|session| session.is_live(now));
            let live = sessions.len();
            sessions.retain(|session| session.was_at(ip));
            elsewhere += live - sessions.len();
        }
    }
    let listing = Listing {
        title: &format!("PingOne sessions at {ip}"),
        noun: "session",
        columns: COLUMNS,
        key: "PingOne.Session(val.ID && val.ID === obj.ID)",
    };
    let mut output = items::report(
        cx,
        &listing,
        outcomes,
        |session| cells(session, now),
        |session, user| describe(session, user, now),
    );
    for note in notes(&found, from, max_users, elsewhere) {
        output.readable.push(Block::Paragraph(note));
    }
    Ok(output)
}
