//! Markdown tables as XSOAR's own `tableToMarkdown` writes them, cell by cell, since the War Room texts
//! are to be the documented ones. One difference is wanted: a row with a single member shows its value,
//! where the original leaves the cell empty. Pure; knows nothing of PingOne.

use serde_json::{Map, Value};

use crate::inert::BREAK;

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

/// `### title`, then a table with the columns of the first row in the order of their code points, or
/// `**No entries.**`. The title is not escaped, as in the original.
pub fn table(title: &str, rows: &[Row]) -> String {
    let mut columns: Vec<&str> = rows
        .first()
        .map(|row| row.keys().map(String::as_str).collect())
        .unwrap_or_default();
    columns.sort_unstable();
    table_of(title, &columns, rows)
}

/// The same with these columns, in this order.
pub fn table_of(title: &str, columns: &[&str], rows: &[Row]) -> String {
    let mut out = format!("### {title}\n");
    if columns.is_empty() || rows.is_empty() {
        out.push_str("**No entries.**\n");
        return out;
    }
    out.push('|');
    for column in columns {
        out.push_str(&escape(column));
        out.push('|');
    }
    out.push_str("\n|");
    out.push_str(&"---|".repeat(columns.len()));
    out.push('\n');
    for row in rows {
        out.push('|');
        for column in columns {
            out.push(' ');
            out.push_str(&escape(&row.get(*column).map(cell).unwrap_or_default()));
            out.push_str(" |");
        }
        out.push('\n');
    }
    out
}

/// Line breaks, pipes and backticks would end a cell; nothing else is escaped, as in the original. A `<br>` of the
/// value's own is no line break: `inert.rs` could not tell it from ours.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
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
    out
}

/// `r>`
fn is_end_of_break(mut rest: impl Iterator<Item = char>) -> bool {
    rest.next() == Some('r') && rest.next() == Some('>')
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
