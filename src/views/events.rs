//! What became of events that were sent to a collector.

use serde_json::{Value, json};

use crate::{
    document::{Block, Document},
    operations::{events::Delivered, phrases::counted},
};
use pingone::times::{to_rfc3339_millis, to_utc_seconds};

/// How many events are shown, and whether there are more.
pub fn total(shown: usize, more: bool) -> Option<Block> {
    let total = counted(shown, "event");
    let text = if more {
        format!(
            "{total} shown. There are more in the time range: use a larger limit, or a shorter time range."
        )
    } else if shown > 1 {
        total
    } else {
        return None;
    };
    Some(Block::Paragraph(text))
}

/// How many events were delivered, and when they were recorded.
pub fn delivered(delivered: &Delivered) -> Document {
    if delivered.count == 0 {
        return Document::heading("No events to push");
    }
    let mut document = Document::heading(format!("{} pushed", counted(delivered.count, "event")));
    if let Some(recorded) = recorded(delivered) {
        document.push(Block::Paragraph(format!("Recorded {recorded}.")));
    }
    document
}

/// `at …`, or `from … to …`.
fn recorded(delivered: &Delivered) -> Option<String> {
    let (oldest, newest) = delivered.recorded?;
    let [from, to] = [oldest, newest].map(to_utc_seconds);
    Some(if from == to {
        format!("at {from}")
    } else {
        format!("from {from} to {to}")
    })
}

/// The same for the context.
pub fn describe(delivered: &Delivered) -> Value {
    let (oldest, newest) = delivered.recorded.unzip();
    json!({
        "Count": delivered.count,
        "TooLarge": delivered.too_large,
        "Oldest": oldest.map(to_rfc3339_millis),
        "Newest": newest.map(to_rfc3339_millis),
    })
}

/// What to say about events that were too large; `None` if there were none.
pub fn too_large(delivered: &Delivered) -> Option<String> {
    let (number, ids) = (delivered.too_large, &delivered.too_large_ids);
    if number == 0 {
        return None;
    }
    let verb = if number == 1 { "was" } else { "were" };
    let more = if ids.len() < number {
        " and others"
    } else {
        ""
    };
    let named = if ids.is_empty() {
        String::new()
    } else {
        format!(" ID: {}{more}.", ids.join(", "))
    };
    Some(format!(
        "{} {verb} not pushed: a collector takes at most 5 MB as one event.{named}",
        counted(number, "event")
    ))
}

/// What was done before an error, if anything was.
pub fn done_before(delivered: &Delivered) -> Option<String> {
    if delivered.count == 0 {
        return None;
    }
    let recorded = recorded(delivered).map(|recorded| format!(", recorded {recorded},"));
    Some(format!(
        "{}{} pushed before this error",
        counted(delivered.count, "event"),
        recorded.unwrap_or_default(),
    ))
}
