//! Renders a document as Markdown for the War Room. Tables are byte for byte those of XSOAR's own `tableToMarkdown`,
//! which the documented texts are made with. Pure.

use crate::{
    document::{Block, Document, Table},
    inert::BREAK,
};

/// The document as Markdown. Not yet inert: see `inert`.
pub fn markdown(document: &Document) -> String {
    let mut out = String::new();
    for (number, block) in document.blocks().iter().enumerate() {
        match block {
            Block::Heading(text) => {
                out.push_str("### ");
                out.push_str(text);
                // Documented texts that are only a heading end without a newline.
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
            Block::Paragraph(text) => {
                out.push('\n');
                out.push_str(text);
                out.push('\n');
            }
            Block::Command(command) => {
                out.push_str("```\n");
                out.push_str(command);
                out.push_str("\n```\n");
            }
            Block::Table(table) => render_table(table, &mut out),
        }
    }
    out
}

/// `### title`, then the rows or `**No entries.**`. As in the original, the title is not escaped.
fn render_table(table: &Table, out: &mut String) {
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

/// Escapes what would end a cell: line breaks, pipes, backticks. As in the original, nothing else is escaped. A `<br>` in
/// the value gets an invisible character: `inert.rs` could not tell it from the line breaks written here.
fn push_escaped(text: &str, out: &mut String) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            'b' if out.ends_with('<') && ends_break(characters.clone()) => {
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
fn ends_break(mut rest: impl Iterator<Item = char>) -> bool {
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
    fn columns_come_from_the_first_row_and_are_sorted() {
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
    fn a_table_without_rows_or_columns() {
        assert_eq!(table("T", &[]), "### T\n**No entries.**\n");
        assert_eq!(table("T", &[Row::new()]), "### T\n**No entries.**\n");
    }

    #[test]
    fn a_paragraph_after_a_table_is_not_a_row() {
        let document = Document::from(document::table("T", &[row(json!({"a": 1}))]))
            .with(Block::Paragraph("2 rows".to_owned()))
            .with(Block::Paragraph("A note.".to_owned()));
        assert_eq!(
            markdown(&document),
            "### T\n|a|\n|---|\n| 1 |\n\n2 rows\n\nA note.\n"
        );
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
    fn nested_values_get_lines_of_their_own() {
        let rows = [row(
            json!({"l": ["a", 1, null, true, {"k": "it's"}, ["x"]], "o": {"s": "t", "n": null, "l": ["a", "b"], "d": {"e": [1, 2]}}}),
        )];
        assert_eq!(
            table("T", &rows),
            "### T\n|l|o|\n|---|---|\n| a,<br>1,<br>None,<br>True,<br>{'k': \"it's\"},<br>['x'] | s: t<br>n: null<br>l: a,<br>b<br>d: {\"e\": [1, 2]} |\n"
        );
    }

    #[test]
    fn a_single_member_object_shows_its_value() {
        assert_eq!(
            table("T", &[row(json!({"name": {"given": "Emma"}}))]),
            "### T\n|name|\n|---|\n| given: Emma |\n"
        );
    }
}
