//! What a command has to say, as blocks: headings, texts and tables. `markdown` draws them for the War Room and
//! `cli/terminal` for a terminal, so that nobody has to read Markdown back. Pure; knows nothing of PingOne.
//!
//! A cell holds what XSOAR's own `tableToMarkdown` puts into it, since the documented tables are made by it. One
//! difference is wanted: a row with a single member shows its value, where the original leaves the cell empty.

use serde_json::{Map, Value};

/// One row: column name and value.
pub type Row = Map<String, Value>;

/// A row, or an entry of the context, of these members, in this order.
pub fn row<const N: usize>(members: [(&str, Value); N]) -> Row {
    members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What stands at `pointer` in `raw`, for a row; null, and so an empty cell, if nothing does. The pointers are our own and
/// have no escapes, and looking for these would cost more than the rest.
pub fn at(raw: &Value, pointer: &str) -> Value {
    let mut steps = pointer.split('/').skip(1);
    let found = steps.try_fold(raw, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        other => other.get(step),
    });
    found.cloned().unwrap_or_default()
}

/// A War Room text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    blocks: Vec<Block>,
}

/// A part of a [`Document`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A line that says what follows, or what was done.
    Heading(String),
    /// A sentence that must not be overlooked.
    Strong(String),
    /// Lines as they are; each but the last ends in its own newline.
    Text(String),
    /// Rows below a title.
    Table(Table),
}

/// Rows below a title. Without a column or a row, it says that there are no entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What the rows are.
    pub title: String,
    /// The columns' names.
    pub columns: Vec<String>,
    /// The cells' texts, not escaped; they may have several lines.
    pub rows: Vec<Vec<String>>,
}

impl Document {
    /// A heading alone.
    pub fn heading(text: impl Into<String>) -> Self {
        Block::Heading(text.into()).into()
    }

    /// The blocks, from top to bottom.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Adds a block at the end.
    pub fn push(&mut self, block: impl Into<Block>) {
        match (block.into(), self.blocks.last_mut()) {
            (Block::Text(text), Some(Block::Text(last))) => last.push_str(&text),
            (block, _) => self.blocks.push(block),
        }
    }

    /// The same with a block more at the end.
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

/// A table with the columns of the first row, in the order of their code points.
pub fn table(title: &str, rows: &[Row]) -> Table {
    let mut columns: Vec<&str> = rows
        .first()
        .map(|row| row.keys().map(String::as_str).collect())
        .unwrap_or_default();
    columns.sort_unstable();
    table_of(title, &columns, rows)
}

/// A table with these columns, in this order.
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

/// A value as it stands in a cell: nothing for null, texts as they are, list items under each other,
/// members of an object as `name: value` under each other.
fn cell(value: &Value) -> String {
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

/// A value inside an object's cell: null as JSON, a deeper object as JSON text.
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

/// List items stand in a cell as Python's `str` shows them.
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
