//! Routes requests to handlers, after checking the token and the worker's roles.
//!
//! `ROUTES` lists every platform operation that the sandbox has.

use crate::handlers::context::Context;
use crate::handlers::role_assignments::Holder;
use crate::handlers::{
    accounts, activities, applications, collector, device_authentications, devices, federation,
    groups, memberships, passwords, populations, risk, role_assignments, roles, secrets, sessions,
    token, users, webhooks,
};
use crate::model::alternative::Alternative;
use crate::model::clock::http_date;
use crate::model::permission::Area::{
    Activities, Applications, Configuration, DeviceAuthentications, Devices, Environment, Groups,
    Passwords, Populations, Risk, Roles, Sessions, Users,
};
use crate::model::permission::{Access, Area};
use crate::model::store::Store;
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply, Request};
use Access::{Read, Write};

type Handler = fn(&mut Context<'_>) -> ApiResult;

/// A platform operation.
struct Route {
    method: &'static str,
    /// The path below the environment; `*` stands for an id.
    path: &'static str,
    area: Area,
    access: Access,
    handler: Handler,
}

impl Route {
    /// Marks an operation other than GET as a read.
    const fn read_only(mut self) -> Self {
        self.access = Read;
        self
    }
}

const fn get(path: &'static str, area: Area, handler: Handler) -> Route {
    route("GET", path, area, handler).read_only()
}

const fn post(path: &'static str, area: Area, handler: Handler) -> Route {
    route("POST", path, area, handler)
}

const fn put(path: &'static str, area: Area, handler: Handler) -> Route {
    route("PUT", path, area, handler)
}

const fn patch(path: &'static str, area: Area, handler: Handler) -> Route {
    route("PATCH", path, area, handler)
}

const fn delete(path: &'static str, area: Area, handler: Handler) -> Route {
    route("DELETE", path, area, handler)
}

const fn route(method: &'static str, path: &'static str, area: Area, handler: Handler) -> Route {
    Route {
        method,
        path,
        area,
        access: Write,
        handler,
    }
}

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    get("", Environment, populations::environment),
    get("users", Users, users::list),
    post("users", Users, users::create),
    get("users/*", Users, users::read),
    post("users/*", Users, accounts::run_operation),
    patch("users/*", Users, users::update),
    put("users/*", Users, users::replace),
    delete("users/*", Users, users::delete),
    get("users/*/enabled", Users, accounts::enabled),
    put("users/*/enabled", Users, accounts::set_enabled),
    get("users/*/population", Users, accounts::population),
    put("users/*/population", Users, accounts::set_population),
    get("users/*/password", Passwords, passwords::read),
    put("users/*/password", Passwords, passwords::put),
    post("users/*/password", Passwords, passwords::post),
    get("identityProviders", Applications, federation::list_providers),
    get("identityProviders/*", Applications, federation::read_provider),
    get("users/*/identityProvider", Users, federation::read_users_provider),
    put("users/*/identityProvider", Users, federation::set_users_provider),
    get("users/*/linkedAccounts", Users, federation::list_accounts),
    get("users/*/linkedAccounts/*", Users, federation::read_account),
    delete("users/*/linkedAccounts/*", Users, federation::unlink),
    get("users/*/memberOfGroups", Groups, memberships::list),
    post("users/*/memberOfGroups", Groups, memberships::add),
    get("users/*/memberOfGroups/*", Groups, memberships::read),
    delete("users/*/memberOfGroups/*", Groups, memberships::remove),
    get("users/*/sessions", Sessions, sessions::list),
    get("users/*/sessions/*", Sessions, sessions::read),
    delete("users/*/sessions/*", Sessions, sessions::delete),
    get("users/*/mfaEnabled", Devices, devices::mfa_enabled),
    put("users/*/mfaEnabled", Devices, devices::set_mfa_enabled),
    get("users/*/bypassMFA", Devices, devices::bypass),
    put("users/*/bypassMFA", Devices, devices::set_bypass),
    get("users/*/devices", Devices, devices::list),
    post("users/*/devices", Devices, devices::post),
    get("users/*/devices/*", Devices, devices::read),
    post("users/*/devices/*", Devices, devices::run_operation),
    delete("users/*/devices/*", Devices, devices::delete),
    get("deviceAuthenticationPolicies", Configuration, device_authentications::policies),
    get("roles", Roles, roles::list),
    post("roles", Configuration, roles::create),
    get("roles/*", Roles, roles::read),
    put("roles/*", Configuration, roles::replace),
    delete("roles/*", Configuration, roles::delete),
    get("users/*/roleAssignments", Roles, |cx| role_assignments::list(cx, Holder::User)),
    post("users/*/roleAssignments", Roles, |cx| role_assignments::create(cx, Holder::User)),
    get("users/*/roleAssignments/*", Roles, |cx| role_assignments::read(cx, Holder::User)),
    delete("users/*/roleAssignments/*", Roles, |cx| role_assignments::delete(cx, Holder::User)),
    get("groups/*/roleAssignments", Roles, |cx| role_assignments::list(cx, Holder::Group)),
    post("groups/*/roleAssignments", Roles, |cx| role_assignments::create(cx, Holder::Group)),
    get("groups/*/roleAssignments/*", Roles, |cx| role_assignments::read(cx, Holder::Group)),
    delete("groups/*/roleAssignments/*", Roles, |cx| role_assignments::delete(cx, Holder::Group)),
    get("applications/*/roleAssignments", Applications, |cx| role_assignments::list(cx, Holder::Application)),
    post("applications/*/roleAssignments", Applications, |cx| role_assignments::create(cx, Holder::Application)),
    get("applications/*/roleAssignments/*", Applications, |cx| role_assignments::read(cx, Holder::Application)),
    delete("applications/*/roleAssignments/*", Applications, |cx| role_assignments::delete(cx, Holder::Application)),
    get("applications", Applications, applications::list),
    post("applications", Applications, applications::create),
    get("applications/*", Applications, applications::read),
    put("applications/*", Applications, applications::replace),
    delete("applications/*", Applications, applications::delete),
    get("applications/*/secret", Applications, secrets::read),
    post("applications/*/secret", Applications, secrets::rotate),
    delete("applications/*/secret", Applications, secrets::drop_previous),
    get("applications/*/grants", Applications, applications::list_grants),
    post("applications/*/grants", Applications, applications::create_grant),
    get("applications/*/grants/*", Applications, applications::read_grant),
    put("applications/*/grants/*", Applications, applications::replace_grant),
    delete("applications/*/grants/*", Applications, applications::delete_grant),
    get("resources", Applications, applications::list_resources),
    get("resources/*", Applications, applications::read_resource),
    get("resources/*/scopes", Applications, applications::list_scopes),
    get("subscriptions", Configuration, webhooks::list),
    post("subscriptions", Configuration, webhooks::create),
    get("subscriptions/*", Configuration, webhooks::read),
    put("subscriptions/*", Configuration, webhooks::replace),
    delete("subscriptions/*", Configuration, webhooks::delete),
    get("billOfMaterials", Environment, risk::bill_of_materials),
    get("riskEvaluations/*", Risk, risk::read_evaluation),
    post("riskFeedback", Risk, risk::submit_feedback),
    get("groups", Groups, groups::list),
    post("groups", Groups, groups::create),
    get("groups/*", Groups, groups::read),
    put("groups/*", Groups, groups::replace),
    delete("groups/*", Groups, groups::delete),
    get("groups/*/memberOfGroups", Groups, groups::nesting),
    post("groups/*/memberOfGroups", Groups, groups::nest),
    get("groups/*/memberOfGroups/*", Groups, groups::read_nesting),
    delete("groups/*/memberOfGroups/*", Groups, groups::unnest),
    get("populations", Populations, populations::list),
    get("populations/*", Populations, populations::read),
    get("activities", Activities, activities::list),
    post("activities", Activities, activities::list_by_post).read_only(),
    get("activities/*", Activities, activities::read),
];

