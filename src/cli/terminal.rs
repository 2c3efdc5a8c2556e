//! War Room texts for a terminal: headings, bold, tables with aligned columns. Pure. Nothing in a text can move
//! the cursor or change what is seen elsewhere: names come from outside, and some are hostile.

use unicode_width::UnicodeWidthStr as _;

use crate::document::{Block, Document, Table};
use pingone::visible::visible;

/// How a text is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Style {
    /// Whether escape sequences for colours and bold may be written.
    pub(crate) colours: bool,
}

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const PLAIN: &str = "\x1b[0m";

impl Style {
    pub(crate) fn bold(self, text: &str) -> String {
        self.with(BOLD, text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with(DIM, text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.with(RED, text)
    }

    fn with(self, sequence: &str, text: &str) -> String {
        if self.colours && !text.is_empty() {
            format!("{sequence}{text}{PLAIN}")
        } else {
            text.to_owned()
        }
    }
}

/// A table that would be wider is shown row by row, a line for each column: broken lines cannot be read.
const MAX_WIDTH: usize = 100;
/// Between two columns.
const GAP: &str = "  ";

/// A command's text: blocks are parted by an empty line, but for what a heading belongs to.
pub(crate) fn render(document: &Document, style: Style) -> String {
    let mut out = String::new();
    let mut follows_heading = true;
    for block in document.blocks() {
        let drawn = match block {
            Block::Heading(text) | Block::Strong(text) => style.bold(&visible(text)) + "\n",
            Block::Text(text) | Block::Paragraph(text) => text
                .trim()
                .lines()
                .map(|line| visible(line) + "\n")
                .collect(),
            Block::Command(command) => ["  ", &visible(command), "\n"].concat(),
            Block::Table(table) => titled(table, style),
        };
        if drawn.is_empty() {
            continue;
        }
        if !follows_heading {
            out.push('\n');
        }
        out.push_str(&drawn);
        follows_heading = matches!(block, Block::Heading(_));
    }
    out
}

/// A table below its title.
fn titled(table: &Table, style: Style) -> String {
    let mut out = style.bold(&visible(&table.title)) + "\n";
    if table.columns.is_empty() || table.rows.is_empty() {
        return out + "No entries.\n";
    }
    let headings: Vec<String> = table.columns.iter().map(|text| visible(text)).collect();
    let cells = |row: &Vec<String>| row.iter().map(|cell| cell_lines(cell)).collect();
    let rows: Vec<Vec<Vec<String>>> = table.rows.iter().map(cells).collect();
    out.push_str(&aligned(&headings, &rows, style));
    out
}

/// A table of texts as they are.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>], style: Style) -> String {
    let headings: Vec<String> = headings.iter().map(|text| visible(text)).collect();
    let rows: Vec<Vec<Vec<String>>> = rows
        .iter()
        .map(|row| row.iter().map(|text| vec![visible(text)]).collect())
        .collect();
    columns(&headings, &rows, style)
}

fn cell_lines(cell: &str) -> Vec<String> {
    let lines: Vec<String> = cell.lines().map(visible).collect();
    if lines.is_empty() {
        vec![String::new()]
    } else {
        lines
    }
}

fn width(text: &str) -> usize {
    text.width()
}

/// Cells are lists of lines.
fn aligned(headings: &[String], rows: &[Vec<Vec<String>>], style: Style) -> String {
    let wide: usize =
        widths(headings, rows).iter().sum::<usize>() + GAP.len() * headings.len().saturating_sub(1);
    if wide > MAX_WIDTH && headings.len() > 1 {
        records(headings, rows, style)
    } else {
        columns(headings, rows, style)
    }
}

fn widths(headings: &[String], rows: &[Vec<Vec<String>>]) -> Vec<usize> {
    headings
        .iter()
        .enumerate()
        .map(|(column, heading)| {
            let cells = rows.iter().filter_map(|row| row.get(column)).flatten();
            cells
                .map(|line| width(line))
                .chain([width(heading)])
                .max()
                .unwrap_or_default()
        })
        .collect()
}

fn columns(headings: &[String], rows: &[Vec<Vec<String>>], style: Style) -> String {
    let widths = widths(headings, rows);
    let mut out = String::new();
    let mut push_line = |texts: &[&str], dim: bool| {
        let mut line = String::new();
        let mut owed = 0;
        for (text, wide) in texts.iter().zip(&widths) {
            if !text.is_empty() {
                line.push_str(&" ".repeat(owed));
                owed = 0;
                line.push_str(&if dim {
                    style.dim(text)
                } else {
                    (*text).to_owned()
                });
            }
            // Spaces are written only when something follows them.
            owed += wide.saturating_sub(width(text)) + GAP.len();
        }
        out.push_str(&line);
        out.push('\n');
    };
    let texts: Vec<&str> = headings.iter().map(String::as_str).collect();
    push_line(&texts, true);
    let rules: Vec<String> = widths.iter().map(|wide| "-".repeat(*wide)).collect();
    let texts: Vec<&str> = rules.iter().map(String::as_str).collect();
    push_line(&texts, true);
    for row in rows {
        let height = row.iter().map(Vec::len).max().unwrap_or(1);
        for line in 0..height {
            let texts: Vec<&str> = row
                .iter()
                .map(|cell| cell.get(line).map_or("", String::as_str))
                .collect();
            push_line(&texts, false);
        }
    }
    out
}

/// Each row as lines of column and value.
fn records(headings: &[String], rows: &[Vec<Vec<String>>], style: Style) -> String {
    let wide = headings
        .iter()
        .map(|heading| width(heading))
        .max()
        .unwrap_or_default();
    let mut out = String::new();
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        for (heading, cell) in headings.iter().zip(row) {
            let mut label = heading.as_str();
            for line in cell {
                let spaces = " ".repeat(wide - width(label) + GAP.len());
                let text = format!("{}{spaces}{line}", style.dim(label));
                out.push_str(text.trim_end());
                out.push('\n');
                label = "";
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::document::{self, Row};
    use pingone::visible::is_hidden;

    fn plain(document: impl Into<Document>) -> String {
        render(&document.into(), Style::default())
    }

    fn rows(rows: &[Value]) -> Vec<Row> {
        rows.iter()
            .map(|row| row.as_object().cloned().expect("an object"))
            .collect()
    }

    #[test]
    fn columns_are_aligned_by_the_cells_they_take() {
        let table = document::table(
            "Groups",
            &rows(&[
                json!({"ID": "1", "Name": "営業"}),
                json!({"ID": "22222", "Name": null}),
                json!({"ID": "333", "Name": "a|b`c\\"}),
            ]),
        );
        assert_eq!(
            plain(table),
            "Groups\nID     Name\n-----  ------\n1      営業\n22222\n333    a|b`c\\\n"
        );
    }

    #[test]
    fn a_cell_may_have_several_lines() {
        let table = document::table(
            "T",
            &rows(&[json!({"a": {"given": "Emma", "family": "Sharp"}, "b": "x"})]),
        );
        assert_eq!(
            plain(table),
            "T\na              b\n-------------  -\ngiven: Emma    x\nfamily: Sharp\n"
        );
    }

    #[test]
    fn a_wide_table_is_shown_row_by_row() {
        let long = "x".repeat(96);
        let table = document::table(
            "T",
            &rows(&[
                json!({"ID": "1", "Username": long, "Z": "p\nq"}),
                json!({"ID": "2", "Username": null, "Z": 7}),
            ]),
        );
        assert_eq!(
            plain(table),
            format!(
                "T\nID        1\nUsername  {long}\nZ         p\n          q\n\nID        2\nUsername\nZ         7\n"
            )
        );
    }

    #[test]
    fn blocks_are_parted_by_an_empty_line() {
        assert_eq!(plain(Document::heading("emma unlocked")), "emma unlocked\n");
        let document = Document::from("PingOne groups for user: emma\n ")
            .with(document::table("Groups", &[]))
            .with(Block::Heading("Sessions".to_owned()))
            .with("Not available: a ** b #c\n");
        assert_eq!(
            plain(document.clone()),
            "PingOne groups for user: emma\n\nGroups\nNo entries.\n\nSessions\nNot available: a ** b #c\n"
        );
        assert_eq!(
            render(
                &document::table("Groups", &[]).into(),
                Style { colours: true }
            ),
            "\x1b[1mGroups\x1b[0m\nNo entries.\n"
        );
    }

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(
            plain(Document::heading("a\u{1b}[2Jb\u{202e}c\rd\u{9b}1m")),
            "a\\u{1b}[2Jb\\u{202e}c\\u{d}d\\u{9b}1m\n"
        );
        let table = document::table("T", &rows(&[json!({"a": "\u{1b}]0;x\u{7}", "b": "\u{8}"})]));
        assert!(plain(table).contains("\\u{1b}]0;x\\u{7}  \\u{8}"));
    }

    proptest! {
        #[test]
        fn every_value_is_shown_and_none_is_obeyed(value in any::<String>(), other in "\\PC{0,150}") {
            let table = document::table("T", &rows(&[json!({"a": value, "b": other})]));
            let shown = plain(table);
            prop_assert!(shown.chars().all(|character| character == '\n' || !is_hidden(character)));
        }
    }
}
