//! Everything about a user in one answer. A section that PingOne refused is reported as not available.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    cells::{minutes, yes_no},
    device, linked_account, mfa_bypass, password, role, session, user,
};
use crate::{
    document::{Block, Document, Row, Table, at, cell, compact_table, row, table},
    entry::Output,
    invocation::Invocation,
    operations::{
        recent_changes::{DAYS, RecentChanges, on, on_none},
        roles::RoleNames,
        user_details::UserDetails,
    },
};
use pingone::{
    activity::Activity,
    groups::{DIRECT, Membership},
    roles::RoleAssignment,
    sessions::Session,
    users::User,
};

/// A section of the answer.
struct Section {
    /// The section's member in the context.
    member: &'static str,
    title: &'static str,
    /// The rows, or why they are not available.
    content: Result<Content, pingone::Error>,
    /// What stands below the table.
    note: Option<String>,
    /// Something that is missing in the rows.
    missing: Option<&'static str>,
}

/// A section's rows.
struct Content {
    table: Table,
    /// The same in the context.
    context: Value,
}

impl Section {
    fn new(
        member: &'static str,
        title: &'static str,
        content: Result<Content, pingone::Error>,
    ) -> Self {
        Self {
            member,
            title,
            content,
            note: None,
            missing: None,
        }
    }
}

impl Content {
    /// A section with one object, or none.
    fn one<const N: usize>(
        title: &str,
        columns: [&str; N],
        object: Option<([String; N], Row)>,
    ) -> Self {
        let (rows, context): (Vec<_>, Vec<_>) = object.into_iter().unzip();
        Self {
            table: compact_table(title, columns, &rows),
            context: context
                .into_iter()
                .next()
                .map_or(Value::Null, Value::Object),
        }
    }

    /// A section with a list. The title counts several items.
    fn list<T, const N: usize>(
        title: &str,
        columns: [&str; N],
        items: &[T],
        cells: impl Fn(&T) -> [String; N],
        describe: impl Fn(&T) -> Row,
    ) -> Self {
        let rows: Vec<[String; N]> = items.iter().map(cells).collect();
        let title = match items.len() {
            0 | 1 => title.to_owned(),
            count => format!("{title} ({count})"),
        };
        Self {
            table: compact_table(&title, columns, &rows),
            context: items
                .iter()
                .map(|item| Value::Object(without_user(describe(item))))
                .collect(),
        }
    }
}

/// The answer. `label` is the user as the request gave it.
pub fn report(cx: &Invocation<'_>, label: &str, user: User, details: UserDetails) -> Output {
    let row = user::row(user.id, &user.raw);
    let mut readable = Document::from(table(&format!("User:{label}"), &[row])).with(" ");
    let mut account = user::account(&user);
    let mut missing = Vec::new();
    for section in sections(cx, &user, details) {
        readable.push("\n");
        match section.content {
            Ok(content) => {
                readable.push(content.table);
                account[section.member] = content.context;
            }
            Err(error) => {
                let reason = cx.explain(&error.into());
                readable.push(Block::Heading(section.title.to_owned()));
                readable.push(format!("Not available: {reason}\n"));
                missing.push(section.title);
                // Null replaces what an earlier answer knew.
                account[section.member] = Value::Null;
            }
        }
        if let Some(note) = section.note {
            readable.push(Block::Paragraph(note));
        }
        missing.extend(section.missing);
    }
    account["Missing"] = json!(missing);
    Output::new(readable, Some(user.raw)).with_account(json!([account]))
}

/// The sections, in display order.
fn sections(cx: &Invocation<'_>, user: &User, details: UserDetails) -> [Section; 10] {
    let recent = &details.recent;
    let bypass = details.mfa_bypass.map(|bypass| {
        let cells = [mfa_bypass::sentence(&bypass, details.now)];
        let context = mfa_bypass::describe(&bypass, details.now);
        Content::one("MFA bypass", ["State"], Some((cells, context)))
    });
    let password = details.password.map(|state| {
        let state = (password::cells(&state), password::describe(&state));
        Content::one("Password", password::COLUMNS, Some(state))
    });
    [
        account_section(user),
        Section::new(
            "Population",
            "Population",
            details.population.map(population_content),
        ),
        Section::new("Password", "Password", password),
        identity_provider_section(user),
        linked_account_section(details.linked_accounts, recent),
        group_section(details.groups),
        device_section(cx, details.devices, recent),
        Section::new("MFABypass", "MFA bypass", bypass),
        role_section(cx, details.assignments, &details.role_names),
        session_section(details.sessions, details.now),
    ]
}

