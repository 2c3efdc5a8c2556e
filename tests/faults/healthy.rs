//! What PingOne answers when nothing is wrong: one environment with the user emma.sharp, who is in the group
//! Sales. It keeps no state. Faults are laid over it by the tests.

use serde_json::{Value, json};

use crate::scripted::{Answer, Seen, json as send, reply};

pub(crate) const ENVIRONMENT: &str = "b4f5e266-a946-4f77-9cc5-5dc91b046431";
pub(crate) const USER: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";
pub(crate) const GROUP: &str = "a5ec8d61-6291-4ebf-8630-135c2ecf1d10";
pub(crate) const POPULATION: &str = "4cd45bdb-0eb2-42fe-8475-4bcd908269f1";
pub(crate) const CLIENT: &str = "7f0a9a6e-3c3e-4f0e-9d54-9a2f6c1f7b10";
pub(crate) const CLIENT_SECRET: &str = "secret-of-the-worker";
pub(crate) const TOKEN: &str = "token-of-the-day";

/// The path of the environment.
pub(crate) fn base() -> String {
    format!("/v1/environments/{ENVIRONMENT}")
}

/// A request as XSOAR sends it, to a server at `host`, with these parameters beside the usual ones.
pub(crate) fn request(host: &str, command: &str, args: &Value, more: &Value) -> Value {
    let mut params = json!({
        "environment_id": ENVIRONMENT,
        "region": "US",
        "credentials": {"identifier": CLIENT, "password": CLIENT_SECRET},
        "insecure": false,
        "proxy": false,
        "api_url": format!("http://{host}"),
        "auth_url": format!("http://{host}"),
        "max_retries": "2",
        "request_timeout": "5",
        "command_timeout": "30",
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        params[name] = value.clone();
    }
    json!({
        "command": command,
        "params": params,
        "args": args,
        "context": {"IntegrationBrand": "PingOne", "IntegrationInstance": "PingOne_instance_1"},
        "integration": true,
        "native": false,
    })
}

/// The simplest request that reads something: token and one call.
pub(crate) fn get_user(host: &str, more: &Value) -> Value {
    request(host, "pingone-get-user", &json!({"userId": USER}), more)
}

pub(crate) fn token(secret: &str, expires_in: u64) -> Answer {
    let body = json!({"access_token": secret, "token_type": "Bearer", "expires_in": expires_in});
    reply(200, &[], "application/json;charset=UTF-8", body.to_string())
}

pub(crate) fn user() -> Value {
    json!({
        "id": USER,
        "environment": {"id": ENVIRONMENT},
        "account": {"canAuthenticate": true, "status": "OK"},
        "createdAt": "2021-09-03T18:04:03.916Z",
        "email": "emma.sharp@example.com",
        "enabled": true,
        "name": {"formatted": "Emma Sharp", "given": "Emma", "family": "Sharp"},
        "population": {"id": POPULATION},
        "updatedAt": "2021-09-23T17:18:11.747Z",
        "username": "emma.sharp",
    })
}

/// A page of a list.
pub(crate) fn page(collection: &str, items: &[Value]) -> Value {
    json!({"_embedded": {collection: items}, "count": items.len(), "size": items.len()})
}

fn membership() -> Value {
    json!({"id": GROUP, "name": "Sales", "type": "DIRECT"})
}

fn password_state() -> Value {
    json!({"status": "OK", "lastChangedAt": "2026-01-18T14:22:07.630Z"})
}

/// PingOne's answer to a request.
pub(crate) fn answer(seen: &Seen) -> Answer {
    if seen.path().ends_with("/as/token") {
        return token(TOKEN, 3600);
    }
    let Some(below) = seen.target.strip_prefix(&base()) else {
        return not_found();
    };
    let (path, query) = below.split_once('?').unwrap_or((below, ""));
    let found = |text: &str, items: &[Value], collection: &str| {
        let items = if query.contains(text) { items } else { &[] };
        send(200, &page(collection, items))
    };
    let path = path.replace(USER, "U").replace(GROUP, "G");
    match (seen.method.as_str(), path.as_str()) {
        ("GET", "") => send(200, &json!({"id": ENVIRONMENT})),
        ("GET", "/users") if query.starts_with("limit=") => send(200, &page("users", &[user()])),
        ("GET", "/users") => found("emma.sharp", &[user()], "users"),
        ("GET", "/groups") => found("Sales", &[json!({"id": GROUP, "name": "Sales"})], "groups"),
        ("POST", "/users") => {
            let mut created = user();
            created["username"] = json!("new.user");
            send(201, &created)
        }
        ("GET" | "POST" | "PATCH", "/users/U") => send(200, &user()),
        ("DELETE", _) => reply(204, &[], "", ""),
        ("PUT", "/users/U/enabled") => {
            let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
            send(200, &json!({"enabled": body["enabled"]}))
        }
        ("GET" | "PUT" | "POST", "/users/U/password") => send(200, &password_state()),
        ("GET", "/users/U/memberOfGroups") => send(200, &page("groupMemberships", &[membership()])),
        ("POST", "/users/U/memberOfGroups") => send(201, &membership()),
        ("GET", "/users/U/memberOfGroups/G") => send(200, &membership()),
        _ => not_found(),
    }
}

fn not_found() -> Answer {
    send(
        404,
        &json!({"id": "11111111-2222-4333-8444-555555555555", "code": "NOT_FOUND", "message": "The requested resource was not found."}),
    )
}
