//! Activities of the audit log, and groups of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    document::{Row, at, row},
    operations::activities::{Source, resources, source, users},
};

/// An activity as a table row: resources by name only.
pub fn table_row(activity: &Value) -> Row {
    let mut line = describe(activity);
    let names = resources(activity).map(|resource| {
        let name = at(resource, "/name");
        if name.is_null() {
            at(resource, "/id")
        } else {
            name
        }
    });
    line.insert("Resources".to_owned(), names.collect());
    line
}

/// An activity as a context entry.
pub fn describe(activity: &Value) -> Row {
    row([
        ("ID", at(activity, "/id")),
        ("Time", at(activity, "/recordedAt")),
        ("Action", at(activity, "/action/type")),
        ("Result", at(activity, "/result/status")),
        ("Description", at(activity, "/result/description")),
        ("User", at(activity, "/actors/user/name")),
        ("UserID", at(activity, "/actors/user/id")),
        (
            "Resources",
            resources(activity)
                .map(|resource| {
                    json!({
                        "Type": at(resource, "/type"),
                        "ID": at(resource, "/id"),
                        "Name": at(resource, "/name"),
                    })
                })
                .collect(),
        ),
        ("Client", at(activity, "/actors/client/name")),
        ("ClientID", at(activity, "/actors/client/id")),
        ("IP", json!(source(activity, Source::Ip))),
        ("Country", json!(source(activity, Source::Country))),
        ("UserAgent", json!(source(activity, Source::UserAgent))),
        ("CorrelationID", at(activity, "/correlationId")),
    ])
}

/// A row of the report for activities from one source. `found` is newest first.
pub fn source_row(found: &[&Value]) -> Row {
    let distinct = |values: BTreeSet<&str>| json!(values);
    let actions = found
        .iter()
        .filter_map(|activity| activity.pointer("/action/type").and_then(Value::as_str));
    let users = found.iter().flat_map(|activity| users(activity));
    let from = |what| {
        found
            .first()
            .and_then(|activity| source(activity, what))
            .filter(|source| *source != "")
    };
    let time = |activity: Option<&&Value>| {
        activity.map_or(Value::Null, |activity| at(activity, "/recordedAt"))
    };
    row([
        ("Count", json!(found.len())),
        ("IP", json!(from(Source::Ip))),
        ("Country", json!(from(Source::Country))),
        ("UserAgent", json!(from(Source::UserAgent))),
        ("Users", distinct(users.collect())),
        ("Actions", distinct(actions.collect())),
        ("First", time(found.last())),
        ("Last", time(found.first())),
    ])
}
