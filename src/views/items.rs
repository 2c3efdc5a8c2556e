//! Answers that list the items of several users, such as their devices: a row for each item, the totals, and a note for
//! each user that failed.

use std::borrow::Borrow;

use serde_json::{Value, json};

use crate::{
    document::{Block, Document, Row, Table, compact_table},
    entry::Output,
    invocation::Invocation,
    operations::{for_each::Outcome, phrases::counted},
};

/// How a list is presented.
pub struct Listing<'a, const N: usize> {
    /// The table's title.
    pub title: &'a str,
    /// What an item is, in the singular.
    pub noun: &'a str,
    /// The table's columns.
    pub columns: [&'a str; N],
    /// The items' context key.
    pub key: &'a str,
}

/// Table, totals, context and failures. `cells` makes a table row from an item, `describe` a context entry from an item
/// and its user's id.
pub fn report<T: Borrow<Value> + Into<Value>, const N: usize>(
    cx: &Invocation<'_>,
    listing: &Listing<'_, N>,
    outcomes: Vec<Outcome<Vec<T>>>,
    cells: impl Fn(&T) -> [String; N],
    describe: impl Fn(&T, &Value) -> Row,
) -> Output {
    let failures = failures(cx, &outcomes);
    let mut readable = Document::from(items_table(listing, &outcomes, cells));
    if let Some(totals) = totals(listing.noun, &outcomes) {
        readable.push(Block::Paragraph(totals));
    }
    for Outcome { label, result, .. } in &outcomes {
        if let Err(error) = result {
            let reason = cx.explain(error);
            readable.push(Block::Paragraph(format!("{label}: {reason}")));
        }
    }
    let mut context = Vec::new();
    for Outcome { id, result, .. } in &outcomes {
        let user = json!(id.map(|id| id.to_string()));
        let items = result.iter().flatten();
        context.extend(items.map(|item| Value::Object(describe(item, &user))));
    }
    let items = outcomes
        .into_iter()
        .filter_map(|outcome| outcome.result.ok());
    let raw = items.flatten().map(Into::into).collect();
    let mut output = Output::new(readable, Some(Value::Array(raw)));
    if !context.is_empty() {
        output = output.with_context(listing.key, Value::Array(context));
    }
    output.failures = failures;
    output
}

/// The items as a table. A single user is named in the title, several in a column.
fn items_table<T, const N: usize>(
    listing: &Listing<'_, N>,
    outcomes: &[Outcome<Vec<T>>],
    cells: impl Fn(&T) -> [String; N],
) -> Table {
    let rows_of = |outcome: &Outcome<Vec<T>>| -> Vec<[String; N]> {
        outcome.result.iter().flatten().map(&cells).collect()
    };
    if let [only] = outcomes {
        let title = format!("{}: {}", listing.title, only.label);
        return compact_table(&title, listing.columns, &rows_of(only));
    }
    let rows: Vec<[String; N]> = outcomes.iter().flat_map(rows_of).collect();
    let users = outcomes.iter().flat_map(|Outcome { label, result, .. }| {
        let items = result.as_ref().map_or(0, Vec::len);
        std::iter::repeat_n(label, items)
    });
    let mut table = compact_table(listing.title, listing.columns, &rows);
    if !rows.is_empty() {
        table.columns.insert(0, "User".to_owned());
    }
    for (row, user) in table.rows.iter_mut().zip(users) {
        row.insert(0, user.clone());
    }
    table
}

/// `5 users: 12 devices; 1 failed; 1 has none: nora.lind`. For a single user, only the count of several items.
fn totals<T>(noun: &str, outcomes: &[Outcome<Vec<T>>]) -> Option<String> {
    let items: usize = outcomes
        .iter()
        .filter_map(|outcome| Some(outcome.result.as_ref().ok()?.len()))
        .sum();
    if outcomes.len() < 2 {
        return (items > 1).then(|| counted(items, noun));
    }
    let failed = outcomes.iter().filter(|outcome| outcome.result.is_err());
    let failed = match failed.count() {
        0 => None,
        failed => Some(format!("{failed} failed")),
    };
    let without: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.result.as_ref().is_ok_and(Vec::is_empty))
        .map(|outcome| &*outcome.label)
        .collect();
    let without = match without.len() {
        0 => None,
        1 => Some(format!("1 has none: {}", without[0])),
        count => Some(format!("{count} have none: {}", without.join(", "))),
    };
    let items = [Some(counted(items, noun)), failed, without];
    let items: Vec<String> = items.into_iter().flatten().collect();
    let users = counted(outcomes.len(), "user");
    Some(format!("{users}: {}", items.join("; ")))
}

/// A sentence for each user that failed, unless `failOn` says to report failures only if every user failed.
pub(super) fn failures<T>(cx: &Invocation<'_>, outcomes: &[Outcome<T>]) -> Vec<String> {
    let failed: Vec<String> = outcomes
        .iter()
        .filter_map(|Outcome { label, result, .. }| {
            Some(format!("{label}: {}", cx.explain(result.as_ref().err()?)))
        })
        .collect();
    if cx.reports_failures(failed.len() == outcomes.len()) {
        failed
    } else {
        Vec::new()
    }
}
