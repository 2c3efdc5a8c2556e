//! What PingOne answers when nothing is wrong: one environment with the user emma.sharp, who is in two groups and
//! has two sessions, two devices and two administrator roles, another user, who has as many, and a worker application
//! with two roles. What is changed there stays changed, so that it is found when it is read again. Faults are laid over
//! it by the tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use crate::server::{Answer, Request, json as send, reply};

pub(crate) const ENVIRONMENT: &str = "b4f5e266-a946-4f77-9cc5-5dc91b046431";
pub(crate) const USER: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";
/// Another user, who is known by this id alone.
pub(crate) const OTHER: &str = "a8890eb9-38ea-469a-bc00-b64be7903634";
pub(crate) const GROUP: &str = "a5ec8d61-6291-4ebf-8630-135c2ecf1d10";
pub(crate) const GROUP_2: &str = "a5ec8d61-6291-4ebf-8630-135c2ecf1d11";
pub(crate) const SESSION: &str = "0a1f1f2e-6b1a-4d0e-8f7d-6f3f5b0c2a01";
const SESSION_2: &str = "0a1f1f2e-6b1a-4d0e-8f7d-6f3f5b0c2a02";
pub(crate) const DEVICE: &str = "66c529e8-1cb3-4ef8-80cd-199f895b7001";
pub(crate) const DEVICE_2: &str = "66c529e8-1cb3-4ef8-80cd-199f895b7002";
/// An application.
pub(crate) const APPLICATION: &str = "5c2e5c21-e505-5275-9c60-cf68cc38d552";
/// The role assignments that the user and the application have: of a built-in role, and of a custom one.
const ASSIGNMENT: &str = "34d57be7-5a5b-4a4e-9b3a-2c8e2f1e7a10";
const ASSIGNMENT_2: &str = "34d57be7-5a5b-4a4e-9b3a-2c8e2f1e7a11";
pub(crate) const EVALUATION: &str = "596ca45a-813a-4ee8-8d4c-4a2136688002";
pub(crate) const ACCOUNT: &str = "dfbf0598-97e7-471f-a721-6852d3ab4236";
const ROLE: &str = "29ddce68-cd7f-4b2a-b6fc-f7a19553b496";
const CUSTOM_ROLE: &str = "e1bc848f-5cf4-5a48-a5b3-471f4431a705";
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

/// The user emma.sharp, before anything was changed.
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

fn membership(group: &str) -> Value {
    let name = if group == GROUP { "Sales" } else { "Support" };
    json!({"id": group, "name": name, "type": "DIRECT", "_embedded": {"group": {"id": group, "name": name}}})
}

/// Method and path below the environment, with letters for ids.
pub(crate) fn short(seen: &Request) -> String {
    let path = seen.path();
    let path = path.strip_prefix(&base()).unwrap_or(path);
    let letters = [
        (USER, "U"),
        (OTHER, "V"),
        (GROUP, "G"),
        (GROUP_2, "H"),
        (SESSION, "S"),
        (SESSION_2, "T"),
        (DEVICE, "D"),
        (DEVICE_2, "E"),
        (POPULATION, "P"),
        (APPLICATION, "A"),
        (ASSIGNMENT, "R"),
        (ASSIGNMENT_2, "Q"),
        (ACCOUNT, "L"),
        (EVALUATION, "V"),
    ];
    let path = letters.iter().fold(path.to_owned(), |path, (id, letter)| {
        path.replace(id, letter)
    });
    format!("{} {path}", seen.method)
}

/// What can be changed at a PingOne.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The addresses of what was deleted.
    gone: BTreeSet<String>,
    /// The user and the application are.
    pub(crate) enabled: bool,
    /// That of the account.
    pub(crate) status: &'static str,
    mfa: bool,
    /// What was done last to devices, by address: `block`, `unblock` or `unlock`.
    operated: BTreeMap<String, String>,
    /// The end of the MFA bypass.
    pub(crate) bypass: Option<String>,
    pub(crate) password: &'static str,
    /// Changes are answered with 204 and no word about the new state.
    pub(crate) is_terse: bool,
}

