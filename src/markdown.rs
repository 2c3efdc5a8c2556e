//! Draws a document as the War Room's Markdown, its tables as XSOAR's own `tableToMarkdown` writes them, since the
//! documented texts are made by it. Pure.

use crate::{
    document::{Block, Document, Table},
    inert::BREAK,
};

/// The document as Markdown; not yet inert.
pub fn markdown(document: &Document) -> String {
    let mut out = String::new();
    for (number, block) in document.blocks().iter().enumerate() {
        match block {
            Block::Heading(text) => {
                out.push_str("### ");
                out.push_str(text);
                // The documented texts that are a heading alone end without a newline.
                if number + 1 < document.blocks().len() {
                    out.push('\n');
                }
            }
            Block::Strong(text) => {
                out.push_str("**");
                out.push_str(text);
                out.push_str("**\n");
            }
            Block::Text(text) => out.push_str(text),
            Block::Table(table) => draw_table(table, &mut out),
        }
    }
    out
}

/// `### title`, then the rows, or `**No entries.**`. The title is not escaped, as in the original.
fn draw_table(table: &Table, out: &mut String) {
    out.push_str("### ");
    out.push_str(&table.title);
    out.push('\n');
    if table.columns.is_empty() || table.rows.is_empty() {
        out.push_str("**No entries.**\n");
        return;
    }
    out.push('|');
    for column in &table.columns {
        push_escaped(column, out);
        out.push('|');
    }
    out.push_str("\n|");
    out.push_str(&"---|".repeat(table.columns.len()));
    out.push('\n');
    for row in &table.rows {
        out.push('|');
        for cell in row {
            out.push(' ');
            push_escaped(cell, out);
            out.push_str(" |");
        }
        out.push('\n');
    }
}

/// Line breaks, pipes and backticks would end a cell; nothing else is escaped, as in the original. A `<br>` of the
/// value's own is no line break: `inert.rs` could not tell it from ours.
fn push_escaped(text: &str, out: &mut String) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            'b' if out.ends_with('<') && is_end_of_break(characters.clone()) => {
                out.push(BREAK);
                out.push('b');
            }
            '\r' => {
                characters.next_if_eq(&'\n');
                out.push_str("<br>");
            }
            '\n' => out.push_str("<br>"),
            '|' => out.push_str("\\|"),
            '`' => out.push_str("\\`"),
            other => out.push(other),
        }
    }
}

/// `r>`
fn is_end_of_break(mut rest: impl Iterator<Item = char>) -> bool {
    rest.next() == Some('r') && rest.next() == Some('>')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::document::{self, Row};

    fn table(title: &str, rows: &[Row]) -> String {
        markdown(&document::table(title, rows).into())
    }

    fn row(value: Value) -> Row {
        match value {
            Value::Object(row) => row,
            other => panic!("not an object: {other}"),
        }
    }

    #[test]
    fn columns_are_the_first_rows_sorted_by_code_point() {
        let rows = [
            row(json!({"b": 1, "a": "x", "_c": true, "Z": null})),
            row(json!({"a": 1.0, "extra": 2})),
        ];
        assert_eq!(
            table("T", &rows),
            "### T\n|Z|_c|a|b|\n|---|---|---|---|\n|  | true | x | 1 |\n|  |  | 1.0 |  |\n"
        );
    }

    #[test]
    fn nothing_to_show() {
        assert_eq!(table("T", &[]), "### T\n**No entries.**\n");
        assert_eq!(table("T", &[Row::new()]), "### T\n**No entries.**\n");
    }

    #[test]
    fn cells_cannot_break_out_of_the_table() {
        let rows = [row(json!({"a|b": "x|y`z\\\r\n<br>\n\rq"}))];
        assert_eq!(
            table("T", &rows),
            "### T\n|a\\|b|\n|---|\n| x\\|y\\`z\\<br><\u{200b}br><br><br>q |\n"
        );
    }

    #[test]
    fn nested_values_stand_under_each_other() {
        let rows = [row(
            json!({"l": ["a", 1, null, true, {"k": "it's"}, ["x"]], "o": {"s": "t", "n": null, "l": ["a", "b"], "d": {"e": [1, 2]}}}),
        )];
        assert_eq!(
            table("T", &rows),
            "### T\n|l|o|\n|---|---|\n| a,<br>1,<br>None,<br>True,<br>{'k': \"it's\"},<br>['x'] | s: t<br>n: null<br>l: a,<br>b<br>d: {\"e\": [1, 2]} |\n"
        );
    }

    #[test]
    fn a_single_member_is_shown() {
        assert_eq!(
            table("T", &[row(json!({"name": {"given": "Emma"}}))]),
            "### T\n|name|\n|---|\n| given: Emma |\n"
        );
    }
}
