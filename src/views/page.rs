//! The answer of a command that lists what an environment holds, part by part.

use serde_json::{Value, json};

use crate::{
    document::{Row, table_of},
    entry::Output,
    views::items::Listing,
};
use pingone::pages::Part;

/// Where a page token stands: each list overwrites its own.
const PAGE_TOKEN: &str = "PingOne(true)";

/// How to go on with a list.
pub struct Next<'a, Place> {
    /// The token's name in the context.
    pub name: &'a str,
    /// Whether there is more.
    pub more: bool,
    /// Where to go on, if PingOne said so.
    pub place: Option<&'a Place>,
}

/// The text below a table, and the context, that tell how to go on.
pub fn with_next<Place: ToString>(mut output: Output, next: &Next<'_, Place>) -> Output {
    let token = next.place.map(ToString::to_string);
    let hint = match &token {
        Some(token) => &[
            "There are more: give next_token=",
            token,
            " for the next part.\n",
        ]
        .concat(),
        None if next.more => {
            "There are more, but PingOne does not say where to go on: give a larger limit, or all_results=true.\n"
        }
        None => "",
    };
    output.readable.push(hint);
    output.with_context(PAGE_TOKEN, json!({next.name: token}))
}

/// A list whose rows and context entries are the same. `token` is the name of its token in the context.
pub fn listed(
    listing: &Listing<'_>,
    token: &str,
    part: Part,
    describe: impl Fn(&Value) -> Row,
) -> Output {
    let rows: Vec<Row> = part.items.iter().map(describe).collect();
    let readable = table_of(listing.title, listing.columns, &rows);
    let output = Output::new(readable, Some(Value::Array(part.items)));
    let next = Next {
        name: token,
        more: part.more,
        place: part.next.as_ref(),
    };
    with_next(with_entries(output, listing.key, rows), &next)
}

/// Adds entries to the context, if there are any.
pub fn with_entries(output: Output, key: &str, entries: Vec<Row>) -> Output {
    if entries.is_empty() {
        return output;
    }
    let entries = entries.into_iter().map(Value::Object).collect();
    output.with_context(key, Value::Array(entries))
}
