//! Assignments of administrator roles.

use serde_json::{Value, json};

use super::cells::joined;
use crate::{
    document::{Row, at, cell, row},
    invocation::Invocation,
    operations::roles::RoleNames,
};
use pingone::roles::RoleAssignment;

/// The columns of a list of role assignments.
pub const COLUMNS: [&str; 4] = ["Role", "Scope", "Assigned", "ID"];

/// What stands below a list with [`is_unexplained`] assignments.
pub const READ_ONLY: &str =
    "Read-only: the role comes through a group, or this worker application may not remove it.";

/// A role assignment as a table row.
pub fn cells(assignment: &RoleAssignment, names: &RoleNames) -> [String; 4] {
    let RoleAssignment { raw, through, .. } = assignment;
    let role = match names.of(assignment) {
        Some(name) => cell(name),
        None => cell(&at(raw, "/role/id")),
    };
    let assigned = match through {
        Some(id) => {
            let group = names.of_group(assignment);
            let group = group.map_or_else(|| id.to_string(), str::to_owned);
            format!("through the group {group}")
        }
        None if assignment.read_only => "read-only".to_owned(),
        None => "directly".to_owned(),
    };
    [
        role,
        scope(assignment, names),
        assigned,
        cell(&at(raw, "/id")),
    ]
}

fn scope(assignment: &RoleAssignment, names: &RoleNames) -> String {
    let raw = &assignment.raw;
    let (kind, id) = (at(raw, "/scope/type"), at(raw, "/scope/id"));
    if kind == "ENVIRONMENT" && !id.is_null() && id == at(raw, "/environment/id") {
        return "this environment".to_owned();
    }
    let name = names.of_scope(assignment);
    let name = name.map_or_else(|| cell(&id), str::to_owned);
    joined([cell(&kind), name], " ")
}

/// Whether PingOne says that the assignment is read-only, but names no group that it comes through.
pub fn is_unexplained(assignment: &RoleAssignment) -> bool {
    assignment.read_only && assignment.through.is_none()
}

/// A role assignment as a context entry. `holder` is the member for whoever holds the role.
pub fn describe(
    assignment: &RoleAssignment,
    names: &RoleNames,
    holder: (&'static str, Value),
) -> Row {
    let RoleAssignment { raw, through, .. } = assignment;
    row([
        ("ID", at(raw, "/id")),
        holder,
        ("Role", json!(names.of(assignment))),
        ("RoleID", at(raw, "/role/id")),
        ("Scope", at(raw, "/scope/type")),
        ("ScopeID", at(raw, "/scope/id")),
        ("ScopeName", json!(names.of_scope(assignment))),
        ("ReadOnly", at(raw, "/readOnly")),
        ("ThroughGroup", json!(names.of_group(assignment))),
        ("ThroughGroupID", json!(through.map(|id| id.to_string()))),
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
