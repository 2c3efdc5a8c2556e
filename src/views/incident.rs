//! Incidents as XSOAR takes them, in words that an analyst understands without knowing PingOne's action types.
//! <https://xsoar.pan.dev/docs/integrations/fetching-incidents>

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cells::joined;
use crate::{
    document::{Block, Document, compact_table},
    inert::inert,
    operations::{
        feed::{
            Found,
            bursts::{Burst, Subject},
            selection::Severity,
        },
        phrases::{counted, one_line},
    },
};
use pingone::{
    activity::{Activity, Party},
    times::{to_rfc3339_millis, to_utc_seconds},
};

/// An incident's name is one line in a list.
const MAX_NAME: usize = 200;
/// The most users, addresses and activities that the incident of a burst lists.
const MAX_LISTED: usize = 50;

/// An incident before it becomes JSON.
pub struct Incident {
    name: String,
    details: String,
    severity: Severity,
    at: Timestamp,
    id: String,
    raw: Value,
}

impl From<Found> for Incident {
    fn from(found: Found) -> Self {
        match found {
            Found::Activity {
                id,
                at,
                severity,
                activity,
            } => Self {
                name: title(&activity),
                details: details(&activity),
                severity,
                at,
                id,
                raw: activity.into_raw(),
            },
            Found::Burst(burst) => Self {
                name: burst_title(&burst),
                details: burst_details(&burst),
                severity: burst.severity(),
                at: burst.at,
                id: burst.id(),
                raw: burst_raw(&burst),
            },
        }
    }
}

impl Incident {
    /// The object that XSOAR takes. `rawJSON` is what classifiers and mappers see.
    pub fn to_json(&self) -> Value {
        json!({
            "name": inert(&self.short_name()),
            "occurred": to_rfc3339_millis(self.at),
            "details": inert(&self.details),
            "severity": match self.severity {
                Severity::Low => 1,
                Severity::Medium => 2,
                Severity::High => 3,
            },
            "dbotMirrorId": self.id,
            "rawJSON": self.raw.to_string(),
        })
    }

    fn short_name(&self) -> String {
        let name = one_line(&self.name);
        match name.char_indices().nth(MAX_NAME) {
            Some((end, _)) => format!("{}…", &name[..end]),
            None => name,
        }
    }
}

/// The incidents as a table, the oldest first, with what there is to say about the fetch.
pub fn table(incidents: &[Incident], notes: Vec<String>) -> Document {
    let rows: Vec<[String; 4]> = incidents
        .iter()
        .map(|incident| {
            let severity = match incident.severity {
                Severity::Low => "low",
                Severity::Medium => "medium",
                Severity::High => "high",
            };
            [
                to_utc_seconds(incident.at),
                severity.to_owned(),
                incident.short_name(),
                incident.details.clone(),
            ]
        })
        .collect();
    let columns = ["Occurred", "Severity", "Incident", "Details"];
    let mut document: Document = compact_table("PingOne incidents", columns, &rows).into();
    for note in notes {
        document.push(Block::Paragraph(note));
    }
    document
}

/// What is said about an activity of a type: before the target and after it.
const TITLES: &[(&str, &str, &str)] = &[
    (
        "ROLE_ASSIGNMENT.CREATED",
        "Administrator role given to ",
        "",
    ),
    (
        "ROLE_ASSIGNMENT.DELETED",
        "Administrator role taken from ",
        "",
    ),
    ("SECRET.READ", "Client secret of ", " read"),
    ("SECRET.UPDATED", "Client secret of ", " replaced"),
    ("DEVICE.CREATED", "MFA device paired for ", ""),
    ("DEVICE.ACTIVATED", "MFA device activated for ", ""),
    ("DEVICE.FRAUD_REPORTED", "Fraud reported by ", ""),
    (
        "DEVICE.PAIRING_FAILED_COMPROMISED",
        "Pairing of a compromised device refused for ",
        "",
    ),
    (
        "DEVICE.KEY_ROTATION_FAILED",
        "Key rotation failed on an MFA device of ",
        "",
    ),
    ("MEMBER_OF_GROUP.CREATED", "Group membership given to ", ""),
    (
        "MEMBER_OF_GROUP.DELETED",
        "Group membership taken from ",
        "",
    ),
];

/// What the subject of an action type is called, where its words do not say it.
const SUBJECTS: &[(&str, &str)] = &[
    ("ACCOUNT", "External account of "),
    ("ACTION", "Sign-on policy step "),
    ("DEVICE", "MFA device of "),
    ("GRANT", "Scope grant of "),
    ("IDP_ATTRIBUTE", "Identity provider attribute "),
    ("KRP", "Key rotation policy "),
    ("PASSWORD", "Password of "),
    ("POLICY", "Sign-on policy "),
    ("SUBSCRIPTION", "Webhook "),
];

