//! `pingone-list-audit-activities`: what happened in the environment, newest first.

use anyhow::Result;
use serde_json::Value;

use crate::{
    access::Access,
    document::{Row, table_of},
    entry::Output,
    handler::Handler,
    inputs::{activities::activity_search, paging::paging},
    invocation::Invocation,
    operations::find::find_user,
    views::{
        activity::{describe, table_row},
        page::{NextPage, with_entries, with_next_page},
    },
};
use pingone::{activities::PAGE_SIZE, pages::Part};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const ACTIVITY: &str = "PingOne.Activity(val.ID && val.ID === obj.ID)";
const COLUMNS: [&str; 9] = [
    "Time",
    "Action",
    "Result",
    "User",
    "Resources",
    "Client",
    "IP",
    "Description",
    "ID",
];

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
    let rows: Vec<Row> = items.iter().map(table_row).collect();
    let entries: Vec<Row> = items.iter().map(describe).collect();
    let readable = table_of("PingOne audit activities", &COLUMNS, &rows);
    let output = Output::new(readable, Some(Value::Array(items)));
    let next = NextPage {
        name: "ActivityNextToken",
        has_more: more,
        token: next.as_ref(),
    };
    Ok(with_next_page(
        with_entries(output, ACTIVITY, entries),
        &next,
    ))
}
