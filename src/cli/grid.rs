//! A table that fits the window. Pure.
//!
//! - Short tables lose nothing if they can help it: sentences are broken at words.
//! - Long tables have one line for each row: what does not fit is cut and marked with `…`.
//! - One row with many columns, or two rows that do not fit, stand as lines of column and value.
//! - Where even cut cells do not fit, columns are left out, ids first, and a line below the table names them.

use super::{
    cells::{cut, width, wrap},
    style::Style,
};
use pingone::visible::visible;

/// Between two columns.
const GAP: &str = "  ";
/// Tables with more rows have one line for each.
const SHORT: usize = 20;
/// A single row with more columns is read more easily from top to bottom.
const FEW_COLUMNS: usize = 5;
/// A column with spaces in it holds sentences if it is wider.
const SENTENCE: usize = 24;
/// The width of a UUID.
const ID: usize = 36;
/// These columns are cut before one of them is left out; of further ones, all are left out before something is cut to
/// less than this.
const FIRST_COLUMNS: usize = 4;
const LEGIBLE: usize = 24;
/// No column is made narrower.
const NARROW: usize = 16;

/// Draws rows of texts, which may have several lines and come from outside.
pub(super) fn draw(headings: &[String], rows: &[Vec<String>], style: Style) -> String {
    let is_short = rows.len() <= SHORT;
    let rows: Vec<Vec<Vec<String>>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| lines(cell, is_short)).collect())
        .collect();
    let columns: Vec<Column> = headings
        .iter()
        .enumerate()
        .map(|(at, heading)| Column::new(at, visible(heading), &rows, is_short))
        .collect();
    let fits = total(&columns, Column::unharmed) <= style.width;
    if rows.len() == 1 && columns.len() > FEW_COLUMNS || rows.len() <= 2 && !fits {
        return records(&columns, &rows, style);
    }
    let (columns, left_out) = fitted(columns, style.width);
    let mut out = aligned(&columns, &rows, style);
    if !left_out.is_empty() {
        let note = format!(
            "Not shown in {} columns: {}.",
            style.width,
            left_out.join(", ")
        );
        for line in wrap(&note, style.width) {
            out.push_str(&style.dim(&line));
            out.push('\n');
        }
    }
    out
}

/// A cell's lines; in a long table, its one line.
fn lines(cell: &str, is_short: bool) -> Vec<String> {
    let lines = cell.lines().map(visible);
    if is_short && !cell.is_empty() {
        return lines.collect();
    }
    let mut joined = String::new();
    for line in lines {
        if !joined.is_empty() {
            joined.push_str(if joined.ends_with(',') { " " } else { "; " });
        }
        joined.push_str(&line);
    }
    vec![joined]
}

/// A column and the room that it takes.
struct Column {
    /// Which cell of a row it is.
    at: usize,
    heading: String,
    /// The room that it has.
    width: usize,
    /// Whether it holds sentences, which may be broken at words.
    is_prose: bool,
    /// Whether it holds ids: they say least to a person.
    is_id: bool,
    /// The room without which a sentence's words are broken.
    longest_word: usize,
    /// The least room in which it is of use.
    least: usize,
}

impl Column {
    fn new(at: usize, heading: String, rows: &[Vec<Vec<String>>], is_short: bool) -> Self {
        let cells = || rows.iter().filter_map(|row| row.get(at)).flatten();
        let widths = || cells().map(|line| width(line)).filter(|wide| *wide > 0);
        let own = width(&heading);
        let widest = widths().max().unwrap_or_default().max(own);
        let is_prose = widest > SENTENCE && cells().any(|line| line.contains(' '));
        let words = cells().flat_map(|line| line.split(' ')).map(width);
        let longest_word = words.max().unwrap_or_default().max(own);
        // Ids and times: a part of one says nothing.
        let are_alike = !is_prose && rows.len() > 1 && widths().min() == widths().max();
        let least = if are_alike {
            widest
        } else {
            widest.min(NARROW)
        };
        Self {
            at,
            heading,
            width: widest,
            is_prose: is_prose && is_short,
            is_id: are_alike && widest == ID,
            longest_word,
            least: least.max(own),
        }
    }