/// The account's state and last sign-on, which are part of the user.
fn account_section(user: &User) -> Section {
    const COLUMNS: [&str; 8] = [
        "State",
        "Can sign on",
        "Locked since",
        "Locked until",
        "Last sign-on",
        "Last sign-on IP",
        "MFA enabled",
        "Lifecycle",
    ];
    let raw = &user.raw;
    let cells = [
        user::state(raw),
        yes_no(&at(raw, "/account/canAuthenticate")),
        minutes(&at(raw, "/account/lockedAt")),
        minutes(&at(raw, "/account/unlockAt")),
        minutes(&at(raw, "/lastSignOn/at")),
        cell(&at(raw, "/lastSignOn/remoteIp")),
        yes_no(&at(raw, "/mfaEnabled")),
        cell(&at(raw, "/lifecycle/status")),
    ];
    let context = row([
        ("Status", at(raw, "/account/status")),
        ("CanAuthenticate", at(raw, "/account/canAuthenticate")),
        ("LockedAt", at(raw, "/account/lockedAt")),
        ("UnlockAt", at(raw, "/account/unlockAt")),
        ("LastSignOnAt", at(raw, "/lastSignOn/at")),
        ("LastSignOnIP", at(raw, "/lastSignOn/remoteIp")),
        ("MFAEnabled", at(raw, "/mfaEnabled")),
        ("Lifecycle", at(raw, "/lifecycle/status")),
    ]);
    let content = Content::one("Account", COLUMNS, Some((cells, context)));
    Section::new("Account", "Account", Ok(content))
}

/// The identity provider that the user signs on with, which is part of the user.
fn identity_provider_section(user: &User) -> Section {
    let (kind, id) = (
        at(&user.raw, "/identityProvider/type"),
        at(&user.raw, "/identityProvider/id"),
    );
    let is_known = !(kind.is_null() && id.is_null());
    let cells = [cell(&kind), cell(&id)];
    let provider = is_known.then(|| (cells, row([("Type", kind), ("ID", id)])));
    let content = Content::one("Identity provider", ["Type", "ID"], provider);
    Section::new("IdentityProvider", "Identity provider", Ok(content))
}

/// The linked accounts, with a mark for those that were linked lately.
fn linked_account_section(
    accounts: Result<Vec<Value>, pingone::Error>,
    recent: &anyhow::Result<RecentChanges>,
) -> Section {
    const TITLE: &str = "Linked accounts";
    let links = recent.as_ref().map_or(&[][..], |recent| &recent.links);
    let note = accounts.as_ref().ok().and_then(|found| {
        sentences(on_none(links, found), |activity| {
            let at = minutes(&recorded_at(activity));
            format!("An account was linked at {at}: {NOT_HERE}")
        })
    });
    let content = accounts.map(|found| {
        let linked_at = |account: &Value| on(links, account).map_or(Value::Null, recorded_at);
        let cells = |account: &Value| {
            let [external, provider, id] = linked_account::cells(account);
            [external, provider, minutes(&linked_at(account)), id]
        };
        let describe = |account: &Value| {
            let mut entry = linked_account::describe(account, &Value::Null);
            entry.insert("LinkedAt".to_owned(), linked_at(account));
            entry
        };
        let [external, provider, id] = linked_account::COLUMNS;
        let columns = [external, provider, "Newly linked", id];
        Content::list(TITLE, columns, &found, cells, describe)
    });
    Section {
        note,
        ..Section::new("LinkedAccounts", TITLE, content)
    }
}

/// The devices, with a mark for those that somebody else paired. A note says if marks are missing, also those of
/// linked accounts.
fn device_section(
    cx: &Invocation<'_>,
    devices: Result<Vec<Value>, pingone::Error>,
    recent: &anyhow::Result<RecentChanges>,
) -> Section {
    const TITLE: &str = "MFA devices";
    let pairings = recent.as_ref().map_or(&[][..], |recent| &recent.pairings);
    let others = devices.as_ref().ok().and_then(|found| {
        sentences(on_none(pairings, found), |activity| {
            let (who, at) = (actor(activity), minutes(&recorded_at(activity)));
            format!("{who} paired a device at {at}: {NOT_HERE}")
        })
    });
    let unmarked = match recent {
        Ok(RecentChanges { more: false, .. }) => None,
        Ok(_) => Some(format!(
            "There were too many activities in the last {DAYS} days to check them all: a device that somebody else paired or a newly linked account may not be marked."
        )),
        Err(error) => Some(format!(
            "Devices that somebody else paired and newly linked accounts are not marked, because the audit trail of the last {DAYS} days is not available: {}",
            cx.explain(error)
        )),
    };
    let content = devices.map(|found| {
        let cells = |device: &Value| {
            let [kind, status, nickname, contact, paired, id] = device::cells(device);
            let by =
                on(pairings, device).map(|pairing| format!("{} (not the user)", actor(pairing)));
            let by = by.unwrap_or_default();
            [kind, status, nickname, contact, paired, by, id]
        };
        let describe = |device: &Value| {
            let by = on(pairings, device)
                .and_then(Activity::actor)
                .unwrap_or_default();
            let mut entry = device::describe(device, &Value::Null);
            entry.insert("PairedBy".to_owned(), json!(by.name));
            entry.insert("PairedByID".to_owned(), json!(by.id));
            entry
        };
        let [kind, status, nickname, contact, paired, id] = device::COLUMNS;
        let columns = [kind, status, nickname, contact, paired, "Paired by", id];
        Content::list(TITLE, columns, &found, cells, describe)
    });
    let missing = unmarked.is_some().then_some("Audit trail");
    let notes: Vec<String> = others.into_iter().chain(unmarked).collect();
    Section {
        note: (!notes.is_empty()).then(|| notes.join("\n")),
        missing,
        ..Section::new("Devices", TITLE, content)
    }
}

