//! Built-in and custom roles.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/roles.html` and `…/platform/roles/custom-roles/`.

use serde_json::{Map, Value, json};

use crate::handlers::body::{optional_string, referenced_ids, required_string};
use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::attributes;
use crate::model::permission::ROLES;
use crate::model::roles::CustomRole;
use crate::model::store::Store;
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
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let filter = attributes::parse_filter(store, cx.request, &attributes::roles())?;
    let custom = store.custom_roles.iter();
    let mut items = if store.uses(Alternative::EnvironmentRolesAreCustomOnly) {
        Vec::new()
    } else {
        built_in(store)
    };
    items.extend(custom.map(|role| to_json(store, role)));
    items.retain(|item| filter.as_ref().is_none_or(|filter| filter.matches(item)));
    let url = format!("{}/roles", store.environment_url());
    Ok(hal::unpaged(&url, "roles", &items))
}

/// `GET /roles/{role}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let id = cx.id(0);
    if let Some(role) = cx.store.custom_roles.iter().find(|role| role.id == id) {
        return Ok(Reply::ok(to_json(cx.store, role)));
    }
    built_in(cx.store)
        .into_iter()
        .find(|role| role["id"] == id)
        .map(Reply::ok)
        .ok_or_else(ApiError::not_found)
}

/// `POST /roles`
pub(crate) fn create(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let id = cx.store.ids.uuid();
    let role = from_body(cx.store, &body, id)?;
    let created = to_json(cx.store, &role);
    record(cx, "ROLE.CREATED", &role);
    cx.store.custom_roles.push(role);
    Ok(Reply::created(created))
}

/// `PUT /roles/{role}`
pub(crate) fn replace(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let position = find_custom(cx)?;
    let role = from_body(cx.store, &body, cx.id(0).to_owned())?;
    record(cx, "ROLE.UPDATED", &role);
    cx.store.custom_roles[position] = role;
    read(cx)
}

/// `DELETE /roles/{role}`. That a role in use cannot be deleted is UNCONFIRMED.
pub(crate) fn delete(cx: &mut Context<'_>) -> ApiResult {
    let position = find_custom(cx)?;
    let id = cx.id(0);
    let users = cx.store.users.iter().flat_map(|user| &user.roles);
    let groups = cx.store.groups.iter().flat_map(|group| &group.roles);
    let applications = cx.store.applications.iter();
    let applications = applications.flat_map(|application| &application.roles);
    let mut assignments = users.chain(groups).chain(applications);
    if assignments.any(|assignment| assignment.role == id) {
        return Err(ApiError::request_failed(
            "CONSTRAINT_VIOLATION",
            "The role is assigned",
        ));
    }
    let role = cx.store.custom_roles.remove(position);
    record(cx, "ROLE.DELETED", &role);
    Ok(Reply::no_content())
}

/// The index of the custom role in the path. Built-in roles cannot be changed.
fn find_custom(cx: &Context<'_>) -> Result<usize, ApiError> {
    let id = cx.id(0);
    let mut custom = cx.store.custom_roles.iter();
    custom.position(|role| role.id == id).ok_or_else(|| {
        if cx.store.is_role(id) {
            ApiError::forbidden()
        } else {
            ApiError::not_found()
        }
    })
}

fn from_body(store: &Store, body: &Map<String, Value>, id: String) -> Result<CustomRole, ApiError> {
    let name = required_string(body, "name")?;
    let mut others = store.custom_roles.iter().filter(|role| role.id != id);
    if others.any(|role| role.name == name) || ROLES.iter().any(|(known, _)| *known == name) {
        return Err(ApiError::invalid(
            "UNIQUENESS_VIOLATION",
            "name",
            "is unique but a non-unique value is provided",
        ));
    }
    let permissions = referenced_ids(body, "permissions");
    if permissions.is_empty() {
        return Err(ApiError::invalid(
            "REQUIRED_VALUE",
            "permissions",
            "must not be empty",
        ));
    }
    let can_be_assigned_by = referenced_ids(body, "canBeAssignedBy");
    if !can_be_assigned_by.iter().all(|id| store.is_role(id)) {
        return Err(ApiError::invalid(
            "INVALID_VALUE",
            "canBeAssignedBy",
            "must be existing roles",
        ));
    }
    let scopes = body.get("applicableTo").and_then(Value::as_array);
    let scopes = scopes.into_iter().flatten().filter_map(Value::as_str);
    Ok(CustomRole {
        id,
        name,
        description: optional_string(body, "description"),
        applicable_to: scopes.map(str::to_owned).collect(),
        permissions,
        can_be_assigned_by,
    })
}

fn record(cx: &mut Context<'_>, action: &str, role: &CustomRole) {
    let subject = cx.store.configuration_subject("ROLE", &role.id, &role.name);
    cx.record(action, vec![subject]);
}

fn built_in(store: &Store) -> Vec<Value> {
    ROLES
        .iter()
        .map(|(name, id)| {
            let url = format!("{}/v1/roles/{id}", store.base_url);
            json!({ "_links": { "self": link(&url) }, "id": id, "name": name, "type": "PLATFORM" })
        })
        .collect()
}

fn to_json(store: &Store, role: &CustomRole) -> Value {
    let url = format!("{}/roles/{}", store.environment_url(), role.id);
    let references =
        |ids: &[String]| -> Vec<Value> { ids.iter().map(|id| json!({ "id": id })).collect() };
    let mut value = json!({
        "_links": { "self": link(&url) },
        "id": role.id,
        "environment": { "id": store.environment.id },
        "name": role.name,
        "type": "CUSTOM",
        "applicableTo": role.applicable_to,
        "permissions": references(&role.permissions),
        "canBeAssignedBy": references(&role.can_be_assigned_by),
    });
    if let Some(description) = &role.description {
        value["description"] = description.clone().into();
    }
    value
}
