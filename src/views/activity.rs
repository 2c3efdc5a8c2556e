//! Activities of the audit log.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::json;

use super::cells::{joined, seconds};
use crate::{
    document::{Block, Document, Row, at, row},
    operations::activities::ActivitySearch,
};
use pingone::activity::{Activity, Party};

/// What to say about a time range that begins earlier than 14 days ago.
pub const NEEDS_RESTORE: &str = "PingOne finds activities older than 14 days only after they have been restored there (activityRestores).";
const LACKS_ADDRESS: &str = "PingOne recorded no IP address for some activities that otherwise match, so 'ip' leaves them out. Run again without 'ip' to see them.";

/// Adds what the reader must know about a search: which activities it cannot find.
pub fn push_gaps(document: &mut Document, search: &ActivitySearch, is_cut: bool, now: Timestamp) {
    if search.lacks_address.get() {
        document.push(Block::Paragraph(LACKS_ADDRESS.to_owned()));
    }
    // What was cut off is newer, or nobody asked for it yet.
    if search.needs_restore(now) && !is_cut {
        document.push(Block::Paragraph(NEEDS_RESTORE.to_owned()));
    }
}

/// The columns of a list of activities.
pub const COLUMNS: [&str; 7] = [
    "Time",
    "Action",
    "Result",
    "Actor",
    "Target",
    "IP",
    "Description",
];

/// The names of users, applications and resources by id. Some activities give only the id of what others name.
pub struct Names<'a>(HashMap<&'a str, &'a str>);

impl<'a> Names<'a> {
    /// All names in these activities.
    pub fn of(activities: &'a [Activity]) -> Self {
        let named = activities.iter().flat_map(|activity| {
            let actors = [activity.actor(), activity.client()];
            actors.into_iter().flatten().chain(activity.resources())
        });
        let mut names = HashMap::new();
        for Party { id, name, .. } in named {
            if let (Some(id), Some(name)) = (id, name) {
                names.entry(id).or_insert(name);
            }
        }
        Self(names)
    }

    /// The name of a user, application or resource; else its id.
    fn label<'b>(&self, party: &Party<'b>) -> Option<&'b str>
    where
        'a: 'b,
    {
        let known = || party.id.and_then(|id| self.0.get(id).copied());
        party.name.or_else(known).or(party.id)
    }
}

/// An activity as a table row.
pub fn cells(activity: &Activity, names: &Names<'_>) -> [String; 7] {
    let label = |party: Option<Party<'_>>| {
        party
            .and_then(|party| names.label(&party).map(str::to_owned))
            .unwrap_or_default()
    };
    let target = |resource: Party<'_>| match (resource.kind, names.label(&resource)) {
        // An id alone does not say of what.
        (Some(kind), Some(label)) if resource.id == Some(label) => format!("{kind} {label}"),
        (kind, label) => label.or(kind).unwrap_or_default().to_owned(),
    };
    let mut targets: Vec<Party<'_>> = activity.resources().collect();
    // The owners of memberships and the like.
    for subject in activity.subjects() {
        if targets.iter().all(|target| target.id != subject.id) {
            targets.push(subject);
        }
    }
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    [
        seconds(&at(activity.raw(), "/recordedAt")),
        text(activity.action()),
        text(activity.status()),
        joined([label(activity.actor()), label(activity.client())], " via "),
        joined(targets.into_iter().map(target), ", "),
        text(activity.ip()),
        text(activity.description()),
    ]
}

/// An activity as a context entry.
pub fn describe(activity: &Activity) -> Row {
    let raw = activity.raw();
    let resource = |resource: Party<'_>| json!({"Type": resource.kind, "ID": resource.id, "Name": resource.name});
    let subject = |user: Party<'_>| json!({"ID": user.id, "Name": user.name});
    row([
        ("ID", at(raw, "/id")),
        ("Time", at(raw, "/recordedAt")),
        ("Action", at(raw, "/action/type")),
        ("Result", at(raw, "/result/status")),
        ("Description", at(raw, "/result/description")),
        ("User", at(raw, "/actors/user/name")),
        ("UserID", at(raw, "/actors/user/id")),
        ("Resources", activity.resources().map(resource).collect()),
        (
            "AffectedUsers",
            activity.subjects().into_iter().map(subject).collect(),
        ),
        ("Client", at(raw, "/actors/client/name")),
        ("ClientID", at(raw, "/actors/client/id")),
        ("IP", json!(activity.ip())),
        ("Country", json!(activity.country())),
        ("UserAgent", json!(activity.user_agent())),
        ("CorrelationID", at(raw, "/correlationId")),
    ])
}
