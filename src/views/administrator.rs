//! Users with administrator roles: a table row for each role, a context entry for each user.

use serde_json::{Value, json};

use super::{
    cells::{minutes, yes_no},
    role,
    user::state,
};
use crate::{
    document::{Row, at, cell, row},
    invocation::Invocation,
    operations::{
        administrators::{Administrator, Administrators, Gap, HeldRole},
        phrases::counted,
        roles::RoleNames,
    },
};

/// The columns of the table.
pub const COLUMNS: [&str; 8] = [
    "User",
    "Role",
    "Assigned",
    "Granted",
    "MFA",
    "Last sign-on",
    "Scope",
    "State",
];

/// What stands below every list: PingOne lists users by environment.
const ELSEWHERE: &str = "Administrators whose accounts are in another environment of the organization are not listed, nor are worker applications.";

/// How far back the audit trail was read.
const GRANTED: &str = "Who granted a role, and when, is shown if it was in the last 14 days.";

/// A row for each role of an administrator.
pub fn rows(administrator: &Administrator, names: &RoleNames) -> Vec<[String; COLUMNS.len()]> {
    let user = &administrator.user;
    let rows = administrator.roles.iter().map(|held| {
        let [role, scope, assigned, _] = role::cells(&held.assignment, names);
        [
            cell(&at(user, "/username")),
            role,
            assigned,
            granted(held),
            yes_no(&at(user, "/mfaEnabled")),
            minutes(&at(user, "/lastSignOn/at")),
            scope,
            state(user),
        ]
    });
    rows.collect()
}

fn granted(held: &HeldRole) -> String {
    let Some(granted) = &held.granted else {
        return String::new();
    };
    let at = minutes(&json!(granted.at));
    match &granted.by {
        Some(by) => format!("{at} by {by}"),
        None => at,
    }
}

/// An administrator as a context entry.
pub fn describe(administrator: &Administrator, names: &RoleNames) -> Row {
    let user = &administrator.user;
    let roles: Vec<Value> = administrator
        .roles
        .iter()
        .map(|held| {
            let mut entry = role::describe(&held.assignment, names, ("UserID", Value::Null));
            entry.shift_remove("UserID");
            let granted = held.granted.as_ref();
            let at = granted.map(|granted| granted.at.as_str());
            let by = granted.and_then(|granted| granted.by.as_deref());
            entry.insert("GrantedAt".to_owned(), json!(at));
            entry.insert("GrantedBy".to_owned(), json!(by));
            Value::Object(entry)
        })
        .collect();
    row([
        ("ID", json!(administrator.id.to_string())),
        ("Username", at(user, "/username")),
        ("Email", at(user, "/email")),
        ("PopulationID", at(user, "/population/id")),
        ("Enabled", at(user, "/enabled")),
        ("MFAEnabled", at(user, "/mfaEnabled")),
        ("LastSignOnAt", at(user, "/lastSignOn/at")),
        ("LastSignOnIP", at(user, "/lastSignOn/remoteIp")),
        ("Roles", json!(roles)),
    ])
}

/// What stands below the table: the totals, and what could not be seen.
pub fn notes(cx: &Invocation<'_>, administrators: &Administrators) -> Vec<String> {
    let Administrators {
        found,
        names,
        checked,
        gaps,
    } = administrators;
    let without_mfa = found
        .iter()
        .filter(|administrator| at(&administrator.user, "/mfaEnabled") == json!(false));
    let without_mfa = match without_mfa.count() {
        0 => String::new(),
        count => format!(", {count} without MFA"),
    };
    let mut notes = vec![format!(
        "{}{without_mfa}; {} checked.",
        counted(found.len(), "administrator"),
        counted(*checked, "user")
    )];
    notes.extend(gaps.iter().map(|gap| sentence(cx, gap, *checked)));
    let mut roles = found.iter().flat_map(|administrator| &administrator.roles);
    if roles
        .clone()
        .any(|held| role::is_unexplained(&held.assignment))
    {
        notes.push(role::READ_ONLY.to_owned());
    }
    if roles.any(|held| names.of(&held.assignment).is_none()) {
        notes.push(role::why_unnamed(cx, names));
    }
    let is_trail_read = !gaps.iter().any(|gap| matches!(gap, Gap::Trail(_)));
    let granted = is_trail_read.then_some(GRANTED);
    notes.push(
        [ELSEWHERE]
            .into_iter()
            .chain(granted)
            .collect::<Vec<_>>()
            .join(" "),
    );
    notes
}

fn sentence(cx: &Invocation<'_>, gap: &Gap, checked: usize) -> String {
    match gap {
        Gap::Users => format!(
            "There are more users than the {checked} that were checked. First came whoever the audit trail names in administrative events of the last 14 days, and the members of groups that carry roles; an administrator outside these may be missing. Set a larger maxUsers, or populationId."
        ),
        Gap::Groups => "There are more groups than the 200 that were checked for roles.".to_owned(),
        Gap::GroupRoles(error) => format!(
            "The groups that carry roles could not be read: {}",
            cx.explain(error)
        ),
        Gap::Trail(error) => format!(
            "When roles were granted could not be read: {}",
            cx.explain(error)
        ),
        Gap::Roles(users, error) => format!(
            "The roles of {} could not be read: {}",
            counted(*users, "user"),
            cx.explain(error)
        ),
    }
}
