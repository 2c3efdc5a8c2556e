//! `pingone-get-failed-logins`: failed sign-ons, counted by user and source.

use anyhow::Result;
use serde_json::json;

use crate::{
    access::Access,
    document::{Block, Document},
    entry::Output,
    handler::Handler,
    inputs::activities::activity_search,
    invocation::Invocation,
    operations::{activities::FAILED_SIGN_ONS, find::find_user},
    views::{
        activity::push_gaps,
        failed_logins::{by_user, source_entries, table, totals, user_entries},
    },
};
use pingone::{
    activities::MAX_PAGE_SIZE,
    activity::Activity,
    pages::{Paging, Part},
    times::to_utc_minutes,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

/// Each answer replaces the previous one: counts of two searches cannot be merged.
const FAILED_LOGINS: &str = "PingOne(true)";

/// The most activities that are counted.
const MAX_COUNTED: usize = 5000;

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let now = cx.pingone.now();
    let (mut search, user) = activity_search(cx.args, now)?;
    if let Some(user) = user {
        search.user = Some(find_user(cx.pingone, &user).await?.id);
    }
    if search.actions.is_empty() {
        search.actions = FAILED_SIGN_ONS.map(str::to_owned).into();
    }
    let keep = |activity: &Activity| search.matches(activity);
    let newest = Paging {
        limit: Some(MAX_COUNTED),
        page_size: MAX_PAGE_SIZE,
        from: None,
    };
    let Part {
        items: activities,
        more,
        ..
    } = cx.pingone.activities(search.query(), &newest, keep).await?;
    let groups = by_user(&activities);
    let title = format!(
        "Failed sign-ons from {} to {}",
        to_utc_minutes(search.from),
        to_utc_minutes(search.to)
    );
    let mut readable = Document::from(table(&title, &groups));
    let totals = totals(&activities);
    let cut = more.then(|| format!("Only the newest {MAX_COUNTED} activities were counted."));
    for note in totals.into_iter().chain(cut) {
        readable.push(Block::Paragraph(note));
    }
    push_gaps(&mut readable, &search, more, now);
    let context = json!({
        "FailedLogins": source_entries(&activities),
        "FailedLoginsByUser": user_entries(&groups),
    });
    let raw = activities.into_iter().map(Activity::into_raw).collect();
    Ok(Output::new(readable, Some(raw)).with_context(FAILED_LOGINS, context))
}
