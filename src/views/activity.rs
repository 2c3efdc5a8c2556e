//! Activities of the audit log.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::cells::{joined, seconds};
use crate::{
    document::{Row, at, cell, row},
    operations::activities::{Source, resources, source},
};

/// The columns of a list of activities.
pub const COLUMNS: [&str; 7] = [
    "Time",
    "Action",
    "Result",
    "Actor",
    "Target",
    "IP",
    "Description",
];

/// The names of users, applications and resources by id. Some activities give only the id of what others name.
pub struct Names<'a>(HashMap<&'a str, &'a str>);

impl<'a> Names<'a> {
    /// All names in these activities.
    pub fn of(activities: &'a [Value]) -> Self {
        let named = activities.iter().flat_map(|activity| {
            let actors = ["/actors/user", "/actors/client"];
            let actors = actors
                .into_iter()
                .filter_map(|actor| activity.pointer(actor));
            actors.chain(resources(activity))
        });
        let text = |value: &'a Value, member| value.get(member).and_then(Value::as_str);
        let mut names = HashMap::new();
        for value in named {
            if let (Some(id), Some(name)) = (text(value, "id"), text(value, "name"))
                && !name.is_empty()
            {
                names.entry(id).or_insert(name);
            }
        }
        Self(names)
    }

    /// The name of a user, application or resource; else its id.
    fn name(&self, value: &Value) -> Option<String> {
        let name = cell(&at(value, "/name"));
        if !name.is_empty() {
            return Some(name);
        }
        let id = value.get("id").and_then(Value::as_str)?;
        self.0.get(id).map(|&name| name.to_owned())
    }
}

/// An activity as a table row.
pub fn cells(activity: &Value, names: &Names<'_>) -> [String; 7] {
    let actor = |pointer: &str| {
        let actor = at(activity, pointer);
        let name = names.name(&actor);
        name.unwrap_or_else(|| cell(&at(&actor, "/id")))
    };
    let target = |resource: &Value| {
        names.name(resource).unwrap_or_else(|| {
            let what = [at(resource, "/type"), at(resource, "/id")];
            joined(what.iter().map(cell), " ")
        })
    };
    [
        seconds(&at(activity, "/recordedAt")),
        cell(&at(activity, "/action/type")),
        cell(&at(activity, "/result/status")),
        joined([actor("/actors/user"), actor("/actors/client")], " via "),
        joined(resources(activity).map(target), ", "),
        source(activity, Source::Ip).map(cell).unwrap_or_default(),
        cell(&at(activity, "/result/description")),
    ]
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