impl State {
    /// Neither the user nor the application has roles.
    pub(crate) fn take_roles(&mut self) {
        for id in [ASSIGNMENT, ASSIGNMENT_2] {
            for holder in [
                format!("users/{USER}"),
                format!("applications/{APPLICATION}"),
            ] {
                let path = format!("{}/{holder}/roleAssignments/{id}", base());
                self.gone.insert(path);
            }
        }
    }
}

/// PingOne, with what was changed there.
pub(crate) struct Healthy(Mutex<State>);

impl Default for Healthy {
    fn default() -> Self {
        Self::with(|_| {})
    }
}

/// PingOne's answer to a request, before anything was changed.
pub(crate) fn answer(seen: &Request) -> Answer {
    Healthy::default().answer(seen)
}

impl Healthy {
    /// In another state from the start.
    pub(crate) fn with(given: impl FnOnce(&mut State)) -> Self {
        let mut state = State {
            gone: BTreeSet::new(),
            enabled: true,
            status: "OK",
            mfa: false,
            operated: BTreeMap::new(),
            bypass: None,
            password: "OK",
            is_terse: false,
        };
        given(&mut state);
        Self(Mutex::new(state))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A connection's thread that panicked has failed its test already.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// PingOne's answer to a request.
    pub(crate) fn answer(&self, seen: &Request) -> Answer {
        if seen.path().ends_with("/as/token") {
            return token(TOKEN, 3600);
        }
        let call = short(seen);
        let (method, path) = call.split_once(' ').unwrap_or_default();
        if path == "/v1/roles" {
            let role = json!({"id": ROLE, "name": "Identity Data Admin"});
            return send(200, &page("roles", &[role]));
        }
        if !seen.path().starts_with(&base()) {
            return not_found();
        }
        let (_, query) = seen.target.split_once('?').unwrap_or_default();
        let found = |text: &str, items: &[Value], collection: &str| {
            let items = if query.contains(text)
                || query.starts_with("limit=")
                || query == "expand=population&limit=200"
            {
                items
            } else {
                &[]
            };
            send(200, &page(collection, items))
        };
        let below_users = path.strip_prefix("/users/");
        match (method, path) {
            ("GET", "") => send(200, &json!({"id": ENVIRONMENT})),
            ("GET", "/users") => found("emma.sharp", &[self.user()], "users"),
            ("GET", "/groups") => {
                found("Sales", &[json!({"id": GROUP, "name": "Sales"})], "groups")
            }
            ("GET", "/populations") => send(200, &page("populations", &[population()])),
            ("GET", "/populations/P") => send(200, &population()),
            ("GET", "/roles") => {
                let role = json!({"id": CUSTOM_ROLE, "name": "SOC responder", "type": "CUSTOM"});
                send(200, &page("roles", &[role]))
            }
            ("GET", "/applications") => send(200, &page("applications", &[self.application()])),
            ("GET", "/activities") => send(200, &page("activities", &[activity()])),
            ("GET", "/billOfMaterials") => {
                send(200, &json!({"products": [{"type": "PING_ONE_RISK"}]}))
            }
            ("GET", "/riskEvaluations/V") => {
                send(200, &json!({"id": EVALUATION, "result": {"level": "HIGH"}}))
            }
            ("GET", "/subscriptions") => {
                let endpoint = json!({"url": "https://siem.example.com", "headers": {"Authorization": "Basic dTpw"}});
                let webhook = json!({"id": EVALUATION, "name": "SIEM", "enabled": true, "httpEndpoint": endpoint});
                send(200, &page("subscriptions", &[webhook]))
            }
            ("POST", "/users") => {
                let mut created = user();
                created["username"] = json!("new.user");
                send(201, &created)
            }
            _ if path.starts_with("/applications/A") => {
                self.of_application(method, &path["/applications/A".len()..], seen)
            }
            _ => match below_users.and_then(|below| below.split_at_checked(1)) {
                Some(("U" | "V", rest)) => self.of_user(method, rest, seen),
                _ => not_found(),
            },
        }
    }

    fn user(&self) -> Value {
        let State {
            enabled, status, ..
        } = *self.state();
        let mut user = user();
        user["enabled"] = json!(enabled);
        user["account"]["status"] = json!(status);
        user
    }

    fn application(&self) -> Value {
        json!({
            "id": APPLICATION, "name": "Payroll sync", "type": "WORKER", "enabled": self.state().enabled,
            "tokenEndpointAuthMethod": "CLIENT_SECRET_BASIC", "updatedAt": "2026-01-18T14:22:07.630Z",
        })
    }

    /// What is below the application's address.
    fn of_application(&self, method: &str, rest: &str, seen: &Request) -> Answer {
        let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        match (method, rest) {
            ("DELETE", _) => {
                self.state().gone.insert(seen.path().to_owned());
                reply(204, &[], "", "")
            }
            ("GET", "") => send(200, &self.application()),
            ("PUT", "") => {
                self.state().enabled = body["enabled"] == true;
                send(200, &self.application())
            }
            ("GET", "/roleAssignments") => self.role_assignments(seen),
            ("POST", "/roleAssignments") => send(201, &assignment(ASSIGNMENT, ROLE)),
            ("POST", "/secret") => {
                let mut secret = json!({"secret": "new-secret-of-the-application"});
                if body["previous"].is_object() {
                    secret["previous"] = json!({
                        "secret": "old-secret-of-the-application", "expiresAt": body["previous"]["expiresAt"],
                    });
                }
                send(200, &secret)
            }
            _ => not_found(),
        }
    }

    /// The role assignments below an address that are left.
    fn role_assignments(&self, seen: &Request) -> Answer {
        let mut items = vec![
            assignment(ASSIGNMENT, ROLE),
            assignment(ASSIGNMENT_2, CUSTOM_ROLE),
        ];
        let state = self.state();
        items.retain(|item| {
            let id = item["id"].as_str().unwrap_or_default();
            !state.gone.contains(&format!("{}/{id}", seen.path()))
        });
        send(200, &page("roleAssignments", &items))
    }

    /// What is below a user's address.
    fn of_user(&self, method: &str, rest: &str, seen: &Request) -> Answer {
        let body: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let operation = seen.header("content-type").unwrap_or_default();
        let is_there = |id: &str| !self.state().gone.contains(&format!("{}/{id}", seen.path()));
        let left = |collection: &str, items: [Value; 2]| {
            let mut items = items.to_vec();
            items.retain(|item| item["id"].as_str().is_some_and(is_there));
            send(200, &page(collection, &items))
        };
        match (method, rest) {
            ("DELETE", _) => {
                self.state().gone.insert(seen.path().to_owned());
                reply(204, &[], "", "")
            }
            ("GET" | "PATCH", "") => send(200, &self.user()),
            ("POST", "") => {
                self.state().status = if operation.contains("account.lock") {
                    "LOCKED"
                } else {
                    "OK"
                };
                self.changed(&self.user())
            }
            ("PUT", "/enabled") => {
                self.state().enabled = body["enabled"] == true;
                self.changed(&json!({"enabled": body["enabled"]}))
            }
            ("GET", "/mfaEnabled") => send(200, &json!({"mfaEnabled": self.state().mfa})),
            ("PUT", "/mfaEnabled") => {
                self.state().mfa = body["mfaEnabled"] == true;
                self.changed(&json!({"mfaEnabled": body["mfaEnabled"]}))
            }
            ("GET", "/password") => send(200, &self.password()),
            ("PUT" | "POST", "/password") => {
                self.state().password = if operation.contains("forceChange") {
                    "MUST_CHANGE_PASSWORD"
                } else {
                    "OK"
                };
                self.changed(&self.password())
            }
            ("GET", "/sessions") => left("sessions", [SESSION, SESSION_2].map(session)),
            ("GET", "/devices") => {
                let device = |id| self.device(&format!("{}/{id}", seen.path()), id);
                left("devices", [DEVICE, DEVICE_2].map(device))
            }
            ("POST", _) if rest.starts_with("/devices/") => {
                let done = operation.trim_start_matches("application/vnd.pingidentity.device.");
                let done = done.trim_end_matches("+json").to_owned();
                self.state().operated.insert(seen.path().to_owned(), done);
                self.changed(&json!({"id": DEVICE}))
            }
            ("GET", "/linkedAccounts") => left(
                "linkedAccounts",
                [
                    json!({"id": ACCOUNT, "externalId": "ext-5512"}),
                    json!({"id": ROLE, "externalId": "ext-5513"}),
                ],
            ),
            ("GET", "/bypassMFA") => {
                let until = self.state().bypass.clone();
                send(200, &json!({"_links": {}, "bypassMFAEnabledUntil": until}))
            }
            ("PUT", "/bypassMFA") => {
                let until = body["bypassMFAEnabledUntil"].as_str().map(str::to_owned);
                self.state().bypass.clone_from(&until);
                self.changed(&json!({"bypassMFAEnabledUntil": until}))
            }
            ("GET", "/memberOfGroups") => {
                left("groupMemberships", [GROUP, GROUP_2].map(membership))
            }
            ("POST", "/memberOfGroups") => {
                send(201, &membership(body["id"].as_str().unwrap_or_default()))
            }
            ("GET", _) if rest.starts_with("/memberOfGroups/") => {
                let group = seen.path().rsplit('/').next().unwrap_or_default();
                if self.state().gone.contains(seen.path()) {
                    return not_found();
                }
                send(200, &membership(group))
            }
            ("GET", "/roleAssignments") => self.role_assignments(seen),
            ("POST", "/roleAssignments") => send(201, &assignment(ASSIGNMENT, ROLE)),
            _ => not_found(),
        }
    }

    /// A device as what was done to it has left it.
    fn device(&self, path: &str, id: &str) -> Value {
        let mut device = device(id);
        match self.state().operated.get(path).map(String::as_str) {
            Some("block") => device["block"] = json!({"status": "BLOCKED"}),
            Some("unblock") => device["block"] = json!({"status": "UNBLOCKED"}),
            Some("unlock") => device["lock"] = json!({"status": "UNLOCKED"}),
            _ => {}
        }
        device
    }

    fn password(&self) -> Value {
        json!({"status": self.state().password, "lastChangedAt": "2026-01-18T14:22:07.630Z"})
    }

    /// The answer to a change after which this is so.
    fn changed(&self, now: &Value) -> Answer {
        if self.state().is_terse {
            reply(204, &[], "", "")
        } else {
            send(200, now)
        }
    }
}

fn session(id: &str) -> Value {
    json!({"id": id, "browser": {"name": "Firefox"}, "createdAt": "2026-01-18T14:22:07.630Z"})
}

/// Of two types, by which texts name them.
fn device(id: &str) -> Value {
    let kind = if id == DEVICE { "TOTP" } else { "FIDO2" };
    json!({"id": id, "type": kind, "status": "ACTIVE", "createdAt": "2026-01-18T14:22:07.630Z"})
}

/// The assignment of a role for the environment.
fn assignment(id: &str, role: &str) -> Value {
    json!({
        "id": id, "role": {"id": role},
        "scope": {"id": ENVIRONMENT, "type": "ENVIRONMENT"}, "readOnly": false,
    })
}

fn population() -> Value {
    json!({"id": POPULATION, "name": "Staff"})
}

fn activity() -> Value {
    json!({
        "id": "5c1e2a9c-4c52-4b7c-9d55-0f6f0a1f9e01", "recordedAt": "2026-01-18T14:22:07.630Z",
        "action": {"type": "PASSWORD.CHECK_FAILED"}, "result": {"status": "FAILED"},
        "actors": {"user": {"id": USER, "name": "emma.sharp"}},
    })
}

fn not_found() -> Answer {
    send(
        404,
        &json!({"id": "11111111-2222-4333-8444-555555555555", "code": "NOT_FOUND", "message": "The requested resource was not found."}),
    )
}
