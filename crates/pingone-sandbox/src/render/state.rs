//! The sandbox's whole state, for people and tests.

use serde_json::{Value, json};

use crate::model::clock::text;
use crate::model::nesting;
use crate::model::state::World;
use crate::render::{group, user};

/// Everything there is, for people and tests. Passwords and tokens stay inside.
pub(crate) fn state(world: &World) -> Value {
    let now = world.clock.now();
    let users: Vec<Value> = world
        .users
        .iter()
        .map(|user| {
            let mut value = user::show(world, user, now);
            if let Some(object) = value.as_object_mut() {
                object.shift_remove("_links");
            }
            let memberships: Vec<Value> = nesting::memberships(world, user)
                .into_iter()
                .map(
                    |one| json!({ "id": one.group.id, "name": one.group.name, "type": one.kind() }),
                )
                .collect();
            let sessions: Vec<&str> = user.sessions.iter().map(|one| one.id.as_str()).collect();
            let devices: Vec<&str> = user.devices.iter().map(|one| one.id.as_str()).collect();
            value["sandbox"] = json!({
                "passwordStatus": world.password_status(user, now),
                "recoveryCode": user.recovery_code(),
                "memberships": memberships,
                "sessions": sessions,
                "devices": devices,
            });
            value
        })
        .collect();
    let groups: Vec<Value> = world
        .groups
        .iter()
        .map(|group| group::show(world, group))
        .collect();
    let populations: Vec<Value> = world
        .populations
        .iter()
        .map(|one| json!({ "id": one.id, "name": one.name, "default": one.default }))
        .collect();
    let live = world
        .tokens
        .values()
        .filter(|token| token.expires_at > now)
        .count();
    json!({
        "environment": { "id": world.environment.id, "name": world.environment.name },
        "now": text(now),
        "users": users,
        "groups": groups,
        "populations": populations,
        "activities": world.activities.len(),
        "liveTokens": live,
    })
}
