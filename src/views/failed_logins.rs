//! Failed sign-ons: the context has them by source, and by user and source; the table ranks the latter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::cells::{joined, seconds};
use crate::{
    document::{Row, Table, at, cell, compact_table, row},
    operations::{
        activities::{SOURCES, Source, source, user_labels, users},
        phrases::counted,
    },
};

const COLUMNS: [&str; 8] = [
    "Failures",
    "User",
    "IP",
    "Country",
    "First",
    "Last",
    "User agent",
    "Actions",
];

/// Failed sign-ons of one user from one IP address with one user agent.
pub struct UserFailures<'a> {
    user: String,
    /// Newest first; never empty.
    activities: Vec<&'a Value>,
}

/// Groups failed sign-ons, given newest first, by user, IP address and user agent: busiest first, then latest.
pub fn by_user(activities: &[Value]) -> Vec<UserFailures<'_>> {
    let mut groups: BTreeMap<[String; 3], Vec<&Value>> = BTreeMap::new();
    for activity in activities {
        let [ip, agent] = [Source::Ip, Source::UserAgent].map(|what| text(activity, what));
        for user in user_labels(activity) {
            let key = [user.to_owned(), ip.clone(), agent.clone()];
            groups.entry(key).or_default().push(activity);
        }
    }
    let mut groups: Vec<UserFailures<'_>> = groups
        .into_iter()
        .map(|([user, ..], activities)| UserFailures { user, activities })
        .collect();
    groups.sort_by_key(|group| {
        let last = group.activities.first().map(|newest| recorded_at(newest));
        std::cmp::Reverse((group.activities.len(), last))
    });
    groups
}

/// The groups as a table.
pub fn table(title: &str, groups: &[UserFailures<'_>]) -> Table {
    let cells = |group: &UserFailures<'_>| {
        let found = &group.activities;
        let from = |what| first_source(found, what).map(cell).unwrap_or_default();
        let time = |activity: Option<&&Value>| {
            activity.map_or_else(String::new, |activity| {
                seconds(&at(activity, "/recordedAt"))
            })
        };
        [
            found.len().to_string(),
            if group.user.is_empty() {
                "unknown".to_owned()
            } else {
                group.user.clone()
            },
            from(Source::Ip),
            from(Source::Country),
            time(found.last()),
            time(found.first()),
            from(Source::UserAgent),
            joined(actions(found), ", "),
        ]
    };
    let rows: Vec<[String; 8]> = groups.iter().map(cells).collect();
    compact_table(title, COLUMNS, &rows)
}

/// `4 failed sign-ons: 2 users, 1 IP address`; `None` for fewer than two.
pub fn totals(activities: &[Value]) -> Option<String> {
    let users: BTreeSet<&str> = activities.iter().flat_map(user_labels).collect();
    let users = users.iter().filter(|user| !user.is_empty()).count();
    let ips = activities.iter().map(|activity| text(activity, Source::Ip));
    let ips: BTreeSet<String> = ips.filter(|ip| !ip.is_empty()).collect();
    (activities.len() > 1).then(|| {
        format!(
            "{}: {}, {}",
            counted(activities.len(), "failed sign-on"),
            counted(users, "user"),
            counted(ips.len(), "IP address")
        )
    })
}

/// The groups as context entries.
pub fn user_entries(groups: &[UserFailures<'_>]) -> Vec<Value> {
    let entry = |group: &UserFailures<'_>| {
        let user = (!group.user.is_empty()).then_some(&group.user);
        let mut entry = row([("User", json!(user))]);
        let mut source = source_entry(&group.activities);
        source.shift_remove("Users");
        entry.extend(source);
        Value::Object(entry)
    };
    groups.iter().map(entry).collect()
}

/// The failed sign-ons by source as context entries, busiest first.
pub fn source_entries(activities: &[Value]) -> Vec<Value> {
    let mut groups: BTreeMap<[String; 3], Vec<&Value>> = BTreeMap::new();
    for activity in activities {
        let key = SOURCES.map(|what| text(activity, what));
        groups.entry(key).or_default().push(activity);
    }
    let mut groups: Vec<Vec<&Value>> = groups.into_values().collect();
    groups.sort_by_key(|found| std::cmp::Reverse(found.len()));
    let entries = groups
        .iter()
        .map(|found| Value::Object(source_entry(found)));
    entries.collect()
}

/// A context entry for activities from one source. `found` is newest first.
fn source_entry(found: &[&Value]) -> Row {
    let users: BTreeSet<&str> = found.iter().flat_map(|activity| users(activity)).collect();
    let from = |what| json!(first_source(found, what));
    let time = |activity: Option<&&Value>| {
        activity.map_or(Value::Null, |activity| at(activity, "/recordedAt"))
    };
    row([
        ("Count", json!(found.len())),
        ("IP", from(Source::Ip)),
        ("Country", from(Source::Country)),
        ("UserAgent", from(Source::UserAgent)),
        ("Users", json!(users)),
        ("Actions", json!(actions(found))),
        ("First", time(found.last())),
        ("Last", time(found.first())),
    ])
}

fn actions<'a>(found: &[&'a Value]) -> BTreeSet<&'a str> {
    found
        .iter()
        .filter_map(|activity| activity.pointer("/action/type").and_then(Value::as_str))
        .collect()
}

/// An attribute of the newest activity's source, if it is not empty.
fn first_source<'a>(found: &[&'a Value], what: Source) -> Option<&'a Value> {
    let newest = found.first()?;
    source(newest, what).filter(|source| **source != "")
}

/// An attribute of the source as text, to compare it.
fn text(activity: &Value, what: Source) -> String {
    source(activity, what).map_or_else(String::new, key_text)
}

fn key_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The time as PingOne writes it: sorts by time.
fn recorded_at(activity: &Value) -> &str {
    activity
        .get("recordedAt")
        .and_then(Value::as_str)
        .unwrap_or_default()
}