const NOT_HERE: &str = "it is not in this list, or the audit trail does not name it.";

/// A sentence about each activity, without repetitions.
fn sentences(activities: Vec<&Activity>, sentence: impl Fn(&Activity) -> String) -> Option<String> {
    let mut sentences: Vec<String> = activities.into_iter().map(sentence).collect();
    sentences.dedup();
    (!sentences.is_empty()).then(|| sentences.join("\n"))
}

/// The name of the user who acted, or the id.
fn actor(activity: &Activity) -> &str {
    let actor = activity.actor().unwrap_or_default();
    actor.name.or(actor.id).unwrap_or("Somebody")
}

fn recorded_at(activity: &Activity) -> Value {
    at(activity.raw(), "/recordedAt")
}

fn population_content(population: Option<Value>) -> Content {
    let population = population.map(|population| {
        let (id, name) = (at(&population, "/id"), at(&population, "/name"));
        let cells = [cell(&name), cell(&id)];
        (cells, row([("ID", id), ("Name", name)]))
    });
    Content::one("Population", ["Name", "ID"], population)
}

fn group_section(groups: Result<Vec<Membership>, pingone::Error>) -> Section {
    // What PingOne calls direct includes the memberships that come from the group's filter.
    let kind = |membership: &Membership| match (&membership.kind, membership.is_dynamic) {
        (Some(kind), Some(true)) if kind == DIRECT => "by group filter".to_owned(),
        (Some(kind), _) if kind == DIRECT => "direct".to_owned(),
        (kind, _) => kind.clone().unwrap_or_else(|| "unknown".to_owned()),
    };
    let mut listed = groups.iter().flatten();
    let some_unknown = listed.any(|membership| membership.kind.as_deref() != Some(DIRECT));
    let content = groups.map(|groups| {
        let cells = |membership: &Membership| {
            [
                cell(&membership.shown_name),
                kind(membership),
                membership.group.to_string(),
            ]
        };
        let describe = |membership: &Membership| {
            row([
                ("ID", json!(membership.group.to_string())),
                ("Name", membership.shown_name.clone()),
            ])
        };
        let columns = ["Name", "Membership", "ID"];
        Content::list("Groups", columns, &groups, cells, describe)
    });
    let note = some_unknown.then(|| {
        "PingOne does not say whether every membership is direct: some may come from nested groups."
            .to_owned()
    });
    Section {
        note,
        ..Section::new("Groups", "Groups", content)
    }
}

fn role_section(
    cx: &Invocation<'_>,
    assignments: Result<Vec<RoleAssignment>, pingone::Error>,
    names: &RoleNames,
) -> Section {
    let mut assigned = assignments.iter().flatten();
    let some_unnamed = assigned.any(|assignment| names.of(assignment).is_none());
    let content = assignments.map(|found| {
        let cells = |assignment: &RoleAssignment| role::cells(assignment, names);
        let describe = |assignment: &RoleAssignment| {
            role::describe(assignment, names, ("UserID", Value::Null))
        };
        Content::list("Roles", role::COLUMNS, &found, cells, describe)
    });
    Section {
        note: some_unnamed.then(|| role::why_unnamed(cx, names)),
        missing: some_unnamed.then_some("Role names"),
        ..Section::new("Roles", "Roles", content)
    }
}

fn session_section(sessions: Result<Vec<Session>, pingone::Error>, now: Timestamp) -> Section {
    let mut listed = sessions.iter().flatten();
    let some_expired = listed.any(|session| session.has_expired(now) == Some(true));
    let content = sessions.map(|found| {
        let cells = |session: &Session| session::cells(session, now);
        let describe = |session: &Session| session::describe(session, &Value::Null, now);
        Content::list("Sessions", session::COLUMNS, &found, cells, describe)
    });
    Section {
        note: some_expired.then(|| session::SOME_EXPIRED.to_owned()),
        ..Section::new("Sessions", "Sessions", content)
    }
}

/// Drops the user's id: the whole answer is about one user.
fn without_user(mut row: Row) -> Row {
    row.shift_remove("UserID");
    row
}