/// The name of an activity's incident.
fn title(activity: &Activity) -> String {
    let action = activity.action().unwrap_or("UNKNOWN").to_ascii_uppercase();
    let (before, after) = around_target(&action);
    let target = target(activity).unwrap_or_default();
    let by = actor(activity).filter(|actor| *actor != target);
    let by = by.map(|actor| format!(" by {actor}")).unwrap_or_default();
    let target = if target.is_empty() {
        "(unknown)"
    } else {
        &target
    };
    format!("{before}{target}{}{by}", after.trim_end())
}

/// What is said before the target and after it.
fn around_target(action: &str) -> (String, String) {
    if let Some((_, before, after)) = TITLES.iter().find(|(known, ..)| *known == action) {
        return ((*before).to_owned(), (*after).to_owned());
    }
    let (subject, verb) = action.split_once('.').unwrap_or((action, ""));
    let before = match SUBJECTS.iter().find(|(known, _)| *known == subject) {
        Some((_, before)) => (*before).to_owned(),
        None => sentence(subject) + " ",
    };
    (before, [" ", &past(verb)].concat())
}

/// `FIDO_POLICY` as `Fido policy`.
fn sentence(words: &str) -> String {
    let (first, rest) = words.split_at_checked(1).unwrap_or((words, ""));
    [first, &rest.to_ascii_lowercase().replace('_', " ")].concat()
}

/// `UPDATED` as `changed`.
fn past(verb: &str) -> String {
    match verb {
        "UPDATED" => "changed".to_owned(),
        other => other.to_ascii_lowercase().replace(['_', '.'], " "),
    }
}

/// Who or what was acted on: a user if there is one.
fn target(activity: &Activity) -> Option<String> {
    let user = activity.subjects().first().copied();
    let target = user.or_else(|| activity.resources().find(|one| one.name.is_some()));
    target
        .or_else(|| activity.resources().next())
        .and_then(label)
}

/// The user who acted, or else the application.
fn actor(activity: &Activity) -> Option<String> {
    let user = activity.actor().and_then(label);
    user.or_else(|| activity.client().and_then(label))
}

fn label(party: Party<'_>) -> Option<String> {
    party.name.or(party.id).map(one_line)
}

/// What else is known about an activity, in lines.
fn details(activity: &Activity) -> String {
    let through = activity.client().and_then(label);
    let through = through.filter(|client| Some(client) != actor(activity).as_ref());
    let line = |what: &str, text: Option<&str>| {
        let text = text.map(one_line).filter(|text| !text.is_empty());
        text.map(|text| format!("{what}: {text}"))
            .unwrap_or_default()
    };
    joined(
        [
            activity.description().map(one_line).unwrap_or_default(),
            line("Action", activity.action()),
            line("Through", through.as_deref()),
            line("IP address", activity.ip()),
            line("User agent", activity.user_agent()),
        ],
        "\n",
    )
}

fn burst_title(burst: &Burst) -> String {
    let failures = counted(burst.failures.len(), "failed sign-on");
    let users = burst.users();
    match &burst.covered.subject {
        Subject::User(id) => {
            let name = users.get(&**id).copied().unwrap_or(id);
            format!("{failures} of {}", one_line(name))
        }
        Subject::Address(ip) if users.is_empty() => format!("{failures} from {}", one_line(ip)),
        Subject::Address(ip) => {
            let users = counted(users.len(), "user");
            format!("{failures} from {}, for {users}", one_line(ip))
        }
    }
}

fn burst_details(burst: &Burst) -> String {
    let users = listed(burst.users().into_values().map(one_line));
    let addresses = burst.addresses();
    let addresses = listed(
        addresses
            .iter()
            .map(|(ip, count)| format!("{} ({count})", one_line(ip))),
    );
    let addresses = if addresses.is_empty() {
        "PingOne recorded no IP address".to_owned()
    } else {
        format!("IP addresses: {addresses}")
    };
    let [from, until] = [burst.covered.from, burst.covered.until].map(to_utc_seconds);
    joined(
        [
            format!("First failure: {from}"),
            format!("Users: {users}"),
            addresses,
            format!("Failures until {until} belong to this incident"),
        ],
        "\n",
    )
}

