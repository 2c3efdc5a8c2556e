//! From a request to its handler: the table of routes, the token, the rights.
//!
//! The table below is the list of everything that the sandbox serves of the platform.

use crate::handlers::visit::Visit;
use crate::handlers::{
    accounts, activities, devices, groups, memberships, passwords, populations, roles, sessions,
    token, users,
};
use crate::model::alternative::Alternative;
use crate::model::clock::http_date;
use crate::model::permission::Area::{
    Activities, Devices, Environment, Groups, Passwords, Populations, Roles, Sessions, Users,
};
use crate::model::permission::{Access, Area, allowed};
use crate::model::state::World;
use crate::protocol::error::Problem;
use crate::protocol::message::{Outcome, Reply, Request};
use Access::{Read, Write};

type Handler = fn(&mut Visit<'_>) -> Outcome;

/// Method, path below the environment (`*` for an id), area, access, handler.
type Route = (&'static str, &'static str, Area, Access, Handler);

const ROUTES: &[Route] = &[
    ("GET", "", Environment, Read, populations::environment),
    ("GET", "users", Users, Read, users::list),
    ("POST", "users", Users, Write, users::create),
    ("GET", "users/*", Users, Read, users::read),
    ("POST", "users/*", Users, Write, accounts::act),
    ("PATCH", "users/*", Users, Write, users::update),
    ("PUT", "users/*", Users, Write, users::replace),
    ("DELETE", "users/*", Users, Write, users::delete),
    ("GET", "users/*/enabled", Users, Read, accounts::enabled),
    (
        "PUT",
        "users/*/enabled",
        Users,
        Write,
        accounts::set_enabled,
    ),
    (
        "GET",
        "users/*/population",
        Users,
        Read,
        accounts::population,
    ),
    (
        "PUT",
        "users/*/population",
        Users,
        Write,
        accounts::set_population,
    ),
    ("GET", "users/*/password", Passwords, Read, passwords::read),
    ("PUT", "users/*/password", Passwords, Write, passwords::put),
    (
        "POST",
        "users/*/password",
        Passwords,
        Write,
        passwords::post,
    ),
    (
        "GET",
        "users/*/linkedAccounts",
        Users,
        Read,
        users::linked_accounts,
    ),
    (
        "GET",
        "users/*/memberOfGroups",
        Groups,
        Read,
        memberships::list,
    ),
    (
        "POST",
        "users/*/memberOfGroups",
        Groups,
        Write,
        memberships::add,
    ),
    (
        "GET",
        "users/*/memberOfGroups/*",
        Groups,
        Read,
        memberships::read,
    ),
    (
        "DELETE",
        "users/*/memberOfGroups/*",
        Groups,
        Write,
        memberships::remove,
    ),
    ("GET", "users/*/sessions", Sessions, Read, sessions::list),
    ("GET", "users/*/sessions/*", Sessions, Read, sessions::read),
    (
        "DELETE",
        "users/*/sessions/*",
        Sessions,
        Write,
        sessions::delete,
    ),
    (
        "GET",
        "users/*/mfaEnabled",
        Devices,
        Read,
        devices::mfa_enabled,
    ),
    (
        "PUT",
        "users/*/mfaEnabled",
        Devices,
        Write,
        devices::set_mfa_enabled,
    ),
    ("GET", "users/*/bypassMFA", Devices, Read, devices::bypass),
    (
        "PUT",
        "users/*/bypassMFA",
        Devices,
        Write,
        devices::set_bypass,
    ),
    ("GET", "users/*/devices", Devices, Read, devices::list),
    ("POST", "users/*/devices", Devices, Write, devices::post),
    ("GET", "users/*/devices/*", Devices, Read, devices::read),
    ("POST", "users/*/devices/*", Devices, Write, devices::act),
    (
        "DELETE",
        "users/*/devices/*",
        Devices,
        Write,
        devices::delete,
    ),
    ("GET", "roles", Roles, Read, roles::of_environment),
    ("GET", "users/*/roleAssignments", Roles, Read, roles::list),
    (
        "POST",
        "users/*/roleAssignments",
        Roles,
        Write,
        roles::create,
    ),
    ("GET", "users/*/roleAssignments/*", Roles, Read, roles::read),
    (
        "DELETE",
        "users/*/roleAssignments/*",
        Roles,
        Write,
        roles::delete,
    ),
    ("GET", "groups", Groups, Read, groups::list),
    ("POST", "groups", Groups, Write, groups::create),
    ("GET", "groups/*", Groups, Read, groups::read),
    ("PUT", "groups/*", Groups, Write, groups::replace),
    ("DELETE", "groups/*", Groups, Write, groups::delete),
    (
        "GET",
        "groups/*/memberOfGroups",
        Groups,
        Read,
        groups::nesting,
    ),
    (
        "POST",
        "groups/*/memberOfGroups",
        Groups,
        Write,
        groups::nest,
    ),
    (
        "GET",
        "groups/*/memberOfGroups/*",
        Groups,
        Read,
        groups::read_nesting,
    ),
    (
        "DELETE",
        "groups/*/memberOfGroups/*",
        Groups,
        Write,
        groups::unnest,
    ),
    ("GET", "populations", Populations, Read, populations::list),
    ("GET", "populations/*", Populations, Read, populations::read),
    ("GET", "activities", Activities, Read, activities::list),
    ("POST", "activities", Activities, Read, activities::find),
    ("GET", "activities/*", Activities, Read, activities::read),
];

/// Answers a request to the platform or the token endpoint.
pub(crate) fn answer(world: &mut World, request: &Request) -> Reply {
    let reply = match dispatch(world, request) {
        Ok(reply)
            if reply
                .headers
                .iter()
                .any(|(name, _)| name == "Correlation-Id") =>
        {
            reply
        }
        Ok(reply) => {
            let id = world.ids.uuid();
            reply.with_header("Correlation-Id", id)
        }
        Err(problem) => refuse(world, problem),
    };
    // The server would add the real time, which a clock that stands still does not show.
    reply.with_header("Date", http_date(world.clock.now()))
}

/// The answer to a refusal, with an id for support.
pub(crate) fn refuse(world: &mut World, problem: Problem) -> Reply {
    let id = world.ids.uuid();
    let correlation = if world.does(Alternative::ErrorIdDiffers) {
        world.ids.uuid()
    } else {
        id.clone()
    };
    Reply::refusal(problem, &id).with_header("Correlation-Id", correlation)
}

fn dispatch(world: &mut World, request: &Request) -> Outcome {
    let now = world.clock.now();
    let segments = request.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    world.limiter.admit(&request.path, now)?;
    match segments.as_slice() {
        [environment, "as", "token"] => {
            if request.method != "POST" {
                return Err(Problem::method_not_allowed());
            }
            Ok(token::issue(world, request, environment, now))
        }
        ["v1", "roles"] if request.method == "GET" => {
            token::worker(world, request, now)?;
            Ok(roles::catalogue(world))
        }
        ["v1", "environments", environment, rest @ ..] => {
            let (position, actor) = token::worker(world, request, now)?;
            if *environment != world.environment.id {
                // An environment that does not exist looks like one without rights.
                return Err(if world.does(Alternative::UnknownEnvironmentIsNotFound) {
                    Problem::not_found()
                } else {
                    Problem::forbidden()
                });
            }
            let (handler, area, access, ids) = find(&request.method, rest)?;
            let application = &world.applications[position];
            if application.without.contains(&area) || !allowed(&application.roles, area, access) {
                return Err(Problem::forbidden());
            }
            handler(&mut Visit {
                world,
                request,
                ids,
                actor,
                now,
            })
        }
        // The gateway in front knows no such route.
        _ => Err(Problem::gateway("Forbidden")),
    }
}

fn find(method: &str, path: &[&str]) -> Result<(Handler, Area, Access, Vec<String>), Problem> {
    let mut known = false;
    for (wanted, pattern, area, access, handler) in ROUTES {
        if let Some(ids) = ids(pattern, path) {
            if *wanted == method {
                return Ok((*handler, *area, *access, ids));
            }
            known = true;
        }
    }
    Err(if known {
        Problem::method_not_allowed()
    } else {
        Problem::gateway("Forbidden")
    })
}

/// The ids in `path`, where it fits `pattern`.
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
    fn patterns_take_ids_out_of_paths() {
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
