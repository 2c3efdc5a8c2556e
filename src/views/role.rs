//! Assignments of administrator roles.

use serde_json::{Value, json};

use crate::{
    document::{Row, at, row},
    invocation::Invocation,
    operations::roles::RoleNames,
};

/// A role assignment as a context entry; the table shows some of its members.
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

/// Why some roles of a table have no name.
pub fn why_unnamed(cx: &Invocation<'_>, names: &RoleNames) -> String {
    if names.unread.is_empty() {
        return "Roles without a name are in neither of PingOne's lists: that of its built-in roles and that of the environment.\n".to_owned();
    }
    let unread = names.unread.iter().map(|(list, error)| {
        let reason = cx.explain(error);
        format!("The names of {list} are not available: {reason}\n")
    });
    unread.collect()
}
