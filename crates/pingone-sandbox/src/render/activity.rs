//! An activity as PingOne renders it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::model::activity::{Activity, Actor, CONSOLE, Subject, humanize};
use crate::model::clock::{after, format_timestamp};
use crate::model::store::Store;
use crate::render::hal::link;

/// How long after the act it is stored: 13 to 420 ms in captures.
const STORED_AFTER: Duration = Duration::from_millis(17);

/// An activity as PingOne renders it.
pub(crate) fn to_json(store: &Store, activity: &Activity) -> Value {
    let url = format!("{}/activities/{}", store.environment_url(), activity.id);
    let resources: Vec<Value> = activity
        .resources
        .iter()
        .map(|subject| subject_json(store, subject))
        .collect();
    let stored_at = after(activity.at, STORED_AFTER);
    let mut value = json!({
        "_links": { "self": link(&url) },
        "id": activity.id,
        "recordedAt": format_timestamp(activity.at),
        "createdAt": format_timestamp(stored_at),
        "correlationId": activity.correlation_id,
        "action": { "type": activity.action, "description": humanize(&activity.action) },
        "resources": resources,
        "result": {
            "status": if activity.failed { "FAILURE" } else { "SUCCESS" },
            "description": activity.description,
        },
    });
    let is_tagged = is_about_administration(&activity.action);
    if let Some(client) = &activity.client {
        value["actors"]["client"] = client_json(store, client);
    }
    if let Some(user) = &activity.user {
        value["actors"]["user"] = subject_json(store, user);
        if is_tagged {
            value["actors"]["user"]["population"] = json!({});
        }
    }
    // Captures of 2022 have neither address nor user agent; those of 2024 and 2025 have both here, but not for all
    // types.
    if let Some(remote_ip) = &activity.remote_ip {
        value["source"]["ipAddress"] = remote_ip.clone().into();
    }
    if let Some(user_agent) = &activity.user_agent {
        value["source"]["userAgent"] = user_agent.clone().into();
    }
    if is_tagged {
        value["tags"] = json!(["adminIdentityEvent"]);
    }
    patch(&mut value, &activity.details);
    value
}

fn client_json(store: &Store, client: &Actor) -> Value {
    let mut value = json!({ "id": client.id, "name": client.name, "type": "CLIENT" });
    if client.id != CONSOLE {
        value["environment"] = json!({ "id": store.environment.id });
        value["href"] = format!("{}/applications/{}", store.environment_url(), client.id).into();
    }
    value
}

/// Merges members; `null` removes one.
fn patch(value: &mut Value, changes: &Map<String, Value>) {
    let Some(members) = value.as_object_mut() else {
        return;
    };
    for (name, change) in changes {
        match (change, members.get_mut(name)) {
            (Value::Null, _) => drop(members.remove(name)),
            (Value::Object(changes), Some(value)) if value.is_object() => patch(value, changes),
            _ => drop(members.insert(name.clone(), change.clone())),
        }
    }
}

/// Real events about role assignments and secrets have the tag; for the others it is UNCONFIRMED.
fn is_about_administration(action: &str) -> bool {
    let (subject, _) = action.split_once('.').unwrap_or_default();
    [
        "ROLE_ASSIGNMENT",
        "ROLE",
        "SECRET",
        "APPLICATION",
        "GRANT",
        "SUBSCRIPTION",
    ]
    .contains(&subject)
}

fn subject_json(store: &Store, subject: &Subject) -> Value {
    let mut value = json!({
        "type": subject.kind,
        "id": subject.id,
        "name": subject.name,
        "environment": { "id": store.environment.id },
    });
    if let Some(population) = &subject.population {
        value["population"] = json!({ "id": population });
    }
    value["href"] = subject.href.clone().into();
    value
}