/// The operations on the authentication host, below `/{environment}`.
#[rustfmt::skip]
const AUTH_ROUTES: &[Route] = &[
    post("deviceAuthentications", DeviceAuthentications, device_authentications::start),
    get("deviceAuthentications/*", DeviceAuthentications, device_authentications::read),
    post("deviceAuthentications/*", DeviceAuthentications, device_authentications::run_operation),
];

/// The path of the collector.
const COLLECTOR: [&str; 3] = ["logs", "v1", "event"];

/// Handles a request to the platform or the token endpoint.
pub(crate) fn handle(store: &mut Store, request: &Request) -> Reply {
    let reply = match dispatch(store, request) {
        Ok(reply)
            if reply
                .headers
                .iter()
                .any(|(name, _)| name == "Correlation-Id") =>
        {
            reply
        }
        Ok(reply) => {
            let id = store.ids.uuid();
            reply.with_header("Correlation-Id", id)
        }
        Err(error) => error_reply(store, error),
    };
    // Otherwise hyper would add the real time, which may differ from the sandbox's clock.
    reply.with_header("Date", http_date(store.clock.now()))
}

/// The reply for an error, with a generated id.
pub(crate) fn error_reply(store: &mut Store, error: ApiError) -> Reply {
    let id = store.ids.uuid();
    let correlation = if store.uses(Alternative::ErrorIdDiffers) {
        store.ids.uuid()
    } else {
        id.clone()
    };
    Reply::from_error(error, &id).with_header("Correlation-Id", correlation)
}

