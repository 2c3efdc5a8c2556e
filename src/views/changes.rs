//! The answer of a command that changes users: one row for each, and one entry of the context.

use serde_json::{Value, json};

use crate::{
    document::{Row, row, table_of},
    entry::Output,
    invocation::Invocation,
    operations::{
        change::{Change, Details, PartialSuccess, changed_before},
        for_each::Outcome,
    },
    views::items::failures,
};

/// The context key of what changing commands did.
const CHANGE: &str = "PingOne.Change(val.ID && val.ID === obj.ID && val.Command === obj.Command)";
const COLUMNS: [&str; 5] = ["User", "ID", "Changed", "Verified", "Result"];

/// A table under this title, the context, and what failed.
pub fn report(cx: &Invocation<'_>, title: &str, outcomes: &[Outcome<Change>]) -> Output {
    let mut rows = Vec::new();
    let mut context = Vec::new();
    for Outcome { label, id, result } in outcomes {
        let id = id.map(|id| id.to_string());
        let told = told(cx, result);
        let mut line = row([("User", json!(label)), ("ID", json!(id))]);
        line.extend(told.clone());
        rows.push(line);
        // Without an id there is nothing by which a context entry could be found again.
        if id.is_some() {
            let mut entry = row([
                ("ID", json!(id)),
                ("User", json!(label)),
                ("Command", json!(cx.command)),
            ]);
            entry.extend(told);
            entry.extend(match result {
                Ok(change) => details(&change.details),
                Err(error) => error
                    .downcast_ref::<PartialSuccess>()
                    .map(|before| details(&before.details))
                    .unwrap_or_default(),
            });
            context.push(Value::Object(entry));
        }
    }
    let readable = table_of(title, &COLUMNS, &rows);
    let mut output = Output::new(readable, Some(Value::Array(context.clone())));
    if !context.is_empty() {
        output = output.with_context(CHANGE, Value::Array(context));
    }
    output.failures = failures(cx, outcomes);
    output
}

/// What came of one user.
fn told(cx: &Invocation<'_>, result: &anyhow::Result<Change>) -> Row {
    let (changed, verified, text) = match result {
        Ok(change) => (Some(change.changed), change.verified, change.result.clone()),
        Err(error) => {
            let text = format!("Failed: {}", cx.explain(error));
            (changed_before(error), false, text)
        }
    };
    row([
        ("Changed", json!(changed)),
        ("Verified", json!(verified)),
        ("Result", json!(text)),
    ])
}

/// What is known of a change besides, for the context.
fn details(details: &Details) -> Row {
    match details {
        Details::None => Row::new(),
        Details::Lock(end) => row([("UnlockAt", json!(end))]),
        Details::PasswordStatus(status) => row([("PasswordStatus", json!(status))]),
        Details::MfaEnabled(enabled) => row([("MFAEnabled", json!(enabled))]),
        Details::Devices {
            deleted,
            unconfirmed,
            kept,
        } => {
            let mut row = row([("Deleted", ids(deleted))]);
            if let Some(kept) = kept {
                row.insert("Kept".to_owned(), json!(kept));
            }
            with_unconfirmed(row, unconfirmed)
        }
        Details::Sessions { ended, unconfirmed } => {
            with_unconfirmed(row([("Ended", json!(ended.len()))]), unconfirmed)
        }
    }
}

fn with_unconfirmed<T: ToString>(mut row: Row, unconfirmed: &[T]) -> Row {
    if !unconfirmed.is_empty() {
        row.insert("Unconfirmed".to_owned(), ids(unconfirmed));
    }
    row
}

fn ids<T: ToString>(ids: &[T]) -> Value {
    ids.iter().map(ToString::to_string).collect()
}
