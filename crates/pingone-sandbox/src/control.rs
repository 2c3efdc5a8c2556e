//! The sandbox's own URLs below `/sandbox`: its state, the calls seen, faults, the clock.
//!
//! They need no token, are not counted as calls and never fail by a fault.

use std::time::Duration;

use serde_json::{Value, json};

use super::clock::text;
use super::error::Problem;
use super::fault::Fault;
use super::groups;
use super::message::{Outcome, Reply, Request};
use super::passwords;
use super::server::Shared;
use super::state::World;
use super::users;

/// Answers a request to `/sandbox/…`.
pub(crate) fn answer(shared: &Shared, request: &Request) -> Outcome {
    let segments = request.segments();
    let path = segments.get(1).map_or("", String::as_str);
    match (request.method.as_str(), path) {
        ("GET", "state") => Ok(Reply::json(200, state(&shared.world()))),
        ("GET", "calls") => Ok(Reply::json(200, json!(shared.calls()))),
        ("DELETE", "calls") => {
            shared.clear_calls();
            Ok(Reply::no_content())
        }
        ("GET", "faults") => Ok(Reply::json(200, json!(*shared.faults()))),
        ("POST", "faults") => {
            let fault: Fault = serde_json::from_slice(&request.body)
                .map_err(|error| Problem::invalid_request(&format!("no fault: {error}")))?;
            shared.faults().push(fault.clone());
            Ok(Reply::json(201, json!(fault)))
        }
        ("DELETE", "faults") => {
            shared.faults().clear();
            Ok(Reply::no_content())
        }
        ("POST", "clock") => {
            let body = request.object()?;
            let seconds = body
                .get("advanceSeconds")
                .and_then(Value::as_u64)
                .ok_or_else(|| {
                    Problem::invalid_request("advanceSeconds must be a whole number of seconds")
                })?;
            let mut world = shared.world();
            world.clock.advance(Duration::from_secs(seconds));
            Ok(Reply::json(200, json!({ "now": text(world.clock.now()) })))
        }
        _ => Err(Problem::not_found()),
    }
}

/// Everything there is, for people and tests. Passwords and tokens stay inside.
pub(crate) fn state(world: &World) -> Value {
    let now = world.clock.now();
    let users: Vec<Value> = world
        .users
        .iter()
        .map(|user| {
            let mut value = users::show(world, user, now);
            if let Some(object) = value.as_object_mut() {
                object.shift_remove("_links");
            }
            let memberships: Vec<Value> = groups::memberships(world, user)
                .into_iter()
                .map(
                    |one| json!({ "id": one.group.id, "name": one.group.name, "type": one.kind() }),
                )
                .collect();
            let sessions: Vec<&str> = user.sessions.iter().map(|one| one.id.as_str()).collect();
            let devices: Vec<&str> = user.devices.iter().map(|one| one.id.as_str()).collect();
            value["sandbox"] = json!({
                "passwordStatus": passwords::status(world, user, now),
                "recoveryCode": passwords::recovery_code(user),
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
        .map(|group| groups::show(world, group))
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
