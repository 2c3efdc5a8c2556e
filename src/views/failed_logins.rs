//! Failed sign-ons: the context has them by source, and by user and source; the table ranks the latter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::cells::{joined, seconds};
use crate::{
    document::{Row, Table, at, compact_table, row},
    operations::{
        activities::{user_labels, users},
        phrases::counted,
    },
};
use pingone::activity::Activity;

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
    activities: Vec<&'a Activity>,
}

/// Where a sign-on came from: IP address, country and user agent, each empty if PingOne did not record it.
type Source<'a> = [&'a str; 3];

fn source(activity: &Activity) -> Source<'_> {
    [activity.ip(), activity.country(), activity.user_agent()].map(Option::unwrap_or_default)
}

/// Groups failed sign-ons, given newest first, by user and source: busiest first, then latest.
pub fn by_user(activities: &[Activity]) -> Vec<UserFailures<'_>> {
    let mut groups: BTreeMap<(&str, Source<'_>), Vec<&Activity>> = BTreeMap::new();
    for activity in activities {
        for user in user_labels(activity) {
            let key = (user, source(activity));
            groups.entry(key).or_default().push(activity);
        }
    }
    let mut groups: Vec<UserFailures<'_>> = groups
        .into_iter()
        .map(|((user, _), activities)| UserFailures {
            user: user.to_owned(),
            activities,
        })
        .collect();
    groups.sort_by_key(|group| {
        let last = group
            .activities
            .first()
            .and_then(|newest| newest.recorded_at());
        std::cmp::Reverse((group.activities.len(), last))
    });
    groups
}

/// The groups as a table.
pub fn table(title: &str, groups: &[UserFailures<'_>]) -> Table {
    let cells = |group: &UserFailures<'_>| {
        let found = &group.activities;
        let [ip, country, agent] = newest_source(found).map(str::to_owned);
        [
            found.len().to_string(),
            if group.user.is_empty() {
                "unknown".to_owned()
            } else {
                group.user.clone()
            },
            ip,
            country,
            seconds(&recorded_at(found.last())),
            seconds(&recorded_at(found.first())),
            agent,
            joined(actions(found), ", "),
        ]
    };
    let rows: Vec<[String; 8]> = groups.iter().map(cells).collect();
    compact_table(title, COLUMNS, &rows)
}

/// `4 failed sign-ons: 2 users, 1 IP address; 3 without an IP address`, so that nobody takes the addresses for all
/// there are. `None` if the table says as much.
pub fn totals(activities: &[Activity]) -> Option<String> {
    let users: BTreeSet<&str> = activities.iter().flat_map(user_labels).collect();
    let users = users.iter().filter(|user| !user.is_empty()).count();
    let ips: BTreeSet<&str> = activities.iter().filter_map(Activity::ip).collect();
    let count = activities.len();
    let without_ip = activities.iter().filter(|one| one.ip().is_none()).count();
    let failures = counted(count, "failed sign-on");
    let users = counted(users, "user");
    match (count, ips.len()) {
        (1, 0) => Some("PingOne recorded no IP address for it.".to_owned()),
        (0 | 1, _) => None,
        (_, 0) => Some(format!(
            "{failures}: {users}. PingOne recorded no IP address for any of them."
        )),
        (_, ips) => {
            let ips = counted(ips, "IP address");
            let rest = (without_ip > 0).then(|| format!("; {without_ip} without an IP address"));
            Some(format!(
                "{failures}: {users}, {ips}{}",
                rest.unwrap_or_default()
            ))
        }
    }
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
pub fn source_entries(activities: &[Activity]) -> Vec<Value> {
    let mut groups: BTreeMap<Source<'_>, Vec<&Activity>> = BTreeMap::new();
    for activity in activities {
        groups.entry(source(activity)).or_default().push(activity);
    }
    let mut groups: Vec<Vec<&Activity>> = groups.into_values().collect();
    groups.sort_by_key(|found| std::cmp::Reverse(found.len()));
    let entries = groups
        .iter()
        .map(|found| Value::Object(source_entry(found)));
    entries.collect()
}

/// A context entry for activities from one source. `found` is newest first.
fn source_entry(found: &[&Activity]) -> Row {
    let users: BTreeSet<&str> = found
        .iter()
        .flat_map(|activity| users(activity))
        .filter_map(|user| user.name)
        .collect();
    let [ip, country, agent] =
        newest_source(found).map(|text| Some(text).filter(|text| !text.is_empty()));
    row([
        ("Count", json!(found.len())),
        ("IP", json!(ip)),
        ("Country", json!(country)),
        ("UserAgent", json!(agent)),
        ("Users", json!(users)),
        ("Actions", json!(actions(found))),
        ("First", recorded_at(found.last())),
        ("Last", recorded_at(found.first())),
    ])
}

fn actions<'a>(found: &[&'a Activity]) -> BTreeSet<&'a str> {
    found
        .iter()
        .filter_map(|activity| activity.action())
        .collect()
}

/// The source that activities of a group have in common.
fn newest_source<'a>(found: &[&'a Activity]) -> Source<'a> {
    found
        .first()
        .map(|newest| source(newest))
        .unwrap_or_default()
}

/// The time as PingOne writes it.
fn recorded_at(activity: Option<&&Activity>) -> Value {
    activity.map_or(Value::Null, |activity| at(activity.raw(), "/recordedAt"))
}
