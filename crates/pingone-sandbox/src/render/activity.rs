//! An activity as PingOne renders it.

use serde_json::{Value, json};

use crate::model::activity::{Activity, Subject, humanize};
use crate::model::clock::format_timestamp;
use crate::model::store::Store;
use crate::render::hal::link;

/// An activity as PingOne renders it.
pub(crate) fn to_json(store: &Store, activity: &Activity) -> Value {
    let url = format!("{}/activities/{}", store.environment_url(), activity.id);
    let resources: Vec<Value> = activity
        .resources
        .iter()
        .map(|subject| subject_json(store, subject))
        .collect();
    let mut value = json!({
        "_links": { "self": link(&url) },
        "id": activity.id,
        "recordedAt": format_timestamp(activity.at),
        "createdAt": format_timestamp(activity.at),
        "correlationId": activity.correlation_id,
        "actors": actors(store, activity),
        "action": { "type": activity.action, "description": humanize(&activity.action) },
        "resources": resources,
        "result": {
            "status": if activity.failed { "FAILURE" } else { "SUCCESS" },
            "description": activity.description,
        },
    });
    // The public samples have neither address nor user agent; captures of 2024 and 2025 have both
    // here.
    if let Some(remote_ip) = &activity.remote_ip {
        value["source"]["ipAddress"] = remote_ip.clone().into();
    }
    if let Some(user_agent) = &activity.user_agent {
        value["source"]["userAgent"] = user_agent.clone().into();
    }
    if is_about_administration(&activity.action) {
        value["tags"] = json!(["adminIdentityEvent"]);
    }
    value
}

fn actors(store: &Store, activity: &Activity) -> Value {
    let mut actors = json!({});
    if let Some(client) = &activity.client {
        actors["client"] = json!({
            "id": client.id,
            "name": client.name,
            "environment": { "id": store.environment.id },
            "href": format!("{}/applications/{}", store.environment_url(), client.id),
            "type": "CLIENT",
        });
    }
    if let Some(user) = &activity.user {
        actors["user"] = subject_json(store, user);
    }
    actors
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
