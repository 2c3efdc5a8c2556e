//! Assignments of administrator roles.

use serde_json::{Value, json};

use super::cells::{choose, joined};
use crate::{
    document::{Row, at, cell, row},
    invocation::Invocation,
    operations::roles::RoleNames,
};

/// The columns of a list of role assignments.
pub const COLUMNS: [&str; 3] = ["Role", "Scope", "Assigned"];

/// A role assignment as a table row. `population` is a population whose name is known.
pub fn cells(assignment: &Value, names: &RoleNames, population: Option<&Value>) -> [String; 3] {
    let role = match names.of(assignment) {
        Some(name) => cell(name),
        None => cell(&at(assignment, "/role/id")),
    };
    // PingOne marks roles that come from a group as read-only.
    let assigned = choose(&at(assignment, "/readOnly"), "through a group", "directly");
    [role, scope(assignment, population), assigned]
}

fn scope(assignment: &Value, population: Option<&Value>) -> String {
    let (kind, id) = (at(assignment, "/scope/type"), at(assignment, "/scope/id"));
    if kind == "ENVIRONMENT" && !id.is_null() && id == at(assignment, "/environment/id") {
        return "this environment".to_owned();
    }
    let known = population.filter(|population| at(population, "/id") == id);
    let name = known.map(|population| cell(&at(population, "/name")));
    let name = name.filter(|name| !name.is_empty());
    joined([cell(&kind), name.unwrap_or_else(|| cell(&id))], " ")
}

/// A role assignment as a context entry.
pub fn describe(assignment: &Value, names: &RoleNames, user: &Value) -> Row {
    row([
        ("ID", at(assignment, "/id")),
        ("UserID", user.clone()),
        ("Role", json!(names.of(assignment))),
        ("RoleID", at(assignment, "/role/id")),
        ("Scope", at(assignment, "/scope/type")),
        ("ScopeID", at(assignment, "/scope/id")),
        ("ReadOnly", at(assignment, "/readOnly")),
    ])
}

/// Why some roles are shown by id.
pub fn why_unnamed(cx: &Invocation<'_>, names: &RoleNames) -> String {
    if names.unread.is_empty() {
        return "Roles shown by ID are neither among PingOne's built-in roles nor among the environment's own.".to_owned();
    }
    let unread = names.unread.iter().map(|(list, error)| {
        let reason = cx.explain(error);
        format!("The names of {list} are not available: {reason}")
    });
    unread.collect::<Vec<_>>().join("\n")
}
