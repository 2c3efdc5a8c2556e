//! The answer of a command that lists something of each user: a row for each item, with the user before it, and a line
//! for each user without any.

use std::borrow::Borrow;

use serde_json::{Value, json};

use crate::{
    document::{Document, Row, row, table_of},
    entry::Output,
    invocation::Invocation,
    operations::for_each::Outcome,
};

/// How a list is shown.
pub struct Listing<'a> {
    /// The title of its table.
    pub title: &'a str,
    /// The columns of its table.
    pub columns: &'a [&'a str],
    /// The context key of its items.
    pub key: &'a str,
}

/// The table, the context and what failed. `describe` makes an item and its user's id an entry of the context.
pub fn report<T: Borrow<Value> + Into<Value>>(
    cx: &Invocation<'_>,
    listing: &Listing<'_>,
    outcomes: Vec<Outcome<Vec<T>>>,
    describe: impl Fn(&T, &Value) -> Row,
) -> Output {
    let failures = failures(cx, &outcomes);
    let (mut rows, mut context) = (Vec::new(), Vec::new());
    for Outcome { given, id, result } in &outcomes {
        let user = json!(id.map(|id| id.to_string()));
        for item in result.iter().flatten() {
            let entry = describe(item, &user);
            let mut line = row([("User", json!(given))]);
            line.extend(entry.clone());
            rows.push(line);
            context.push(Value::Object(entry));
        }
    }
    let mut readable = Document::from(table_of(listing.title, listing.columns, &rows));
    for Outcome { given, result, .. } in &outcomes {
        let none = match result {
            Ok(items) if items.is_empty() && outcomes.len() > 1 => "none".to_owned(),
            Ok(_) => continue,
            Err(error) => cx.explain(error),
        };
        readable.push([given, ": ", &none, "\n"].concat());
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

/// The sentences for the users that failed, as `failOn` wants: of any, or only if all did.
pub(super) fn failures<T>(cx: &Invocation<'_>, outcomes: &[Outcome<T>]) -> Vec<String> {
    let failed: Vec<String> = outcomes
        .iter()
        .filter_map(|Outcome { given, result, .. }| {
            Some(format!("{given}: {}", cx.explain(result.as_ref().err()?)))
        })
        .collect();
    if cx.tells_failures(failed.len() == outcomes.len()) {
        failed
    } else {
        Vec::new()
    }
}
