//! `pingone-get-user` with `detailed=true`: everything about a user in one answer. The parts are asked for at
//! once; one that PingOne refuses costs that part, not the answer.

use anyhow::Result;
use serde_json::{Value, json};

use super::{
    Context, devices,
    lists::describe_role,
    many::{at, row},
    sessions,
    users::{account, row as user_row},
};
use crate::{
    entry::Output,
    markdown::{Row, table, table_of},
    pingone::{self, users::User},
};

/// A part of the answer: its title, its rows, or why it is missing.
type Part = (&'static str, Vec<Row>, Option<String>);

/// Describes the user that was found.
pub(super) async fn describe(cx: &Context<'_>, called: &str, user: User) -> Result<Output> {
    let id = user.id;
    let population = user
        .fields
        .population
        .as_ref()
        .and_then(|population| population.id.as_deref()?.parse().ok());
    let (groups, population, devices, password, assignments, roles, sessions) = tokio::join!(
        cx.pingone.direct_groups(id),
        async {
            match population {
                Some(population) => cx.pingone.read_population(population).await.map(Some),
                None => Ok(None),
            }
        },
        cx.pingone.devices(id),
        cx.pingone.read_password_state(id),
        cx.pingone.role_assignments(id),
        cx.pingone.roles(),
        cx.pingone.sessions(id),
    );
    let roles = roles.unwrap_or_default();
    let user_id = json!(id.to_string());

    let groups = part(
        cx,
        "Groups",
        groups.map(|(_, memberships)| memberships),
        |membership| {
            row([
                ("ID", json!(membership.group.to_string())),
                ("Name", json!(membership.name)),
            ])
        },
    );
    let devices = part(cx, "MFA devices", devices, |device| {
        without_user(devices::describe(device, &user_id))
    });
    let sessions = part(cx, "Sessions", sessions, |session| {
        without_user(sessions::describe(session, &user_id))
    });
    let assignments = part(cx, "Roles", assignments, |assignment| {
        without_user(describe_role(assignment, &roles, &user_id))
    });
    let password = part(cx, "Password", password.map(|state| vec![state]), |state| {
        row([
            ("Status", at(state, "/status")),
            ("LastChangedAt", at(state, "/lastChangedAt")),
            ("SecondsUntilUnlock", at(state, "/secondsUntilUnlock")),
            ("PolicyID", at(state, "/passwordPolicy/id")),
        ])
    });
    let population = part(
        cx,
        "Population",
        population.map(|population| population.into_iter().collect()),
        |population| {
            row([
                ("ID", at(population, "/id")),
                ("Name", at(population, "/name")),
            ])
        },
    );
    let mut readable = format!("{} ", table(&format!("User:{called}"), &[user_row(&user)]));
    let mut account = account(&user);
    let parts: [(&str, Part, bool); 7] = [
        ("Account", ("Account", vec![state_row(&user)], None), false),
        ("Population", population, false),
        ("Password", password, false),
        ("Groups", groups, true),
        ("Devices", devices, true),
        ("Roles", assignments, true),
        ("Sessions", sessions, true),
    ];
    let mut missing = Vec::new();
    for (member, (title, rows, error), many) in parts {
        readable.push('\n');
        if let Some(error) = error {
            readable.push_str(&["### ", title, "\nNot available: ", &error, "\n"].concat());
            missing.push(title);
            continue;
        }
        let columns: Vec<&str> = rows
            .first()
            .map(|row| row.keys().map(String::as_str).collect())
            .unwrap_or_default();
        readable.push_str(&table_of(title, &columns, &rows));
        let mut rows = rows.into_iter().map(Value::Object);
        account[member] = if many {
            rows.collect()
        } else {
            rows.next().unwrap_or(Value::Null)
        };
    }
    account["Missing"] = json!(missing);
    Ok(Output::new(readable, Some(user.raw)).with_account(json!([account])))
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

fn part<T>(
    cx: &Context<'_>,
    title: &'static str,
    found: Result<Vec<T>, pingone::Error>,
    describe: impl Fn(&T) -> Row,
) -> Part {
    match found {
        Ok(items) => (title, items.iter().map(describe).collect(), None),
        Err(error) => (title, Vec::new(), Some(cx.explain(&error.into()))),
    }
}

fn without_user(mut row: Row) -> Row {
    row.shift_remove("UserID");
    row
}
