//! Roles, and users' role assignments.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/roles.html` and
//! `…/platform/users/user-role-assignments/`. Who may grant which role is not modelled.

use serde_json::{Value, json};

use crate::handlers::context::Context;
use crate::model::permission::ROLES;
use crate::model::store::{RoleAssignment, Store, User};
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, link};

/// `GET /v1/roles`: belongs to no environment, so it has no custom roles.
pub(crate) fn catalogue(store: &Store) -> Reply {
    let url = format!("{}/v1/roles", store.base_url);
    hal::unpaged(&url, "roles", &built_in(store))
}

/// `GET /roles` in an environment includes custom roles. That it also lists the built-in ones is
/// UNCONFIRMED.
#[expect(clippy::unnecessary_wraps, reason = "every handler has this form")]
pub(crate) fn list_in_environment(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let url = format!("{}/roles", store.environment_url());
    let mut items = built_in(store);
    for role in &store.custom_roles {
        let own = format!("{url}/{}", role.id);
        items.push(json!({
            "_links": { "self": link(&own) }, "id": role.id, "name": role.name, "type": "CUSTOM",
        }));
    }
    Ok(hal::unpaged(&url, "roles", &items))
}

fn built_in(store: &Store) -> Vec<Value> {
    ROLES
        .iter()
        .map(|(name, id)| {
            let url = format!("{}/v1/roles/{id}", store.base_url);
            json!({ "_links": { "self": link(&url) }, "id": id, "name": name })
        })
        .collect()
}

/// `GET /users/{user}/roleAssignments`
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let items: Vec<Value> = user
        .roles
        .iter()
        .map(|assignment| to_json(cx.store, user, assignment))
        .collect();
    let url = format!("{}/roleAssignments", cx.store.user_url(&user.id));
    Ok(hal::unpaged(&url, "roleAssignments", &items))
}

/// `GET /users/{user}/roleAssignments/{assignment}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    user.roles
        .iter()
        .find(|assignment| assignment.id == cx.id(1))
        .map(|assignment| Reply::ok(to_json(cx.store, user, assignment)))
        .ok_or_else(ApiError::not_found)
}

/// `POST /users/{user}/roleAssignments` with `{"role": {"id"}, "scope": {"id", "type"}}`.
pub(crate) fn create(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    cx.user()?;
    let text = |object: &str, member: &str| {
        body.get(object)
            .and_then(|object| object.get(member))
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| {
                let target = format!("{object}.{member}");
                ApiError::invalid("REQUIRED_VALUE", &target, "must not be empty")
            })
    };
    let role = text("role", "id")?;
    let is_custom = cx.store.custom_roles.iter().any(|known| known.id == role);
    if !is_custom && !ROLES.iter().any(|(_, id)| *id == role) {
        return Err(ApiError::invalid(
            "INVALID_VALUE",
            "role.id",
            "must be an existing role",
        ));
    }
    let assignment = RoleAssignment {
        id: cx.store.ids.uuid(),
        role,
        scope: text("scope", "id")?,
        scope_type: text("scope", "type")?,
    };
    let rendered = to_json(cx.store, cx.user()?, &assignment);
    cx.user_mut()?.roles.push(assignment);
    cx.record_user("ROLE_ASSIGNMENT.CREATED")?;
    Ok(Reply::created(rendered))
}

/// `DELETE /users/{user}/roleAssignments/{assignment}`
pub(crate) fn delete(cx: &mut Context<'_>) -> ApiResult {
    let id = cx.id(1).to_owned();
    let user = cx.user_mut()?;
    let before = user.roles.len();
    user.roles.retain(|assignment| assignment.id != id);
    if user.roles.len() == before {
        return Err(ApiError::not_found());
    }
    cx.record_user("ROLE_ASSIGNMENT.DELETED")?;
    Ok(Reply::no_content())
}

fn to_json(store: &Store, user: &User, assignment: &RoleAssignment) -> Value {
    let url = format!(
        "{}/roleAssignments/{}",
        store.user_url(&user.id),
        assignment.id
    );
    json!({
        "_links": { "self": link(&url) },
        "id": assignment.id,
        "environment": { "id": store.environment.id },
        "role": { "id": assignment.role },
        "scope": { "id": assignment.scope, "type": assignment.scope_type },
        "readOnly": false,
    })
}
