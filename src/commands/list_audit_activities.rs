//! `pingone-list-audit-activities`: what happened in the environment, newest first.

use anyhow::Result;

use crate::{
    access::Access,
    document::{Document, Row, compact_table},
    entry::Output,
    handler::Handler,
    inputs::{activities::activity_search, paging::paging},
    invocation::Invocation,
    manifest::Arg,
    operations::find::find_user,
    views::{
        activity::{COLUMNS, Names, cells, describe, push_gaps},
        page::{Page, with_entries, with_page},
    },
};
use pingone::{activities::MAX_PAGE_SIZE, activity::Activity, pages::Part};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

/// PingOne's own page size for activities. A longer list is read in larger pages.
const PAGE_SIZE: usize = 100;

const ACTIVITY: &str = "PingOne.Activity(val.ID && val.ID === obj.ID)";

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let mut paging = paging(cx.args, PAGE_SIZE)?;
    if cx.args.text(Arg::PageSize).is_none() {
        let wanted = paging.limit.unwrap_or(MAX_PAGE_SIZE);
        paging.page_size = wanted.clamp(PAGE_SIZE, MAX_PAGE_SIZE);
    }
    let now = cx.pingone.now();
    let (mut search, user) = activity_search(cx.args, now)?;
    if let Some(user) = user {
        search.user = Some(find_user(cx.pingone, &user).await?.id);
    }
    let keep = |activity: &Activity| search.matches(activity);
    let Part { items, more, next } = cx.pingone.activities(search.query(), &paging, keep).await?;
    let names = Names::of(&items);
    let rows: Vec<_> = items
        .iter()
        .map(|activity| cells(activity, &names))
        .collect();
    let entries: Vec<Row> = items.iter().map(describe).collect();
    let mut readable = Document::from(compact_table("PingOne audit activities", COLUMNS, &rows));
    push_gaps(&mut readable, &search, more, now);
    let raw = items.into_iter().map(Activity::into_raw);
    let output = Output::new(readable, Some(raw.collect()));
    let page = Page {
        noun: "activity",
        count: rows.len(),
        has_more: more,
        next: next.as_ref(),
        token_name: "ActivityNextToken",
    };
    Ok(with_page(with_entries(output, ACTIVITY, entries), &page))
}