fn dispatch(store: &mut Store, request: &Request) -> ApiResult {
    let now = store.clock.now();
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if segments == COLLECTOR {
        return collector::take(request);
    }
    store.limiter.admit(&request.path, now)?;
    match segments.as_slice() {
        [environment, "as", "token"] => {
            if request.method != "POST" {
                return Err(ApiError::method_not_allowed());
            }
            Ok(token::issue(store, request, environment, now))
        }
        ["v1", "roles"] if request.method == "GET" => {
            token::worker(store, request, now)?;
            Ok(roles::catalogue(store))
        }
        ["v1", "environments", environment, path @ ..] => {
            call(store, request, environment, ROUTES, path)
        }
        [environment, "deviceAuthentications", ..] => {
            call(store, request, environment, AUTH_ROUTES, &segments[1..])
        }
        // The API gateway rejects unknown routes.
        _ => Err(ApiError::gateway("Forbidden")),
    }
}

/// Checks the token and the worker's permissions, then calls the handler.
fn call(
    store: &mut Store,
    request: &Request,
    environment: &str,
    routes: &'static [Route],
    path: &[&str],
) -> ApiResult {
    let now = store.clock.now();
    let (position, actor) = token::worker(store, request, now)?;
    if environment != store.environment.id {
        // To PingOne, an unknown environment is one without permissions.
        return Err(if store.uses(Alternative::UnknownEnvironmentIsNotFound) {
            ApiError::not_found()
        } else {
            ApiError::forbidden()
        });
    }
    let (route, ids) = find(routes, &request.method, path)?;
    let application = &store.applications[position];
    if !store.is_allowed(application, route.area, route.access) {
        return Err(ApiError::forbidden());
    }
    (route.handler)(&mut Context {
        store,
        request,
        ids,
        actor,
        now,
    })
}

/// The route for a request, and the ids in its path.
fn find(
    routes: &'static [Route],
    method: &str,
    path: &[&str],
) -> Result<(&'static Route, Vec<String>), ApiError> {
    let mut path_exists = false;
    for route in routes {
        if let Some(ids) = ids(route.path, path) {
            if route.method == method {
                return Ok((route, ids));
            }
            path_exists = true;
        }
    }
    Err(if path_exists {
        ApiError::method_not_allowed()
    } else {
        ApiError::gateway("Forbidden")
    })
}

/// The ids in `path`, if it matches `pattern`.
fn ids(pattern: &str, path: &[&str]) -> Option<Vec<String>> {
    let mut parts = pattern.split('/').filter(|part| !part.is_empty());
    let mut ids = Vec::new();
    for segment in path {
        match parts.next()? {
            "*" => ids.push((*segment).to_owned()),
            part if part == *segment => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_extract_ids_from_paths() {
        assert_eq!(ids("", &[]), Some(vec![]));
        assert_eq!(
            ids(
                "users/*/memberOfGroups/*",
                &["users", "a", "memberOfGroups", "b"]
            ),
            Some(vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(ids("users/*", &["users"]), None);
        assert_eq!(ids("users", &["users", "a"]), None);
    }
}
