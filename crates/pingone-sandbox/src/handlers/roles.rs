//! Roles and the role assignments of users.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/roles.html` and
//! `…/platform/users/user-role-assignments/`. Who may grant which role is not modelled.

use serde_json::{Value, json};

use crate::handlers::visit::Visit;
use crate::model::permission::ROLES;
use crate::model::state::{RoleAssignment, User, World};
use crate::protocol::error::Problem;
use crate::protocol::message::{Outcome, Reply};
use crate::render::hal::{self, link};

/// `GET /v1/roles`: outside of any environment, and so without its custom roles.
pub(crate) fn catalogue(world: &World) -> Reply {
    let url = format!("{}/v1/roles", world.base);
    hal::whole(&url, "roles", &built_in(world))
}

/// `GET /roles` of the environment: the custom roles, too. That the built-in ones are among them is UNCONFIRMED.
#[expect(clippy::unnecessary_wraps, reason = "every handler has this form")]
pub(crate) fn of_environment(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let url = format!("{}/roles", world.environment_url());
    let mut items = built_in(world);
    for role in &world.custom_roles {
        let own = format!("{url}/{}", role.id);
        items.push(json!({
            "_links": { "self": link(&own) }, "id": role.id, "name": role.name, "type": "CUSTOM",
        }));
    }
    Ok(hal::whole(&url, "roles", &items))
}

fn built_in(world: &World) -> Vec<Value> {
    ROLES
        .iter()
        .map(|(name, id)| {
            let url = format!("{}/v1/roles/{id}", world.base);
            json!({ "_links": { "self": link(&url) }, "id": id, "name": name })
        })
        .collect()
}

/// `GET /users/{user}/roleAssignments`
pub(crate) fn list(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let items: Vec<Value> = user
        .roles
        .iter()
        .map(|assignment| show(visit.world, user, assignment))
        .collect();
    let url = format!("{}/roleAssignments", visit.world.user_url(&user.id));
    Ok(hal::whole(&url, "roleAssignments", &items))
}

/// `GET /users/{user}/roleAssignments/{assignment}`
pub(crate) fn read(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    user.roles
        .iter()
        .find(|assignment| assignment.id == visit.id(1))
        .map(|assignment| Reply::ok(show(visit.world, user, assignment)))
        .ok_or_else(Problem::not_found)
}

/// `POST /users/{user}/roleAssignments` with `{"role": {"id"}, "scope": {"id", "type"}}`.
pub(crate) fn create(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.json()?;
    visit.user()?;
    let text = |object: &str, member: &str| {
        body.get(object)
            .and_then(|object| object.get(member))
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| {
                let target = format!("{object}.{member}");
                Problem::invalid("REQUIRED_VALUE", &target, "must not be empty")
            })
    };
    let role = text("role", "id")?;
    let is_custom = visit
        .world
        .custom_roles
        .iter()
        .any(|known| known.id == role);
    if !is_custom && !ROLES.iter().any(|(_, id)| *id == role) {
        return Err(Problem::invalid(
            "INVALID_VALUE",
            "role.id",
            "must be an existing role",
        ));
    }
    let assignment = RoleAssignment {
        id: visit.world.ids.uuid(),
        role,
        scope: text("scope", "id")?,
        scope_type: text("scope", "type")?,
    };
    let shown = show(visit.world, visit.user()?, &assignment);
    visit.user_mut()?.roles.push(assignment);
    visit.record_user("ROLE_ASSIGNMENT.CREATED")?;
    Ok(Reply::created(shown))
}

/// `DELETE /users/{user}/roleAssignments/{assignment}`
pub(crate) fn delete(visit: &mut Visit<'_>) -> Outcome {
    let id = visit.id(1).to_owned();
    let user = visit.user_mut()?;
    let before = user.roles.len();
    user.roles.retain(|assignment| assignment.id != id);
    if user.roles.len() == before {
        return Err(Problem::not_found());
    }
    visit.record_user("ROLE_ASSIGNMENT.DELETED")?;
    Ok(Reply::no_content())
}

fn show(world: &World, user: &User, assignment: &RoleAssignment) -> Value {
    let url = format!(
        "{}/roleAssignments/{}",
        world.user_url(&user.id),
        assignment.id
    );
    json!({
        "_links": { "self": link(&url) },
        "id": assignment.id,
        "environment": { "id": world.environment.id },
        "role": { "id": assignment.role },
        "scope": { "id": assignment.scope, "type": assignment.scope_type },
        "readOnly": false,
    })
}
