//! Everything about a user in one answer. A section that PingOne refused is reported as not available.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    document::{Block, Document, Row, at, row, table, table_of},
    entry::Output,
    invocation::Invocation,
    operations::{roles::RoleNames, user_details::UserDetails},
    views::{device, password, role, session, user},
};
use pingone::{sessions::Session, users::User};

/// A section of the answer.
struct Section {
    /// The section's member in the context.
    member: &'static str,
    title: &'static str,
    /// The rows, or why they are not available.
    content: Result<Content, pingone::Error>,
    /// What stands below the table: lines, and what is missing in it.
    below: (String, Option<&'static str>),
}

/// A section's rows, and their form in the context.
enum Content {
    /// One object.
    One(Option<Row>),
    /// A list.
    Many(Vec<Row>),
}

/// The answer. `label` is the user as the request gave it.
pub fn report(cx: &Invocation<'_>, label: &str, user: User, details: UserDetails) -> Output {
    let row = user::row(user.id, &user.raw);
    let mut readable = Document::from(table(&format!("User:{label}"), &[row])).with(" ");
    let mut account = user::account(&user);
    let mut missing = Vec::new();
    for Section {
        member,
        title,
        content,
        below: (lines, missing_in_it),
    } in sections(cx, &user, details)
    {
        readable.push("\n");
        let (rows, is_list) = match content {
            Ok(Content::One(row)) => (Vec::from_iter(row), false),
            Ok(Content::Many(rows)) => (rows, true),
            Err(error) => {
                let reason = cx.explain(&error.into());
                readable.push(Block::Heading(title.to_owned()));
                readable.push(["Not available: ", &reason, "\n"].concat());
                missing.push(title);
                // Null replaces what an earlier answer knew.
                account[member] = Value::Null;
                continue;
            }
        };
        let columns: Vec<&str> = rows
            .first()
            .map(|row| row.keys().map(String::as_str).collect())
            .unwrap_or_default();
        readable.push(table_of(title, &columns, &rows));
        if !lines.is_empty() {
            readable.push(lines);
        }
        missing.extend(missing_in_it);
        let mut rows = rows.into_iter().map(Value::Object);
        account[member] = if is_list {
            rows.collect()
        } else {
            rows.next().unwrap_or(Value::Null)
        };
    }
    account["Missing"] = json!(missing);
    Output::new(readable, Some(user.raw)).with_account(json!([account]))
}

/// The sections, in display order.
fn sections(cx: &Invocation<'_>, user: &User, details: UserDetails) -> [Section; 7] {
    let plain = |member, title, content| Section {
        member,
        title,
        content,
        below: (String::new(), None),
    };
    let describe_device = |device: &Value| without_user(device::describe(device, &Value::Null));
    let population = details.population.map(|population| {
        Content::One(population.map(|population| {
            row([
                ("ID", at(&population, "/id")),
                ("Name", at(&population, "/name")),
            ])
        }))
    });
    let password = details
        .password
        .map(|state| Content::One(Some(password::describe(&state))));
    let groups = details.groups.map(|groups| {
        let groups = groups.into_iter().map(|membership| {
            row([
                ("ID", json!(membership.group.to_string())),
                ("Name", membership.shown_name),
            ])
        });
        Content::Many(groups.collect())
    });
    let devices = details
        .devices
        .map(|found| Content::Many(found.iter().map(describe_device).collect()));
    [
        plain(
            "Account",
            "Account",
            Ok(Content::One(Some(state_row(user)))),
        ),
        plain("Population", "Population", population),
        plain("Password", "Password", password),
        plain("Groups", "Groups", groups),
        plain("Devices", "MFA devices", devices),
        role_section(cx, details.assignments, &details.role_names),
        session_section(details.sessions, details.now),
    ]
}

fn role_section(
    cx: &Invocation<'_>,
    assignments: Result<Vec<Value>, pingone::Error>,
    names: &RoleNames,
) -> Section {
    let mut assigned = assignments.iter().flatten();
    let below = if assigned.any(|assignment| names.of(assignment).is_none()) {
        (role::why_unnamed(cx, names), Some("Role names"))
    } else {
        (String::new(), None)
    };
    let describe =
        |assignment: &Value| without_user(role::describe(assignment, names, &Value::Null));
    Section {
        member: "Roles",
        title: "Roles",
        content: assignments.map(|found| Content::Many(found.iter().map(describe).collect())),
        below,
    }
}

fn session_section(sessions: Result<Vec<Session>, pingone::Error>, now: Timestamp) -> Section {
    let mut listed = sessions.iter().flatten();
    let some_expired = listed.any(|session| session.has_expired(now) == Some(true));
    let lines = if some_expired {
        session::SOME_EXPIRED.to_owned()
    } else {
        String::new()
    };
    let describe = |session: &Session| without_user(session::describe(session, &Value::Null, now));
    Section {
        member: "Sessions",
        title: "Sessions",
        content: sessions.map(|found| Content::Many(found.iter().map(describe).collect())),
        below: (lines, None),
    }
}

/// The account's state and last sign-on, which are part of the user.
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

/// Drops the user's id: the whole answer is about one user.
fn without_user(mut row: Row) -> Row {
    row.shift_remove("UserID");
    row
}
