//! The whole store as JSON, for people and tests.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::clock::format_timestamp;
use crate::model::device_authentication::Step;
use crate::model::nesting;
use crate::model::store::{Store, User};
use crate::render::{group, user};

/// Everything in the store except passwords and tokens.
pub(crate) fn state(store: &Store) -> Value {
    let now = store.clock.now();
    let users: Vec<Value> = store
        .users
        .iter()
        .map(|user| user_state(store, user, now))
        .collect();
    let groups: Vec<Value> = store
        .groups
        .iter()
        .map(|group| group::to_json(store, group))
        .collect();
    let populations: Vec<Value> = store
        .populations
        .iter()
        .map(|one| json!({ "id": one.id, "name": one.name, "default": one.default }))
        .collect();
    let live = store
        .tokens
        .values()
        .filter(|token| token.expires_at > now)
        .count();
    let device_authentications: Vec<Value> = store
        .device_authentications
        .iter()
        .map(|one| json!({ "id": one.id, "user": one.user, "status": one.step.status() }))
        .collect();
    json!({
        "environment": { "id": store.environment.id, "name": store.environment.name },
        "now": format_timestamp(now),
        "users": users,
        "groups": groups,
        "populations": populations,
        "deviceAuthentications": device_authentications,
        "riskFeedback": store.risk_feedback,
        "activities": store.activities.len(),
        "liveTokens": live,
    })
}

/// A user, with what the API shows elsewhere or not at all under `sandbox`.
fn user_state(store: &Store, user: &User, now: Timestamp) -> Value {
    let mut value = user::to_json(store, user, now);
    if let Some(object) = value.as_object_mut() {
        object.shift_remove("_links");
    }
    let memberships: Vec<Value> = nesting::memberships(store, user)
        .into_iter()
        .map(|one| json!({ "id": one.group.id, "name": one.group.name, "type": one.kind() }))
        .collect();
    let sessions: Vec<&str> = user.sessions.iter().map(|one| one.id.as_str()).collect();
    let devices: Vec<&str> = user.devices.iter().map(|one| one.id.as_str()).collect();
    value["sandbox"] = json!({
        "passwordStatus": store.password_status(user, now),
        "recoveryCode": user.recovery_code(),
        "passcode": passcode(store, user),
        "memberships": memberships,
        "sessions": sessions,
        "devices": devices,
    });
    value
}

/// The one-time passcode that PingOne would last have sent to the user.
fn passcode<'a>(store: &'a Store, user: &User) -> Option<&'a str> {
    let mut newest_first = store.device_authentications.iter().rev();
    newest_first.find_map(|one| match &one.step {
        Step::EnterCode { code, .. } if one.user == user.id => Some(code.as_str()),
        _ => None,
    })
}
