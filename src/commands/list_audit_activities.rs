//! `pingone-list-audit-activities`: what happened in the environment, newest first.

use anyhow::Result;
use serde_json::Value;

use crate::{
    access::Access,
    document::{Row, compact_table},
    entry::Output,
    handler::Handler,
    inputs::{activities::activity_search, paging::paging},
    invocation::Invocation,
    operations::find::find_user,
    views::{
        activity::{COLUMNS, Names, cells, describe},
        page::{Page, with_entries, with_page},
    },
};
use pingone::{activities::newest::PAGE_SIZE, pages::Part};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const ACTIVITY: &str = "PingOne.Activity(val.ID && val.ID === obj.ID)";
async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let paging = paging(cx.args, PAGE_SIZE)?;
    let (mut search, user) = activity_search(cx.args, cx.pingone.now())?;
    if let Some(user) = user {
        search.user = Some(find_user(cx.pingone, &user).await?.id);
    }
    let keep = |activity: &Value| search.matches(activity);
    let Part { items, more, next } = cx
        .pingone
        .activities(&search.query(), &paging, keep)
        .await?;
    let names = Names::of(&items);
    let rows: Vec<_> = items
        .iter()
        .map(|activity| cells(activity, &names))
        .collect();
    let entries: Vec<Row> = items.iter().map(describe).collect();
    let readable = compact_table("PingOne audit activities", COLUMNS, &rows);
    let output = Output::new(readable, Some(Value::Array(items)));
    let page = Page {
        noun: "activity",
        count: rows.len(),
        has_more: more,
        next: next.as_ref(),
        token_name: "ActivityNextToken",
    };
    Ok(with_page(with_entries(output, ACTIVITY, entries), &page))
}
