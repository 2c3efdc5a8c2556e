//! `fetch-events`: what XSIAM asks for on schedule. New events go to the instance's collector; the answer says how many.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::events::delivery,
    invocation::Invocation,
    operations::events::fetch::{Cursor, Fetched, fetch},
    views::events::{delivered as shown, too_large},
};

/// What XSIAM asks for on schedule.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let last_run = cx.last_run.stored();
    let Fetched {
        delivered,
        cursor,
        stopped_by,
    } = fetch(cx.pingone, delivery(cx)?, Cursor::read(last_run)).await;
    let has_progress = delivered.count > 0 || delivered.too_large > 0;
    if let Some(error) = stopped_by {
        // A failed fetch has no next run, so what was delivered would be delivered again.
        if !has_progress {
            return Err(error.into());
        }
        let error = error.into();
        cx.pingone
            .log_error(format!("The fetch ended early: {}", cx.explain(&error)));
    }
    if let Some(text) = too_large(&delivered) {
        cx.pingone.log_error(text);
    }
    cx.last_run.set_next(cursor.write(last_run));
    Ok(Output::note(shown(&delivered)))
}
