//! `pingone-get-failed-logins`: failed sign-ons, counted by where they came from.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    access::Access,
    document::{Document, Row, table_of},
    entry::Output,
    handler::Handler,
    inputs::activities::activity_search,
    invocation::Invocation,
    operations::{
        activities::{SOURCES, source},
        find::find_user,
    },
    views::activity::source_row,
};
use pingone::{
    activities::PAGE_SIZE,
    pages::{Paging, Part},
    times::to_rfc3339_millis,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

/// Each answer replaces the previous one: counts of two searches cannot be merged.
const FAILED_LOGINS: &str = "PingOne(true)";

const COLUMNS: [&str; 8] = [
    "Count",
    "IP",
    "Country",
    "UserAgent",
    "Users",
    "Actions",
    "First",
    "Last",
];

/// The most activities that are counted.
const MAX_COUNTED: usize = 5000;

/// What PingOne records when a sign-on fails.
const FAILURES: [&str; 5] = [
    "PASSWORD.CHECK_FAILED",
    "USER.ACCESS_DENIED",
    "OTP.CHECK_FAILED",
    "OTP.INVALID",
    "DEVICE.FRAUD_REPORTED",
];

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let (mut search, user) = activity_search(cx.args, cx.pingone.now())?;
    if let Some(user) = user {
        search.user = Some(find_user(cx.pingone, &user).await?.id);
    }
    if search.actions.is_empty() {
        search.actions = FAILURES.map(str::to_owned).into();
    }
    let keep = |activity: &Value| search.matches(activity);
    let newest = Paging {
        limit: Some(MAX_COUNTED),
        page_size: PAGE_SIZE,
        from: None,
    };
    let Part {
        items: activities,
        more,
        ..
    } = cx
        .pingone
        .activities(&search.query(), &newest, keep)
        .await?;
    let rows = by_source(&activities);
    let title = format!(
        "Failed sign-ons from {} to {}: {}",
        to_rfc3339_millis(search.from),
        to_rfc3339_millis(search.to),
        activities.len()
    );
    let mut readable = Document::from(table_of(&title, &COLUMNS, &rows));
    if more {
        readable.push(
            [
                "Only the newest ",
                &MAX_COUNTED.to_string(),
                " were counted.\n",
            ]
            .concat(),
        );
    }
    let groups: Vec<Value> = rows.into_iter().map(Value::Object).collect();
    Ok(Output::new(readable, Some(json!(activities)))
        .with_context(FAILED_LOGINS, json!({"FailedLogins": groups})))
}

/// A row for each source, busiest first.
fn by_source(activities: &[Value]) -> Vec<Row> {
    let mut groups: BTreeMap<[String; 3], Vec<&Value>> = BTreeMap::new();
    for activity in activities {
        let key = SOURCES.map(|what| match source(activity, what) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        });
        groups.entry(key).or_default().push(activity);
    }
    let mut rows: Vec<(usize, Row)> = groups
        .into_values()
        .map(|found| (found.len(), source_row(&found)))
        .collect();
    rows.sort_by(|(a, _), (b, _)| b.cmp(a));
    rows.into_iter().map(|(_, row)| row).collect()
}
