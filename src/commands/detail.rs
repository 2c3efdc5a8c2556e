//! `pingone-get-user` with `detailed=true`: everything about a user in one answer. The parts are asked for at
//! once; one that PingOne refuses costs that part, not the answer.

use anyhow::Result;
use serde_json::{Value, json};

use super::{
    devices,
    passwords::state_row as password_row,
    roles::{self, role_names},
    sessions,
};
use crate::{
    entry::Output,
    invocation::Invocation,
    markdown::{Row, at, row, table, table_of},
    views::user::{account, row as user_row},
};
use pingone::users::User;

/// A part of the answer.
struct Part {
    /// Its member in the context, and whether that is a list.
    member: &'static str,
    is_list: bool,
    title: &'static str,
    /// The rows, or why they are not there.
    rows: Result<Vec<Row>, String>,
}

/// Describes the user that was found.
pub(super) async fn describe(cx: &Invocation<'_>, called: &str, user: User) -> Result<Output> {
    let (parts, no_role_names) = Box::pin(parts(cx, &user)).await;
    let mut readable = format!(
        "{} ",
        table(&format!("User:{called}"), &[user_row(user.id, &user.raw)])
    );
    let mut account = account(&user);
    let mut missing = Vec::new();
    for Part {
        member,
        is_list,
        title,
        rows,
    } in parts
    {
        readable.push('\n');
        let rows = match rows {
            Ok(rows) => rows,
            Err(reason) => {
                readable.push_str(&["### ", title, "\nNot available: ", &reason, "\n"].concat());
                missing.push(title);
                // What is not known takes the place of what an earlier answer knew.
                account[member] = Value::Null;
                continue;
            }
        };
        let columns: Vec<&str> = rows
            .first()
            .map(|row| row.keys().map(String::as_str).collect())
            .unwrap_or_default();
        readable.push_str(&table_of(title, &columns, &rows));
        if member == ROLES
            && let Some(reason) = &no_role_names
        {
            readable.push_str(reason);
            missing.push("Role names");
        }
        if rows
            .iter()
            .any(|row| row.get("Expired") == Some(&json!(true)))
        {
            readable.push_str(sessions::SOME_EXPIRED);
        }
        let mut rows = rows.into_iter().map(Value::Object);
        account[member] = if is_list {
            rows.collect()
        } else {
            rows.next().unwrap_or(Value::Null)
        };
    }
    account["Missing"] = json!(missing);
    Ok(Output::new(readable, Some(user.raw)).with_account(json!([account])))
}

const ROLES: &str = "Roles";

/// The parts, in the order in which they are shown, and why the names of the roles are missing, if they are.
async fn parts(cx: &Invocation<'_>, user: &User) -> ([Part; 7], Option<String>) {
    let id = user.id;
    let population = user
        .fields
        .population
        .as_deref()
        .and_then(|population| population.parse().ok());
    let (groups, population, devices, password, assignments, role_names, sessions) = tokio::join!(
        cx.pingone.direct_groups(id),
        async {
            match population {
                Some(population) => Ok(vec![cx.pingone.read_population(population).await?]),
                None => Ok(Vec::new()),
            }
        },
        cx.pingone.devices(id),
        cx.pingone.read_password_state(id),
        cx.pingone.role_assignments(id),
        role_names(cx),
        cx.pingone.sessions(id),
    );
    let mut assigned = assignments.iter().flatten();
    let lacks_name = assigned.any(|assignment| role_names.of(assignment).is_null());
    let no_role_names = lacks_name.then(|| role_names.why_missing());
    let (none, now) = (&Value::Null, cx.pingone.now_at_pingone());
    let parts = [
        Part {
            member: "Account",
            is_list: false,
            title: "Account",
            rows: Ok(vec![state_row(user)]),
        },
        Part {
            member: "Population",
            is_list: false,
            title: "Population",
            rows: rows(cx, population, |population| {
                row([
                    ("ID", at(population, "/id")),
                    ("Name", at(population, "/name")),
                ])
            }),
        },
        Part {
            member: "Password",
            is_list: false,
            title: "Password",
            rows: rows(cx, password.map(|state| vec![state]), password_row),
        },
        Part {
            member: "Groups",
            is_list: true,
            title: "Groups",
            rows: rows(cx, groups.map(|(_, groups)| groups), |membership| {
                row([
                    ("ID", json!(membership.group.to_string())),
                    ("Name", membership.shown_name.clone()),
                ])
            }),
        },
        Part {
            member: "Devices",
            is_list: true,
            title: "MFA devices",
            rows: rows(cx, devices, |device| {
                without_user(devices::describe(device, none))
            }),
        },
        Part {
            member: ROLES,
            is_list: true,
            title: "Roles",
            rows: rows(cx, assignments, |assignment| {
                without_user(roles::describe(assignment, &role_names, none))
            }),
        },
        Part {
            member: "Sessions",
            is_list: true,
            title: "Sessions",
            rows: rows(cx, sessions, |session| {
                without_user(sessions::describe(session, none, now))
            }),
        },
    ];
    (parts, no_role_names)
}

/// The account's state and the last sign-on, which come with the user.
fn state_row(user: &User) -> Row {
    row([
        ("Status", at(&user.raw, "/account/status")),
        ("CanAuthenticate", at(&user.raw, "/account/canAuthenticate")),
        ("LockedAt", at(&user.raw, "/account/lockedAt")),
        ("UnlockAt", at(&user.raw, "/account/unlockAt")),
        ("LastSignOnAt", at(&user.raw, "/lastSignOn/at")),
        ("LastSignOnIP", at(&user.raw, "/lastSignOn/remoteIp")),
        ("MFAEnabled", at(&user.raw, "/mfaEnabled")),
        ("Lifecycle", at(&user.raw, "/lifecycle/status")),
    ])
}

fn rows<T>(
    cx: &Invocation<'_>,
    found: Result<Vec<T>, pingone::Error>,
    describe: impl Fn(&T) -> Row,
) -> Result<Vec<Row>, String> {
    match found {
        Ok(items) => Ok(items.iter().map(describe).collect()),
        Err(error) => Err(cx.explain(&error.into())),
    }
}

/// The user stands at the head of the answer.
fn without_user(mut row: Row) -> Row {
    row.shift_remove("UserID");
    row
}