/// The first of them, separated by commas.
fn listed(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.collect();
    let shown = texts[..texts.len().min(MAX_LISTED)].join(", ");
    match texts.len().saturating_sub(MAX_LISTED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// A burst in the shape of an activity, so that one mapper serves both.
fn burst_raw(burst: &Burst) -> Value {
    let users = burst.users();
    let addresses = burst.addresses();
    let kind = match burst.covered.subject {
        Subject::User(_) => "FAILED_SIGN_ONS.USER",
        Subject::Address(_) => "FAILED_SIGN_ONS.ADDRESS",
    };
    let resources = users.iter().take(MAX_LISTED);
    let resources: Vec<Value> = resources
        .map(|(id, name)| json!({"type": "USER", "id": id, "name": name}))
        .collect();
    let busiest = addresses.iter().max_by_key(|(_, count)| **count);
    let ids = burst.failures.iter().map(|failure| &failure.id);
    json!({
        "id": burst.id(),
        "recordedAt": to_rfc3339_millis(burst.at),
        "action": {"type": kind, "description": "Failed Sign-ons"},
        "resources": resources,
        "source": {"ipAddress": busiest.map(|(ip, _)| ip)},
        "result": {"status": "FAILURE", "description": burst_title(burst)},
        "failedSignOns": {
            "count": burst.failures.len(),
            "first": to_rfc3339_millis(burst.covered.from),
            "until": to_rfc3339_millis(burst.covered.until),
            "userCount": users.len(),
            "users": users.values().take(MAX_LISTED).collect::<Vec<_>>(),
            "addresses": addresses.keys().take(MAX_LISTED).collect::<Vec<_>>(),
            "activities": ids.take(MAX_LISTED).collect::<Vec<_>>(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(action: &str, actor: Option<&str>, resource: &Value) -> Activity {
        let mut raw = json!({"action": {"type": action}, "resources": [resource]});
        if let Some(actor) = actor {
            raw["actors"]["user"] = json!({"id": "nora", "name": actor});
        }
        raw.into()
    }

    #[test]
    fn a_title_says_what_happened_to_whom_and_by_whom() {
        let user = json!({"type": "USER", "id": "u", "name": "a.new.admin"});
        let application = json!({"type": "APPLICATION", "id": "a", "name": "Payroll sync"});
        for (action, actor, resource, says) in [
            (
                "ROLE_ASSIGNMENT.CREATED",
                Some("m.byrne"),
                &user,
                "Administrator role given to a.new.admin by m.byrne",
            ),
            (
                "SECRET.READ",
                Some("m.byrne"),
                &application,
                "Client secret of Payroll sync read by m.byrne",
            ),
            (
                "APPLICATION.UPDATED",
                Some("m.byrne"),
                &application,
                "Application Payroll sync changed by m.byrne",
            ),
            (
                "SUBSCRIPTION.DELETED",
                None,
                &json!({"id": "w"}),
                "Webhook w deleted",
            ),
            (
                "DEVICE.FRAUD_REPORTED",
                Some("a.new.admin"),
                &user,
                "Fraud reported by a.new.admin",
            ),
            ("USER.LOCKED", None, &user, "User a.new.admin locked"),
            (
                "PASSWORD.FORCE_CHANGE",
                Some("m.byrne"),
                &user,
                "Password of a.new.admin force change by m.byrne",
            ),
            (
                "FIDO_POLICY.CREATED",
                Some("m.byrne"),
                &json!({}),
                "Fido policy (unknown) created by m.byrne",
            ),
            ("NOVELTY", None, &user, "Novelty a.new.admin"),
        ] {
            assert_eq!(title(&activity(action, actor, resource)), says);
        }
    }

    #[test]
    fn hostile_names_stay_on_one_line_and_are_inert() {
        let user = json!({"type": "USER", "name": format!("<img src=x>\n# {}", "x".repeat(500))});
        let incident = Incident::from(Found::Activity {
            id: "one".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            severity: Severity::High,
            activity: activity("USER.LOCKED", None, &user),
        });
        let incident = incident.to_json();
        let name = incident["name"].as_str().expect("a name");
        assert!(!name.contains('\n') && !name.contains("<img"), "{name}");
        assert!(name.chars().count() < 300, "{name}");
        assert_eq!(incident["occurred"], "1970-01-01T00:00:00.000Z");
        assert_eq!(
            (&incident["severity"], &incident["dbotMirrorId"]),
            (&json!(3), &json!("one"))
        );
        let raw: Value =
            serde_json::from_str(incident["rawJSON"].as_str().expect("a text")).expect("JSON");
        assert_eq!(
            raw["resources"][0], user,
            "the mapper gets what PingOne gave"
        );
    }
}
