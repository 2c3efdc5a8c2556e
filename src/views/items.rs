//! Answers that list the items of several users, such as their devices: a row for each item, and a note for each user
//! without items or with a failure.

use std::borrow::Borrow;

use serde_json::{Value, json};

use crate::{
    document::{Document, Row, row, table_of},
    entry::Output,
    invocation::Invocation,
    operations::for_each::Outcome,
};

/// How a list is presented.
pub struct Listing<'a> {
    /// The table's title.
    pub title: &'a str,
    /// The table's columns.
    pub columns: &'a [&'a str],
    /// The items' context key.
    pub key: &'a str,
}

/// Table, context and failures. `describe` makes a context entry from an item and its user's id.
pub fn report<T: Borrow<Value> + Into<Value>>(
    cx: &Invocation<'_>,
    listing: &Listing<'_>,
    outcomes: Vec<Outcome<Vec<T>>>,
    describe: impl Fn(&T, &Value) -> Row,
) -> Output {
    let failures = failures(cx, &outcomes);
    let (mut rows, mut context) = (Vec::new(), Vec::new());
    for Outcome { label, id, result } in &outcomes {
        let user = json!(id.map(|id| id.to_string()));
        for item in result.iter().flatten() {
            let entry = describe(item, &user);
            let mut line = row([("User", json!(label))]);
            line.extend(entry.clone());
            rows.push(line);
            context.push(Value::Object(entry));
        }
    }
    let mut readable = Document::from(table_of(listing.title, listing.columns, &rows));
    for Outcome { label, result, .. } in &outcomes {
        let none = match result {
            Ok(items) if items.is_empty() && outcomes.len() > 1 => "none".to_owned(),
            Ok(_) => continue,
            Err(error) => cx.explain(error),
        };
        readable.push([label, ": ", &none, "\n"].concat());
    }
    let raw = outcomes
        .into_iter()
        .filter_map(|outcome| outcome.result.ok());
    let raw = raw.flatten().map(Into::into).collect();
    let mut output = Output::new(readable, Some(Value::Array(raw)));
    if !context.is_empty() {
        output = output.with_context(listing.key, Value::Array(context));
    }
    output.failures = failures;
    output
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
