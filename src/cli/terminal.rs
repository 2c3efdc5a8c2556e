//! War Room texts for a terminal: headings, bold, tables with aligned columns. Pure. Nothing in a text can move
//! the cursor or change what is seen elsewhere: names come from outside, and some are hostile.

use unicode_width::UnicodeWidthStr as _;

use crate::inert::as_shown;
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

/// A War Room text. Tables are those of `markdown.rs`.
pub(crate) fn render(text: &str, style: Style) -> String {
    let mut out = String::new();
    let mut lines = text.trim_end().lines().peekable();
    while let Some(line) = lines.next() {
        let is_table = line.starts_with('|') && lines.peek().is_some_and(|next| is_separator(next));
        if is_table {
            lines.next();
            let headings: Vec<String> = cells(line).iter().map(|cell| shown(cell)).collect();
            let mut rows = Vec::new();
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                rows.push(cells(row).iter().map(|cell| cell_lines(cell)).collect());
            }
            out.push_str(&aligned(&headings, &rows, style));
            continue;
        }
        let heading = line
            .trim_start()
            .strip_prefix('#')
            .map(|rest| rest.trim_start_matches('#'));
        match heading.and_then(|rest| rest.strip_prefix(' ')) {
            Some(heading) => out.push_str(&style.bold(&shown(heading))),
            None => out.push_str(&emphasised(line, style)),
        }
        out.push('\n');
    }
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

fn is_separator(line: &str) -> bool {
    line.starts_with("|-") && line.chars().all(|character| "|-".contains(character))
}

/// The cells of a row; a pipe after a backslash belongs to the cell.
fn cells(row: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut characters = row.trim_end().chars().skip(1).peekable();
    while let Some(character) = characters.next() {
        let Some(cell) = cells.last_mut() else { break };
        match character {
            '\\' => match characters.next_if(|next| matches!(next, '|' | '`')) {
                Some(escaped) => cell.push(escaped),
                None => cell.push('\\'),
            },
            '|' => cells.push(String::new()),
            other => cell.push(other),
        }
    }
    // The row ends in a pipe, after which there is no cell.
    if cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    // The space on both sides is the table's.
    for cell in &mut cells {
        if let Some(text) = cell.strip_prefix(' ') {
            *cell = text.strip_suffix(' ').unwrap_or(text).to_owned();
        }
    }
    cells
}

fn cell_lines(cell: &str) -> Vec<String> {
    cell.split("<br>").map(shown).collect()
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

/// `**bold**`.
fn emphasised(line: &str, style: Style) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, (bold, after))) = rest
        .split_once("**")
        .and_then(|(before, after)| Some((before, after.split_once("**")?)))
    {
        out.push_str(&shown(before));
        out.push_str(&style.bold(&shown(bold)));
        rest = after;
    }
    out.push_str(&shown(rest));
    out
}

/// What the War Room would show, made safe for a terminal.
fn shown(text: &str) -> String {
    visible(&as_shown(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::markdown::{self, Row};
    use pingone::visible::is_hidden;

    fn plain(text: &str) -> String {
        render(text, Style::default())
    }

    fn rows(rows: &[Value]) -> Vec<Row> {
        rows.iter()
            .map(|row| row.as_object().cloned().expect("an object"))
            .collect()
    }

    #[test]
    fn columns_are_aligned_by_the_cells_they_take() {
        let table = markdown::table(
            "Groups",
            &rows(&[
                json!({"ID": "1", "Name": "営業"}),
                json!({"ID": "22222", "Name": null}),
                json!({"ID": "333", "Name": "a|b`c\\"}),
            ]),
        );
        assert_eq!(
            plain(&table),
            "Groups\nID     Name\n-----  ------\n1      営業\n22222\n333    a|b`c\\\n"
        );
    }

    #[test]
    fn a_cell_may_have_several_lines() {
        let table = markdown::table(
            "T",
            &rows(&[json!({"a": {"given": "Emma", "family": "Sharp"}, "b": "x"})]),
        );
        assert_eq!(
            plain(&table),
            "T\na              b\n-------------  -\ngiven: Emma    x\nfamily: Sharp\n"
        );
    }

    #[test]
    fn a_wide_table_is_shown_row_by_row() {
        let long = "x".repeat(96);
        let table = markdown::table(
            "T",
            &rows(&[
                json!({"ID": "1", "Username": long, "Z": "p\nq"}),
                json!({"ID": "2", "Username": null, "Z": 7}),
            ]),
        );
        assert_eq!(
            plain(&table),
            format!(
                "T\nID        1\nUsername  {long}\nZ         p\n          q\n\nID        2\nUsername\nZ         7\n"
            )
        );
    }

    #[test]
    fn headings_and_bold() {
        let colours = Style { colours: true };
        assert_eq!(plain("### emma unlocked"), "emma unlocked\n");
        assert_eq!(
            plain("PingOne groups for user: emma\n ### Groups\n**No entries.**\n"),
            "PingOne groups for user: emma\nGroups\nNo entries.\n"
        );
        assert_eq!(
            render("### Groups\n**No entries.**\n", colours),
            "\x1b[1mGroups\x1b[0m\n\x1b[1mNo entries.\x1b[0m\n"
        );
        assert_eq!(plain("a ** b #c"), "a ** b #c\n");
    }

    #[test]
    fn nothing_moves_the_cursor() {
        assert_eq!(
            plain("### a\u{1b}[2Jb\u{202e}c\rd\u{9b}1m"),
            "a\\u{1b}[2Jb\\u{202e}c\\u{d}d\\u{9b}1m\n"
        );
        let table = markdown::table("T", &rows(&[json!({"a": "\u{1b}]0;x\u{7}", "b": "\u{8}"})]));
        assert!(plain(&table).contains("\\u{1b}]0;x\\u{7}  \\u{8}"));
    }

    proptest! {
        #[test]
        fn every_value_is_shown_and_none_is_obeyed(value in any::<String>(), other in "\\PC{0,150}") {
            let table = markdown::table("T", &rows(&[json!({"a": value, "b": other})]));
            let shown = plain(&table);
            prop_assert!(shown.chars().all(|character| character == '\n' || !is_hidden(character)));
        }

        /// A cell is read back from its Markdown, but for line breaks.
        #[test]
        fn a_cell_comes_back(value in "[a-z|`\\\\ ]{0,20}") {
            let table = markdown::table("T", &rows(&[json!({"a": value, "b": "end"})]));
            let row = table.lines().last().expect("a row");
            prop_assert_eq!(cells(row), [value, "end".to_owned()]);
        }
    }
}