    /// The room in which nothing has to be cut and no word broken.
    fn unharmed(&self) -> usize {
        if self.is_prose {
            self.longest_word.max(self.least)
        } else {
            self.width
        }
    }
}

/// The room for all columns and what is between them.
fn total(columns: &[Column], room: impl Fn(&Column) -> usize) -> usize {
    columns.iter().map(room).sum::<usize>() + GAP.len() * columns.len().saturating_sub(1)
}

/// The columns that fit into the window, and the headings of those that do not.
fn fitted(mut columns: Vec<Column>, window: usize) -> (Vec<Column>, Vec<String>) {
    let mut left_out = Vec::new();
    let room = |columns: &[Column]| {
        if columns.len() > FIRST_COLUMNS {
            total(columns, |column| {
                column.least.max(column.width.min(LEGIBLE))
            })
        } else {
            total(columns, |column| column.least)
        }
    };
    while room(&columns) > window && columns.len() > 1 {
        // The first columns matter most: they say which row it is.
        let numbered = columns.iter().enumerate();
        let last = numbered
            .max_by_key(|(index, column)| (column.is_id, *index > 0 && !column.is_prose, *index));
        let Some((index, _)) = last else { break };
        let column = columns.remove(index);
        left_out.push((column.at, column.heading));
    }
    left_out.sort_unstable();
    if let [only] = columns.as_mut_slice() {
        only.least = only.least.min(window);
    }
    while total(&columns, |column| column.width) > window {
        let wide = columns.iter_mut();
        let wide = wide.filter(|column| column.width > column.least);
        // Sentences give way first: they can be broken.
        let widest = wide.max_by_key(|column| {
            (
                column.is_prose && column.width > column.unharmed(),
                column.width,
            )
        });
        let Some(column) = widest else { break };
        column.width -= 1;
    }
    (
        columns,
        left_out.into_iter().map(|(_, name)| name).collect(),
    )
}

fn aligned(columns: &[Column], rows: &[Vec<Vec<String>>], style: Style) -> String {
    let mut out = String::new();
    let headings = columns.iter().map(|column| column.heading.as_str());
    push_line(&mut out, columns, headings, |_, text| style.dim(text));
    let rules: Vec<String> = columns
        .iter()
        .map(|column| "-".repeat(column.width))
        .collect();
    let rules = rules.iter().map(String::as_str);
    push_line(&mut out, columns, rules, |_, text| style.dim(text));
    for row in rows {
        let cells: Vec<Vec<String>> = columns
            .iter()
            .map(|column| {
                let lines = row.get(column.at).into_iter().flatten();
                if column.is_prose {
                    lines.flat_map(|line| wrap(line, column.width)).collect()
                } else {
                    lines.map(|line| cut(line, column.width)).collect()
                }
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        for line in 0..height {
            let texts = cells
                .iter()
                .map(|cell| cell.get(line).map_or("", String::as_str));
            push_line(&mut out, columns, texts, |column, text| {
                toned(row.get(column.at), text, style)
            });
        }
    }
    out
}

/// One line of the terminal. Spaces are written only where something follows them.
fn push_line<'a>(
    out: &mut String,
    columns: &[Column],
    texts: impl Iterator<Item = &'a str>,
    drawn: impl Fn(&Column, &str) -> String,
) {
    let mut owed = 0;
    for (column, text) in columns.iter().zip(texts) {
        if !text.is_empty() {
            out.push_str(&" ".repeat(owed));
            out.push_str(&drawn(column, text));
            owed = 0;
        }
        owed += column.width.saturating_sub(width(text)) + GAP.len();
    }
    out.push('\n');
}

/// Each row as lines of column and value.
fn records(columns: &[Column], rows: &[Vec<Vec<String>>], style: Style) -> String {
    let labels = columns.iter().map(|column| width(&column.heading));
    let wide = labels.max().unwrap_or_default().min(style.width * 2 / 5);
    let room = style.width - wide - GAP.len();
    let mut out = String::new();
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        for (column, cell) in columns.iter().zip(row) {
            let mut label = cut(&column.heading, wide);
            for line in cell.iter().flat_map(|line| wrap(line, room)) {
                out.push_str(&style.dim(&label));
                if !line.is_empty() {
                    out.push_str(&" ".repeat(wide - width(&label) + GAP.len()));
                    out.push_str(&toned(Some(cell), &line, style));
                }
                out.push('\n');
                label.clear();
            }
        }
    }
    out
}

