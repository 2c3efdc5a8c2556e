//! A command's answer for people, as blocks: headings, texts and tables. `markdown` renders them for the War Room and
//! `cli/terminal` for a terminal, so nothing has to parse Markdown. Pure; knows nothing of PingOne.
//!
//! Cells have the same text as with XSOAR's own `tableToMarkdown`, which the documented tables are made with. One
//! deliberate difference: a single-member object shows its value, where the original leaves the cell empty.

use serde_json::{Map, Value};

/// A row: column names and values.
pub type Row = Map<String, Value>;

/// A row, or a context entry, with these members in this order.
pub fn row<const N: usize>(members: [(&str, Value); N]) -> Row {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// The value at `pointer` in `raw`; null, and so an empty cell, if there is none. Unlike `Value::pointer` it does not
/// unescape: our pointers have no escapes, and looking for them would take most of the time.
pub fn at(raw: &Value, pointer: &str) -> Value {
    let mut steps = pointer.split('/').skip(1);
    let found = steps.try_fold(raw, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    });
    found.cloned().unwrap_or_default()
}

/// A command's answer for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    blocks: Vec<Block>,
}

/// A part of a [`Document`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading: what follows, or what was done.
    Heading(String),
    /// A sentence that must not be missed.
    Strong(String),
    /// Text as it is. It must end in a newline unless it is the last block.
    Text(String),
    /// Text with a blank line before it, such as a note below a table: Markdown would make it a row.
    Paragraph(String),
    /// A command to copy: a single line that does not begin with a backtick.
    Command(String),
    /// A table.
    Table(Table),
}

/// A table with a title. One without columns or rows is shown as "No entries".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The title.
    pub title: String,
    /// The column headings.
    pub columns: Vec<String>,
    /// The cells' texts, not escaped. A cell may have several lines.
    pub rows: Vec<Vec<String>>,
}

impl Document {
    /// A heading alone.
    pub fn heading(text: impl Into<String>) -> Self {
        Block::Heading(text.into()).into()
    }

    /// The blocks, top to bottom.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Appends a block.
    pub fn push(&mut self, block: impl Into<Block>) {
        match (block.into(), self.blocks.last_mut()) {
            (Block::Text(text), Some(Block::Text(last))) => last.push_str(&text),
            (block, _) => self.blocks.push(block),
        }
    }

    /// Appends a block, as a builder.
    #[must_use]
    pub fn with(mut self, block: impl Into<Block>) -> Self {
        self.push(block);
        self
    }
}

impl<B: Into<Block>> From<B> for Document {
    fn from(block: B) -> Self {
        Self::default().with(block)
    }
}

impl From<String> for Block {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Block {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

/// A table with the columns of the first row, sorted by code point: `tableToMarkdown` without headers.
pub fn table(title: &str, rows: &[Row]) -> Table {
    let mut columns: Vec<&str> = rows
        .first()
        .map(|row| row.keys().map(String::as_str).collect())
        .unwrap_or_default();
    columns.sort_unstable();
    table_of(title, &columns, rows)
}

/// A table with these columns, in this order: `tableToMarkdown` with headers.
pub fn table_of(title: &str, columns: &[&str], rows: &[Row]) -> Table {
    let cells = |row: &Row| {
        let cells = columns.iter().map(|column| row.get(*column));
        cells
            .map(|value| value.map(cell).unwrap_or_default())
            .collect()
    };
    Table {
        title: title.to_owned(),
        columns: columns.iter().map(|&column| column.to_owned()).collect(),
        rows: rows.iter().map(cells).collect(),
    }
}

/// A table made for reading, unlike those that follow `tableToMarkdown`: leaves out columns that are empty in every row,
/// and keeps the title on one line.
pub fn compact_table<const N: usize>(
    title: &str,
    columns: [&str; N],
    rows: &[[String; N]],
) -> Table {
    let is_used = |column: &usize| rows.iter().any(|row| !row[*column].is_empty());
    let mut kept: Vec<usize> = (0..N).filter(is_used).collect();
    if kept.is_empty() {
        // Rows without any text still count.
        kept = (0..N).collect();
    }
    let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let title = title.split(is_break).filter(|part| !part.is_empty());
    let pick = |row: &[String; N]| kept.iter().map(|&column| row[column].clone()).collect();
    Table {
        title: title.collect::<Vec<_>>().join(" "),
        columns: kept
            .iter()
            .map(|&column| columns[column].to_owned())
            .collect(),
        rows: rows.iter().map(pick).collect(),
    }
}

/// A value as cell text: null is empty, strings stay as they are, list items and the members of an object (`name: value`)
/// go on lines of their own.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(items) => items.iter().map(python_str).collect::<Vec<_>>().join(",\n"),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("{name}: {}", member(value)))
            .collect::<Vec<_>>()
            .join("\n"),
        other => scalar(other),
    }
}

/// A member of an object in a cell. Unlike at the top level, null and nested objects are JSON.
fn member(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(python_str).collect::<Vec<_>>().join(",\n"),
        Value::Object(_) => spaced_json(value),
        other => scalar(other),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// JSON with a space after each colon and comma, as Python writes it.
fn spaced_json(value: &Value) -> String {
    match value {
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(spaced_json).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                format!("{}: {}", Value::from(name.as_str()), spaced_json(value))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// A list item, as Python's `str` writes it.
fn python_str(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => python_repr(other),
    }
}

fn python_repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) if text.contains('\'') && !text.contains('"') => format!("\"{text}\""),
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(python_repr).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                format!(
                    "{}: {}",
                    python_repr(&Value::from(name.as_str())),
                    python_repr(value)
                )
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compact_table_leaves_out_empty_columns() {
        let text = str::to_owned;
        let rows = [
            [text("1"), text(""), text("x")],
            [text("2"), text(""), text("")],
        ];
        let table = compact_table("A title\r\nof two lines", ["a", "b", "c"], &rows);
        assert_eq!(table.title, "A title of two lines");
        assert_eq!(table.columns, ["a", "c"]);
        assert_eq!(table.rows, [["1", "x"], ["2", ""]]);
        let empty = compact_table("T", ["a", "b"], &[[text(""), text("")]]);
        assert_eq!(
            empty.rows,
            [["", ""]],
            "a row without any text is still a row"
        );
    }
}
