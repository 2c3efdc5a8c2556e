//! An activity as PingOne renders it.

use serde_json::{Map, Value, json};

use crate::model::activity::{Activity, Subject, humanize};
use crate::model::clock::format_timestamp;
use crate::model::store::Store;
use crate::render::hal::link;

/// An activity as PingOne renders it.
pub(crate) fn to_json(store: &Store, activity: &Activity) -> Value {
    let environment = &store.environment.id;
    let url = store.environment_url();
    let mut actors = Map::new();
    if let Some(client) = &activity.client {
        actors.insert(
            "client".to_owned(),
            json!({
                "id": client.id,
                "name": client.name,
                "environment": { "id": environment },
                "href": format!("{url}/applications/{}", client.id),
                "type": "CLIENT",
            }),
        );
    }
    if let Some(user) = &activity.user {
        actors.insert("user".to_owned(), subject_json(user, environment));
    }
    let resources: Vec<Value> = activity
        .resources
        .iter()
        .map(|subject| subject_json(subject, environment))
        .collect();
    let mut value = Map::new();
    let own = format!("{url}/activities/{}", activity.id);
    value.insert("_links".to_owned(), json!({ "self": link(&own) }));
    value.insert("id".to_owned(), activity.id.clone().into());
    value.insert(
        "recordedAt".to_owned(),
        format_timestamp(activity.at).into(),
    );
    value.insert("createdAt".to_owned(), format_timestamp(activity.at).into());
    value.insert(
        "correlationId".to_owned(),
        activity.correlation_id.clone().into(),
    );
    value.insert("actors".to_owned(), actors.into());
    value.insert(
        "action".to_owned(),
        json!({ "type": activity.action, "description": humanize(&activity.action) }),
    );
    value.insert("resources".to_owned(), resources.into());
    value.insert(
        "result".to_owned(),
        json!({
            "status": if activity.failed { "FAILURE" } else { "SUCCESS" },
            "description": activity.description,
        }),
    );
    // The public samples have neither address nor user agent; captures of 2024 and 2025 have both
    // here.
    let mut source = Map::new();
    if let Some(remote_ip) = &activity.remote_ip {
        source.insert("ipAddress".to_owned(), remote_ip.clone().into());
    }
    if let Some(user_agent) = &activity.user_agent {
        source.insert("userAgent".to_owned(), user_agent.clone().into());
    }
    if !source.is_empty() {
        value.insert("source".to_owned(), source.into());
    }
    if is_about_administration(&activity.action) {
        value.insert("tags".to_owned(), json!(["adminIdentityEvent"]));
    }
    value.into()
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

fn subject_json(subject: &Subject, environment: &str) -> Value {
    let mut value = Map::new();
    value.insert("type".to_owned(), subject.kind.into());
    value.insert("id".to_owned(), subject.id.clone().into());
    value.insert("name".to_owned(), subject.name.clone().into());
    value.insert("environment".to_owned(), json!({ "id": environment }));
    if let Some(population) = &subject.population {
        value.insert("population".to_owned(), json!({ "id": population }));
    }
    value.insert("href".to_owned(), subject.href.clone().into());
    value.into()
}
