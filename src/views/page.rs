//! Answers that are one page of a longer list.

use serde_json::{Value, json};

use crate::{
    document::{Row, table_of},
    entry::Output,
    views::items::Listing,
};
use pingone::pages::Part;

/// The context key of page tokens. Each list overwrites its own token.
const PAGE_TOKEN: &str = "PingOne(true)";

/// Where a list continues.
pub struct NextPage<'a, Token> {
    /// The token's name in the context.
    pub name: &'a str,
    /// Whether there are more results.
    pub has_more: bool,
    /// The token, if PingOne gave one.
    pub token: Option<&'a Token>,
}

/// Adds how to continue: a hint below the table, and the token in the context.
pub fn with_next_page<Token: ToString>(mut output: Output, next: &NextPage<'_, Token>) -> Output {
    let token = next.token.map(ToString::to_string);
    let hint = match &token {
        Some(token) => &[
            "There are more: give next_token=",
            token,
            " for the next part.\n",
        ]
        .concat(),
        None if next.has_more => {
            "There are more, but PingOne does not say where to go on: give a larger limit, or all_results=true.\n"
        }
        None => "",
    };
    output.readable.push(hint);
    output.with_context(PAGE_TOKEN, json!({next.name: token}))
}

/// A list whose rows and context entries are the same. `token` is the token's name in the context.
pub fn listed(
    listing: &Listing<'_>,
    token: &str,
    part: Part,
    describe: impl Fn(&Value) -> Row,
) -> Output {
    let rows: Vec<Row> = part.items.iter().map(describe).collect();
    let readable = table_of(listing.title, listing.columns, &rows);
    let output = Output::new(readable, Some(Value::Array(part.items)));
    let next = NextPage {
        name: token,
        has_more: part.more,
        token: part.next.as_ref(),
    };
    with_next_page(with_entries(output, listing.key, rows), &next)
}

/// Adds entries to the context, if there are any.
pub fn with_entries(output: Output, key: &str, entries: Vec<Row>) -> Output {
    if entries.is_empty() {
        return output;
    }
    let entries = entries.into_iter().map(Value::Object).collect();
    output.with_context(key, Value::Array(entries))
}
