//! The administrator roles of users. An assignment has the role's id alone, so its name is looked up: PingOne keeps
//! the built-in roles in one list, and those that an environment made for itself in another.

use anyhow::Result;
use serde_json::Value;

use crate::{
    entry::Output,
    invocation::Invocation,
    markdown::{Row, at, row},
};

const ROLE_ASSIGNMENT: &str = "PingOne.RoleAssignment(val.ID && val.ID === obj.ID)";

/// `pingone-list-role-assignments`
pub(super) async fn list(cx: &Invocation<'_>) -> Result<Output> {
    // Nothing is asked of PingOne before the arguments are known to be fine.
    cx.named_users()?;
    let (outcomes, names) = tokio::join!(
        cx.for_each_user(async |target| Ok(cx.pingone.role_assignments(target.id).await?)),
        role_names(cx)
    );
    let outcomes = outcomes?;
    let columns = ["User", "Role", "RoleID", "Scope", "ScopeID", "ReadOnly"];
    let table = ("PingOne role assignments", &columns[..], ROLE_ASSIGNMENT);
    let mut assignments = outcomes
        .iter()
        .flat_map(|outcome| outcome.result.iter().flatten());
    let some_unnamed = assignments.any(|assignment| names.of(assignment).is_null());
    let mut output = cx.report_items(table, outcomes, |assignment, user| {
        describe(assignment, &names, user)
    });
    if some_unnamed {
        output.readable.push_str(&names.why_missing());
    }
    Ok(output)
}

/// The names of the roles, as far as PingOne gives them.
pub(super) struct RoleNames {
    roles: Vec<Value>,
    /// A sentence for each list that could not be read.
    unread: Vec<String>,
}

/// Reads both lists of roles. Without the right to read them, the ids have to do.
pub(super) async fn role_names(cx: &Invocation<'_>) -> RoleNames {
    let (built_in, own) = tokio::join!(cx.pingone.built_in_roles(), cx.pingone.environment_roles());
    let (mut roles, mut unread) = (Vec::new(), Vec::new());
    for (whose, listed) in [
        ("PingOne's built-in roles", built_in),
        ("the environment's own roles", own),
    ] {
        match listed {
            Ok(listed) => roles.extend(listed),
            Err(error) => {
                let reason = cx.explain(&pingone::Error::into(error));
                unread.push(format!(
                    "The names of {whose} are not available: {reason}\n"
                ));
            }
        }
    }
    RoleNames { roles, unread }
}

impl RoleNames {
    /// The name of the role that was assigned; null if it is not known.
    pub(super) fn of(&self, assignment: &Value) -> Value {
        let role = at(assignment, "/role/id");
        let known = self
            .roles
            .iter()
            .find(|known| known.get("id") == Some(&role));
        known.map_or(Value::Null, |known| at(known, "/name"))
    }

    /// The lines below a table in which some role has no name.
    pub(super) fn why_missing(&self) -> String {
        if self.unread.is_empty() {
            "Roles without a name are in neither of PingOne's lists: that of its built-in roles and that of the environment.\n".to_owned()
        } else {
            self.unread.concat()
        }
    }
}

/// A role assignment as it stands in the context and, in part, in the table.
pub(super) fn describe(assignment: &Value, names: &RoleNames, user: &Value) -> Row {
    row([
        ("ID", at(assignment, "/id")),
        ("UserID", user.clone()),
        ("Role", names.of(assignment)),
        ("RoleID", at(assignment, "/role/id")),
        ("Scope", at(assignment, "/scope/type")),
        ("ScopeID", at(assignment, "/scope/id")),
        ("ReadOnly", at(assignment, "/readOnly")),
    ])
}
