//! `fetch-incidents`: what XSOAR asks for on schedule. `operations/feed` says how nothing is fetched twice or left out.

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::feed::feed_settings,
    invocation::Invocation,
    operations::{
        feed::{self, Fetched, state::State},
        phrases::counted,
    },
    views::incident::{Incident, table},
};
use pingone::{journal::Level, times::to_utc_seconds};

/// What XSOAR asks for on schedule.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let fetch = cx
        .fetch
        .context("This instance does not fetch incidents.")?;
    let now = cx.pingone.now();
    let settings = feed_settings(fetch, now)?;
    let state = State::read(cx.last_run.stored()).context(
        "Cannot continue where the last fetch ended. Reset the last run in the instance settings to begin anew",
    )?;
    let fetched = feed::fetch(cx.pingone, &settings, state, now).await?;
    cx.last_run.set_next(fetched.state.write());
    let notes = notes(cx, &fetched);
    let incidents: Vec<Incident> = fetched.found.into_iter().map(Incident::from).collect();
    let raw: Vec<Value> = incidents.iter().map(Incident::to_json).collect();
    Ok(Output::new(table(&incidents, notes), Some(raw.into())))
}

/// What is to be said beside the incidents. Nobody sees the table of a scheduled fetch, so it goes to the log, too.
fn notes(cx: &Invocation<'_>, fetched: &Fetched<pingone::Error>) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(before) = fetched.lost_before {
        let note = format!(
            "Activities before {} were not fetched in time, and PingOne no longer returns them. Restore them in PingOne to see them.",
            to_utc_seconds(before)
        );
        cx.pingone.log(Level::Error, note.clone());
        notes.push(note);
    }
    if let Some(error) = &fetched.cut_off {
        let note = format!(
            "The fetch ended early and continues next time from {}: {error}",
            to_utc_seconds(fetched.read_up_to)
        );
        cx.pingone.log(Level::Info, note.clone());
        notes.push(note);
    }
    if fetched.left > 0 {
        notes.push("More incidents come with the next fetch.".to_owned());
    }
    let number = counted(fetched.found.len(), "new incident");
    let last: fn(Timestamp) -> String = to_utc_seconds;
    cx.pingone.log(
        Level::Debug,
        format!("[Fetch] {number}; read up to {}", last(fetched.read_up_to)),
    );
    notes
}
