//! Role assignments of users, groups and applications.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/user-role-assignments/` and its
//! siblings for groups and applications.

use serde_json::{Map, Value, json};

use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::authority::EffectiveRole;
use crate::model::roles::RoleAssignment;
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, link};

/// What the role assignments in the path belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    User,
    Group,
    Application,
}

/// `GET /{holder}/{id}/roleAssignments`
pub(crate) fn list(cx: &mut Context<'_>, holder: Holder) -> ApiResult {
    let items: Vec<Value> = assignments(cx, holder)?
        .iter()
        .map(|role| to_json(cx, holder, role))
        .collect();
    Ok(hal::unpaged(&url(cx, holder), "roleAssignments", &items))
}

/// `GET /{holder}/{id}/roleAssignments/{assignment}`
pub(crate) fn read(cx: &mut Context<'_>, holder: Holder) -> ApiResult {
    let role = find(cx, holder)?;
    Ok(Reply::ok(to_json(cx, holder, &role)))
}

/// `POST /{holder}/{id}/roleAssignments` with `{"role": {"id"}, "scope": {"id", "type"}}`.
pub(crate) fn create(cx: &mut Context<'_>, holder: Holder) -> ApiResult {
    let body = cx.request.json()?;
    assignments(cx, holder)?;
    let role = member(&body, "role", "id")?;
    if !cx.store.is_role(&role) {
        return Err(ApiError::invalid(
            "INVALID_VALUE",
            "role.id",
            "must be an existing role",
        ));
    }
    let assignment = RoleAssignment {
        id: cx.store.ids.uuid(),
        scope: member(&body, "scope", "id")?,
        scope_type: member(&body, "scope", "type")?,
        role,
    };
    if !cx.store.may_assign(&cx.actor.id, &assignment.role) {
        return Err(ApiError::forbidden());
    }
    let direct = EffectiveRole {
        assignment: &assignment,
        group: None,
    };
    let created = to_json(cx, holder, &direct);
    let (id, description) = (cx.id(0).to_owned(), describe("Created", &assignment));
    let assignment_id = assignment.id.clone();
    match holder {
        Holder::User => cx.user_mut()?.roles.push(assignment),
        Holder::Group => cx.store.find_group_mut(&id)?.roles.push(assignment),
        Holder::Application => cx.store.find_application_mut(&id)?.roles.push(assignment),
    }
    record(
        cx,
        holder,
        "ROLE_ASSIGNMENT.CREATED",
        &assignment_id,
        description,
    )?;
    Ok(Reply::created(created))
}

/// `DELETE /{holder}/{id}/roleAssignments/{assignment}`. The error for a read-only assignment is
/// UNCONFIRMED.
pub(crate) fn delete(cx: &mut Context<'_>, holder: Holder) -> ApiResult {
    let role = find(cx, holder)?;
    if is_read_only(cx, &role) {
        return Err(ApiError::forbidden());
    }
    let description = describe("Deleted", role.assignment);
    let (now, id, wanted) = (cx.now, cx.id(0).to_owned(), cx.id(1).to_owned());
    let retained = cx.store.uses(Alternative::TokensKeepRemovedRoles);
    let is_other = |assignment: &RoleAssignment| assignment.id != wanted;
    match holder {
        Holder::User => cx.user_mut()?.roles.retain(is_other),
        Holder::Group => cx.store.find_group_mut(&id)?.roles.retain(is_other),
        Holder::Application => cx
            .store
            .find_application_mut(&id)?
            .remove_role(&wanted, retained, now),
    }
    record(cx, holder, "ROLE_ASSIGNMENT.DELETED", &wanted, description)?;
    Ok(Reply::no_content())
}

fn assignments<'a>(
    cx: &'a Context<'_>,
    holder: Holder,
) -> Result<Vec<EffectiveRole<'a>>, ApiError> {
    let direct = |assignment| EffectiveRole {
        assignment,
        group: None,
    };
    Ok(match holder {
        Holder::User => cx.store.effective_roles(cx.user()?),
        Holder::Group => {
            let group = cx.store.find_group(cx.id(0))?;
            group.roles.iter().map(direct).collect()
        }
        Holder::Application => {
            let application = cx.store.find_application(cx.id(0))?;
            application.roles.iter().map(direct).collect()
        }
    })
}

fn find<'a>(cx: &'a Context<'_>, holder: Holder) -> Result<EffectiveRole<'a>, ApiError> {
    assignments(cx, holder)?
        .into_iter()
        .find(|role| role.assignment.id == cx.id(1))
        .ok_or_else(ApiError::not_found)
}

/// Inherited roles, and roles that the caller could not assign, cannot be removed.
fn is_read_only(cx: &Context<'_>, role: &EffectiveRole<'_>) -> bool {
    role.group.is_some() || !cx.store.may_assign(&cx.actor.id, &role.assignment.role)
}

fn member(body: &Map<String, Value>, object: &str, name: &str) -> Result<String, ApiError> {
    body.get(object)
        .and_then(|object| object.get(name))
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| {
            let target = format!("{object}.{name}");
            ApiError::invalid("REQUIRED_VALUE", &target, "must not be empty")
        })
}

/// As in captures: the role and its scope stand nowhere else.
fn describe(verb: &str, assignment: &RoleAssignment) -> String {
    let RoleAssignment {
        id,
        role,
        scope,
        scope_type,
    } = assignment;
    format!("{verb} role assignment '{id}' for role '{role}' scoped for {scope_type} '{scope}'")
}

fn record(
    cx: &mut Context<'_>,
    holder: Holder,
    action: &str,
    assignment: &str,
    description: String,
) -> Result<(), ApiError> {
    let mut subject = match holder {
        Holder::User => cx.store.subject(cx.user()?),
        Holder::Group => cx.store.group_subject(cx.store.find_group(cx.id(0))?),
        Holder::Application => {
            let application = cx.store.find_application(cx.id(0))?;
            cx.store.application_subject(application)
        }
    };
    subject.href = format!("{}/roleAssignments/{assignment}", subject.href);
    cx.record_described(action, vec![subject], description);
    Ok(())
}

fn url(cx: &Context<'_>, holder: Holder) -> String {
    let collection = match holder {
        Holder::User => "users",
        Holder::Group => "groups",
        Holder::Application => "applications",
    };
    let environment = cx.store.environment_url();
    format!("{environment}/{collection}/{}/roleAssignments", cx.id(0))
}

fn to_json(cx: &Context<'_>, holder: Holder, role: &EffectiveRole<'_>) -> Value {
    let assignment = role.assignment;
    let mut value = json!({
        "_links": { "self": link(&format!("{}/{}", url(cx, holder), assignment.id)) },
        "id": assignment.id,
        "environment": { "id": cx.store.environment.id },
        "role": { "id": assignment.role },
        "scope": { "id": assignment.scope, "type": assignment.scope_type },
        "readOnly": is_read_only(cx, role),
    });
    if let Some(group) = role.group {
        value["group"] = json!({ "id": group });
    }
    value
}
