//! War Room texts for a terminal: headings in bold, tables that fit the window, sentences broken at words. Pure.
//! Nothing in a text can move the cursor or change what is seen elsewhere: names come from outside, and some are
//! hostile.

use super::{cells::wrap, grid, style::Style};
use crate::document::{Block, Document, Table};
use pingone::visible::visible;

/// A command's text: blocks are separated by an empty line, but a heading is not separated from what follows, nor a
/// list from the line that introduces it.
pub(crate) fn render(document: &Document, style: Style) -> String {
    let mut out = String::new();
    let mut before: Option<&Block> = None;
    for block in document.blocks() {
        let drawn = match block {
            Block::Heading(text) | Block::Strong(text) => {
                wrapped(text, style, |line| style.bold(line))
            }
            Block::Text(text) | Block::Paragraph(text) => {
                wrapped(text.trim_matches('\n').trim_end(), style, str::to_owned)
            }
            Block::Command(command) => ["  ", &visible(command), "\n"].concat(),
            Block::Table(table) => titled(table, style),
        };
        if drawn.is_empty() {
            continue;
        }
        let is_separate = match before {
            None | Some(Block::Heading(_)) => false,
            Some(Block::Strong(_)) => !drawn.starts_with(BULLET),
            Some(_) => true,
        };
        if is_separate {
            out.push('\n');
        }
        out.push_str(&drawn);
        before = Some(block);
    }
    out
}

/// An error's text.
pub(crate) fn render_error(text: &str, style: Style) -> String {
    wrapped(text, style, |line| style.red(line))
}

/// An item of a list; its further lines are indented.
const BULLET: &str = "- ";

/// Lines that fit the window. What is indented or begins with `!` is there to be copied and stays in one piece.
fn wrapped(text: &str, style: Style, drawn: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let line = visible(line);
        let indent = if line.starts_with(BULLET) { "  " } else { "" };
        let lines = if style.breaks_sentences && !line.starts_with([' ', '!']) {
            wrap(&line, style.width - indent.len())
        } else {
            vec![line]
        };
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                out.push_str(indent);
            }
            out.push_str(&drawn(line));
            out.push('\n');
        }
    }
    out
}

/// A table below its title.
fn titled(table: &Table, style: Style) -> String {
    let mut out = wrapped(&table.title, style, |line| style.bold(line));
    if table.columns.is_empty() || table.rows.is_empty() {
        return out + "No entries.\n";
    }
    out.push_str(&grid::draw(&table.columns, &table.rows, style));
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
    fn blocks_are_separated_by_an_empty_line() {
        assert_eq!(plain(Document::heading("emma unlocked")), "emma unlocked\n");
        let document = Document::from("PingOne groups for user: emma\n ")
            .with(document::table("Groups", &[]))
            .with(Block::Heading("Sessions".to_owned()))
            .with("Not available: a ** b #c\n");
        assert_eq!(
            plain(document.clone()),
            "PingOne groups for user: emma\n\nGroups\nNo entries.\n\nSessions\nNot available: a ** b #c\n"
        );
        let document = Document::heading("Dry run")
            .with(Block::Strong("emma.sharp".to_owned()))
            .with("- The user would be disabled.\n")
            .with(Block::Strong("Nothing was changed.".to_owned()))
            .with(Block::Paragraph("1 user".to_owned()));
        assert_eq!(
            plain(document),
            "Dry run\nemma.sharp\n- The user would be disabled.\n\nNothing was changed.\n\n1 user\n"
        );
        assert_eq!(
            render(
                &document::table("Groups", &[]).into(),
                Style::default().with_colours(true)
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

    #[test]
    fn sentences_break_at_words_but_not_what_is_there_to_be_copied() {
        let command = format!("!pingone-restore-user emma.sharp record={}", "x".repeat(60));
        let text = format!("- The user would be let in again by this command:\n{command}");
        assert_eq!(
            render(&Document::from(text), Style::new(40)),
            format!("- The user would be let in again by\n  this command:\n{command}\n")
        );
        assert_eq!(
            render_error(
                "PingOne error: no\u{7} user named emma.sharp",
                Style::new(40).with_colours(true)
            ),
            "\u{1b}[31mPingOne error: no\\u{7} user named\u{1b}[0m\n\u{1b}[31memma.sharp\u{1b}[0m\n"
        );
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
