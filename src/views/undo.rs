//! How to undo a containment: the exact commands, with the record from the context and, where that is lost, with the
//! record itself.

use serde_json::{Map, Value, json};

use crate::{
    document::{Block, Document},
    manifest::{Arg, CommandName},
    operations::{
        for_each::Outcome,
        phrases::is_plain,
        steps::{AnyRecord, UserReport},
    },
};

use pingone::id::Principal;

/// The record where a playbook or the War Room finds it.
const FROM_CONTEXT: &str = "${PingOne.Containment}";

/// Longer records are not shown: nobody would copy them.
const MAX_SHOWN: usize = 2_000;

/// A user or an application whose containment can be undone.
struct Contained<'a> {
    id: Principal,
    username: Option<&'a str>,
    record: &'a AnyRecord,
}

/// Adds the commands that undo what was changed; nothing if nothing was.
pub fn push_commands(readable: &mut Document, outcomes: &[Outcome<UserReport>]) {
    let contained: Vec<Contained<'_>> = outcomes.iter().filter_map(contained).collect();
    if contained.is_empty() {
        return;
    }
    let (name, users) = match &*contained {
        [
            Contained {
                id: Principal::Application(id),
                ..
            },
        ] => (
            CommandName::RestoreApplication,
            format!("{}={id}", Arg::Application.name()),
        ),
        _ => (CommandName::RestoreUser, users(&contained)),
    };
    let command = |record: &str| {
        let name = name.name();
        Block::Command(format!("!{name} {users} {}={record}", Arg::Record.name()))
    };
    let paragraph = |text: &str| Block::Paragraph(text.to_owned());
    readable.push(paragraph("To undo this, run:"));
    readable.push(command(FROM_CONTEXT));
    let records: Value = contained.iter().map(shortest).collect();
    let records = format!("`{records}`");
    if records.len() > MAX_SHOWN {
        readable.push(paragraph(
            "If the context is lost, use the JSON in this entry's raw contents as the record.",
        ));
    } else {
        readable.push(paragraph("If the context is lost, run:"));
        readable.push(command(&records));
    }
}

fn contained(outcome: &Outcome<UserReport>) -> Option<Contained<'_>> {
    let report = outcome.result.as_ref().ok()?;
    let record = report.record.as_ref().filter(|record| !record.is_empty())?;
    Some(Contained {
        id: outcome.id?,
        username: report.username.as_deref(),
        record,
    })
}

/// The argument that names the users; by their ids unless all names can be typed as they are.
fn users(contained: &[Contained<'_>]) -> String {
    let names: Option<Vec<&str>> = contained
        .iter()
        .map(|user| user.username.filter(|name| is_plain(name)))
        .collect();
    if let Some(names) = names {
        return format!("{}={}", Arg::Username.name(), names.join(","));
    }
    let ids: Vec<String> = contained.iter().map(|user| user.id.to_string()).collect();
    format!("{}={}", Arg::UserId.name(), ids.join(","))
}

/// The record without members that are false, zero or empty, and as text that can stand in backticks.
fn shortest(user: &Contained<'_>) -> Value {
    let record = match json!(user.record) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let says_something = |value: &Value| match value {
        Value::Bool(is) => *is,
        Value::Array(items) => {
            let has_backtick = |item: &Value| item.as_str().is_some_and(|item| item.contains('`'));
            !items.is_empty() && !items.iter().any(has_backtick)
        }
        Value::Number(number) => number.as_u64() != Some(0),
        _ => true,
    };
    let members = record.into_iter();
    let members = members.filter(|(_, value)| says_something(value));
    json!({"ID": user.id.to_string(), "Record": members.collect::<Map<_, _>>()})
}