/// A part of a cell: red if the cell tells of a failure, green if it tells of a change.
fn toned(cell: Option<&Vec<String>>, part: &str, style: Style) -> String {
    let told = cell.and_then(|lines| lines.first()).map_or("", |line| line);
    let first_word = told.split([' ', ':', ',']).next().unwrap_or_default();
    match first_word {
        "Failed" => style.red(part),
        "Changed" | "Done" => style.green(part),
        _ => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(headings: &[&str], rows: &[&[&str]], width: usize) -> String {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        let rows: Vec<Vec<String>> = rows.iter().map(|row| texts(row)).collect();
        let headings: Vec<String> = texts(headings);
        draw(&headings, &rows, Style::new(width))
    }

    const DETAIL: &str = "Failed: no user is named nobody. Nothing was changed for this user.";

    #[test]
    fn sentences_of_short_tables_break_at_words() {
        let rows: [&[&str]; 3] = [
            &["emma.sharp", "done", "disabled"],
            &["nora.lind", "done", "disabled"],
            &["nobody", "failed", DETAIL],
        ];
        assert_eq!(
            drawn(&["User", "Outcome", "Detail"], &rows, 60),
            "User        Outcome  Detail\n\
             ----------  -------  ---------------------------------------\n\
             emma.sharp  done     disabled\n\
             nora.lind   done     disabled\n\
             nobody      failed   Failed: no user is named nobody.\n\
             \u{20}                    Nothing was changed for this user.\n"
        );
    }

    #[test]
    fn long_tables_have_a_line_for_each_row() {
        let rows = [&["emma.sharp", DETAIL, "a,\nb"][..]; 150];
        let drawn = drawn(&["User", "Detail", "Groups"], &rows, 60);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines.len(), 152);
        assert_eq!(
            lines[2],
            "emma.sharp  Failed: no user is named nobody. Nothin…  a, b"
        );
        assert!(lines.iter().all(|line| width(line) <= 60));
    }

    #[test]
    fn a_single_row_of_many_columns_stands_from_top_to_bottom() {
        let headings = ["A", "Bcd", "C", "D", "E", "F"];
        let row: &[&str] = &["1", "2", "", "営業\n部", "5", "6"];
        assert_eq!(
            drawn(&headings, &[row], 250),
            "A    1\nBcd  2\nC\nD    営業\n     部\nE    5\nF    6\n"
        );
        assert_eq!(
            drawn(&headings[..3], &[&row[..3]], 250),
            "A  Bcd  C\n-  ---  -\n1  2\n"
        );
    }

    #[test]
    fn two_rows_that_do_not_fit_stand_from_top_to_bottom() {
        let long = "x".repeat(36);
        let rows: [&[&str]; 2] = [&["1", &long, "p\nq"], &["2", "", "7"]];
        assert_eq!(
            drawn(&["ID", "Username", "Z"], &rows, 40),
            format!(
                "ID        1\nUsername  {}\n          {}\nZ         p\n          q\n\n\
                 ID        2\nUsername\nZ         7\n",
                &long[..30],
                &long[30..]
            )
        );
    }

    #[test]
    fn ids_are_shown_whole_or_not_at_all() {
        let id = "a8890eb9-38ea-469a-bc00-b64be7903633";
        let rows: [&[&str]; 3] = [
            &["emma.sharp", id, "emma.sharp@example.com"],
            &["nora.lind", id, "nora.lind@example.com"],
            &["leo.locked", id, "leo@example.com"],
        ];
        let headings = ["Username", "ID", "Email"];
        let first_row = |width| {
            let drawn = drawn(&headings, &rows, width);
            drawn.lines().nth(2).map(str::to_owned).unwrap_or_default()
        };
        assert_eq!(
            first_row(80),
            format!("emma.sharp  {id}  emma.sharp@example.com")
        );
        assert_eq!(
            first_row(70),
            format!("emma.sharp  {id}  emma.sharp@example.…")
        );
        assert_eq!(
            drawn(&headings, &rows, 60)
                .lines()
                .skip(4)
                .collect::<Vec<_>>(),
            [
                "leo.locked  leo@example.com",
                "Not shown in 60 columns: ID."
            ]
        );
    }

    #[test]
    fn the_last_columns_are_left_out_before_the_first_are_cut_short() {
        let row = [
            "emma.sharp",
            "Emma Sharp",
            "enabled",
            "emma.sharp@example.com",
            "Employees",
        ];
        let other = [
            "nora.lind",
            "Nora Lind",
            "disabled",
            "nora.lind@example.com",
            "Contractors",
        ];
        let headings = ["Username", "Name", "State", "Email", "Population"];
        let rows = [&row[..], &other[..], &row[..]];
        let in_columns = |window| drawn(&headings, &rows, window);
        assert!(in_columns(69).contains("emma.sharp@example.com  Employees\n"));
        let without_the_last = in_columns(68);
        assert!(
            without_the_last.contains("emma.sharp@example.com\n"),
            "{without_the_last}"
        );
        assert!(without_the_last.ends_with("Not shown in 68 columns: Population.\n"));
        assert!(
            in_columns(50).contains("emma.sharp@exam…\n"),
            "{}",
            in_columns(50)
        );
    }

    #[test]
    fn sentences_give_way_to_words() {
        let row = [
            "2026-03-05 18:00:00 UTC",
            "PASSWORD.CHECK_FAILED",
            "emma.sharp via XSOAR worker",
        ];
        let other = ["2026-03-05 17:00:00 UTC", "USER.DELETED", "none"];
        let drawn = drawn(&["Time", "Action", "Actor"], &[&row, &other, &other], 68);
        assert_eq!(
            drawn.lines().skip(2).take(2).collect::<Vec<_>>(),
            [
                "2026-03-05 18:00:00 UTC  PASSWORD.CHECK_FAILED  emma.sharp via XSOAR",
                "                                                worker"
            ]
        );
    }

    #[test]
    fn outcomes_are_coloured() {
        let headings = ["User", "Outcome"].map(str::to_owned);
        let rows = [["a", "Done"], ["b", "Failed"], ["c", "No change needed"]]
            .map(|row| row.map(str::to_owned).to_vec());
        let drawn = draw(&headings, &rows, Style::new(80).with_colours(true));
        let lines: Vec<&str> = drawn.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "a     \u{1b}[32mDone\u{1b}[0m",
                "b     \u{1b}[31mFailed\u{1b}[0m",
                "c     No change needed"
            ]
        );
    }

    proptest! {
        #[test]
        fn every_table_fits(
            cells in proptest::collection::vec(proptest::collection::vec("[ \\PC\n\u{1b}]{0,40}", 7), 0..25),
            window in 40_usize..250,
        ) {
            let headings: Vec<String> = (0..7).map(|number| format!("Column {number}")).collect();
            let drawn = draw(&headings, &cells, Style::new(window));
            for line in drawn.lines() {
                prop_assert!(width(line) <= window, "{} in {window}: {line}", width(line));
                let obeyed = line.contains('\u{1b}');
                prop_assert!(!obeyed, "{line:?}");
            }
        }
    }
}
