//! Answers that are one page of a longer list.

use serde_json::{Value, json};

use super::items::Listing;
use crate::{
    document::{Block, Row, compact_table},
    entry::Output,
    operations::phrases::counted,
};
use pingone::pages::Part;

/// The context key of page tokens. Each list overwrites its own token.
const PAGE_TOKEN: &str = "PingOne(true)";

/// How much of a list a page has, and where the list continues.
pub struct Page<'a, Token> {
    /// What an item is, in the singular.
    pub noun: &'a str,
    /// How many of them are on this page.
    pub count: usize,
    /// Whether there are more results.
    pub has_more: bool,
    /// Where they begin, if PingOne said so.
    pub next: Option<&'a Token>,
    /// The token's name in the context.
    pub token_name: &'a str,
}

/// Adds the total and how to continue below the table, and the token to the context.
pub fn with_page<Token: ToString>(mut output: Output, page: &Page<'_, Token>) -> Output {
    let token = page.next.map(ToString::to_string);
    let total = (page.count > 1).then(|| counted(page.count, page.noun));
    let hint = match &token {
        Some(token) => Some(format!(
            "More results: run again with next_token={token}"
        )),
        None if page.has_more => Some(
            "More results, but PingOne does not say where they begin: run again with a larger limit, or all_results=true."
                .to_owned(),
        ),
        None => None,
    };
    let note = match (total, hint) {
        (Some(total), Some(hint)) => Some(format!("{total} shown. {hint}")),
        (total, hint) => total.or(hint),
    };
    if let Some(note) = note {
        output.readable.push(Block::Paragraph(note));
    }
    output.with_context(PAGE_TOKEN, json!({page.token_name: token}))
}

/// A page of a list. `describe` makes a context entry from an item, `cells` a table row.
pub fn listed<const N: usize>(
    listing: &Listing<'_, N>,
    token_name: &str,
    part: Part,
    cells: impl Fn(&Value) -> [String; N],
    describe: impl Fn(&Value) -> Row,
) -> Output {
    let rows: Vec<[String; N]> = part.items.iter().map(cells).collect();
    let entries: Vec<Row> = part.items.iter().map(describe).collect();
    let readable = compact_table(listing.title, listing.columns, &rows);
    let output = Output::new(readable, Some(Value::Array(part.items)));
    let page = Page {
        noun: listing.noun,
        count: rows.len(),
        has_more: part.more,
        next: part.next.as_ref(),
        token_name,
    };
    with_page(with_entries(output, listing.key, entries), &page)
}

/// Adds entries to the context, if there are any.
pub fn with_entries(output: Output, key: &str, entries: Vec<Row>) -> Output {
    if entries.is_empty() {
        return output;
    }
    let entries = entries.into_iter().map(Value::Object).collect();
    output.with_context(key, Value::Array(entries))
}
