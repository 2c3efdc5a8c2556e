//! `pingone-get-events`: audit activities as events, shown or pushed to the instance's collector.

use anyhow::{Error, Result, ensure};
use jiff::Timestamp;

use crate::{
    access::Access,
    document::{Block, Row, compact_table},
    entry::Output,
    handler::Handler,
    inputs::{activities::time_range, events::delivery},
    invocation::Invocation,
    manifest::Arg,
    operations::events::{Shipment, event, push::push},
    views::{
        activity::{self, COLUMNS, NEEDS_RESTORE, Names, cells},
        events::{delivered, describe, done_before, too_large, total},
        page::with_entries,
    },
};
use pingone::{
    activities::{MAX_PAGE_SIZE, MAX_SPAN, newest::ActivityQuery},
    pages::{Paging, Part},
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const EVENT: &str = "PingOne.Event(val.ID && val.ID === obj.ID)";
const EVENT_PUSH: &str = "PingOne.EventPush(true)";
/// How many events are shown by default, and at most: each is shown whole.
const SHOWN: usize = 50;
const MAX_SHOWN: usize = 1000;

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let (from, to) = time_range(cx.args, cx.pingone.now())?;
    let mut output = if cx.args.flag(Arg::ShouldPushEvents)? {
        push_events(cx, from, to).await
    } else {
        show_events(cx, from, to).await
    }?;
    if cx.pingone.now().duration_since(from) > MAX_SPAN {
        let note = Block::Paragraph(NEEDS_RESTORE.to_owned());
        output.readable.push(note);
    }
    Ok(output)
}

async fn show_events(cx: &Invocation<'_>, from: Timestamp, to: Timestamp) -> Result<Output> {
    let limit = cx.args.count(Arg::Limit)?.unwrap_or(SHOWN);
    ensure!(
        limit <= MAX_SHOWN,
        "'limit' must be {MAX_SHOWN} or less, unless should_push_events=true."
    );
    let query = ActivityQuery {
        from,
        to,
        conditions: Vec::new(),
    };
    let paging = Paging {
        limit: Some(limit),
        page_size: limit.min(MAX_PAGE_SIZE),
        from: None,
    };
    let Part { items, more, .. } = cx.pingone.activities(query, &paging, |_| true).await?;
    let names = Names::of(&items);
    let rows: Vec<_> = items.iter().map(|one| cells(one, &names)).collect();
    let table = compact_table("PingOne events", COLUMNS, &rows);
    let entries: Vec<Row> = items.iter().map(activity::describe).collect();
    let now = cx.pingone.now();
    let events = items.into_iter().map(|one| event(one, now)).collect();
    let mut output = with_entries(Output::new(table, Some(events)), EVENT, entries);
    if let Some(total) = total(rows.len(), more) {
        output.readable.push(total);
    }
    Ok(output)
}

async fn push_events(cx: &Invocation<'_>, from: Timestamp, to: Timestamp) -> Result<Output> {
    let limit = cx.args.count(Arg::Limit)?;
    let mut shipment = Shipment::new(delivery(cx)?, cx.pingone.now());
    let pushed = push(cx.pingone, from, to, limit, &mut shipment).await;
    let done = shipment.delivered();
    let is_limited = pushed.map_err(|error| {
        let error = Error::new(error);
        match done_before(done) {
            Some(before) => error.context(before),
            None => error,
        }
    })?;
    let mut output = Output::new(delivered(done), None).with_context(EVENT_PUSH, describe(done));
    if is_limited {
        output.readable.push(Block::Paragraph(
            "The limit was reached. There may be more events in the time range.".to_owned(),
        ));
    }
    output.failures.extend(too_large(done));
    Ok(output)
}
