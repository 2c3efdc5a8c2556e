//! Applications: list, read, create, replace, delete, and their grants.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/applications/`. Secrets are in
//! `secrets.rs`, role assignments in `role_assignments.rs`.

use serde_json::{Map, Value, json};

use crate::handlers::body::{referenced_id, referenced_ids, required_bool, required_string};
use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::application::{Application, Grant, Resource};
use crate::model::clock::format_timestamp;
use crate::model::seed::TokenAuthMethod;
use crate::model::store::Store;
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, Paging, link};

/// Members that PingOne sets itself, or that the sandbox keeps apart from the others.
const NOT_DETAILS: &[&str] = &[
    "_links",
    "id",
    "environment",
    "name",
    "enabled",
    "type",
    "tokenEndpointAuthMethod",
    "createdAt",
    "updatedAt",
];

/// `GET /applications`
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let items = store
        .applications
        .iter()
        .filter(|application| application.environment.is_none())
        .map(|application| (application.sequence, application))
        .collect();
    let cap = store.limits.items_per_page;
    let paging = Paging {
        name: "applications",
        default: cap.min(100),
        cap,
        counted: store.limits.counted,
    };
    let url = format!("{}/applications", store.environment_url());
    hal::page(cx.request, &url, &paging, items, |application| {
        to_json(store, application)
    })
}

/// `GET /applications/{application}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let application = cx.store.find_application(cx.id(0))?;
    Ok(Reply::ok(to_json(cx.store, application)))
}

/// `POST /applications`
pub(crate) fn create(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let (now, store) = (cx.now, &mut *cx.store);
    let mut application = Application {
        sequence: store.next_sequence(),
        id: store.ids.uuid(),
        name: String::new(),
        enabled: false,
        kind: required_string(&body, "type")?,
        environment: None,
        token_auth_method: TokenAuthMethod::default(),
        token_seconds: 3600,
        secret: store.ids.secret(),
        secret_used_at: None,
        previous_secret: None,
        denied: Vec::new(),
        roles: Vec::new(),
        retained_roles: Vec::new(),
        grants: Vec::new(),
        details: Map::new(),
        created_at: now,
        updated_at: now,
    };
    fill(&mut application, &body)?;
    let created = to_json(store, &application);
    let subject = store.application_subject(&application);
    store.applications.push(application);
    cx.record("APPLICATION.CREATED", vec![subject]);
    Ok(Reply::created(created))
}

/// `PUT /applications/{application}`: absent members are removed. There is no PATCH.
pub(crate) fn replace(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let (now, id) = (cx.now, cx.id(0).to_owned());
    let ends_tokens = cx.store.uses(Alternative::DisablingEndsTokens);
    let application = cx.store.find_application_mut(&id)?;
    if required_string(&body, "type")? != application.kind {
        return Err(ApiError::invalid(
            "INVALID_VALUE",
            "type",
            "cannot be changed",
        ));
    }
    fill(application, &body)?;
    application.updated_at = now;
    if !application.enabled && ends_tokens {
        let mut applications = cx.store.applications.iter();
        let position = applications.position(|one| one.id == id);
        let tokens = &mut cx.store.tokens;
        tokens.retain(|_, token| Some(token.application) != position);
    }
    cx.record_application("APPLICATION.UPDATED")?;
    read(cx)
}

/// `DELETE /applications/{application}`: its access tokens end as well. Tokens refer to applications
/// by index, so later ones move up.
pub(crate) fn delete(cx: &mut Context<'_>) -> ApiResult {
    let id = cx.id(0).to_owned();
    cx.store.find_application(&id)?;
    cx.record_application("APPLICATION.DELETED")?;
    let mut applications = cx.store.applications.iter();
    if let Some(position) = applications.position(|one| one.id == id) {
        cx.store
            .tokens
            .retain(|_, token| token.application != position);
        for token in cx.store.tokens.values_mut() {
            if token.application > position {
                token.application -= 1;
            }
        }
        cx.store.applications.remove(position);
    }
    Ok(Reply::no_content())
}

fn fill(application: &mut Application, body: &Map<String, Value>) -> Result<(), ApiError> {
    application.name = required_string(body, "name")?;
    application.enabled = required_bool(body, "enabled")?;
    if let Some(method) = body.get("tokenEndpointAuthMethod") {
        application.token_auth_method = serde_json::from_value(method.clone()).map_err(|_| {
            ApiError::invalid(
                "INVALID_VALUE",
                "tokenEndpointAuthMethod",
                "is not an authentication method",
            )
        })?;
    }
    application.details.clone_from(body);
    application
        .details
        .retain(|name, _| !NOT_DETAILS.contains(&name.as_str()));
    Ok(())
}

/// `GET /applications/{application}/grants`
pub(crate) fn list_grants(cx: &mut Context<'_>) -> ApiResult {
    let application = cx.store.find_application(cx.id(0))?;
    let items: Vec<Value> = application
        .grants
        .iter()
        .map(|grant| grant_json(cx.store, application, grant))
        .collect();
    let url = format!("{}/grants", url(cx.store, application));
    Ok(hal::unpaged(&url, "grants", &items))
}

/// `GET /applications/{application}/grants/{grant}`
pub(crate) fn read_grant(cx: &mut Context<'_>) -> ApiResult {
    let application = cx.store.find_application(cx.id(0))?;
    application
        .grants
        .iter()
        .find(|grant| grant.id == cx.id(1))
        .map(|grant| Reply::ok(grant_json(cx.store, application, grant)))
        .ok_or_else(ApiError::not_found)
}

/// `POST /applications/{application}/grants` with `{"resource": {"id"}, "scopes": [{"id"}]}`.
pub(crate) fn create_grant(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let id = cx.store.ids.uuid();
    let grant = grant_from_body(cx.store, &body, id)?;
    let application = cx.store.find_application(cx.id(0))?;
    let created = grant_json(cx.store, application, &grant);
    let id = application.id.clone();
    cx.store.find_application_mut(&id)?.grants.push(grant);
    cx.record_application("GRANT.CREATED")?;
    Ok(Reply::created(created))
}

/// `PUT /applications/{application}/grants/{grant}`
pub(crate) fn replace_grant(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let (application, id) = (cx.id(0).to_owned(), cx.id(1).to_owned());
    let new = grant_from_body(cx.store, &body, id.clone())?;
    let application = cx.store.find_application_mut(&application)?;
    let mut grants = application.grants.iter_mut();
    *grants
        .find(|grant| grant.id == id)
        .ok_or_else(ApiError::not_found)? = new;
    cx.record_application("GRANT.UPDATED")?;
    read_grant(cx)
}

/// `DELETE /applications/{application}/grants/{grant}`
pub(crate) fn delete_grant(cx: &mut Context<'_>) -> ApiResult {
    let (application, id) = (cx.id(0).to_owned(), cx.id(1).to_owned());
    let grants = &mut cx.store.find_application_mut(&application)?.grants;
    let before = grants.len();
    grants.retain(|grant| grant.id != id);
    if grants.len() == before {
        return Err(ApiError::not_found());
    }
    cx.record_application("GRANT.DELETED")?;
    Ok(Reply::no_content())
}

fn grant_from_body(
    store: &Store,
    body: &Map<String, Value>,
    id: String,
) -> Result<Grant, ApiError> {
    let resource = referenced_id(body, "resource")?
        .and_then(|id| store.resources.iter().find(|one| one.id == id))
        .ok_or_else(|| {
            ApiError::invalid(
                "INVALID_VALUE",
                "resource.id",
                "must be an existing resource",
            )
        })?;
    let scopes = referenced_ids(body, "scopes");
    let exists = |id: &String| resource.scopes.iter().any(|scope| scope.id == *id);
    if scopes.is_empty() || !scopes.iter().all(exists) {
        return Err(ApiError::invalid(
            "INVALID_VALUE",
            "scopes",
            "must be scopes of the resource",
        ));
    }
    Ok(Grant {
        id,
        resource: resource.id.clone(),
        scopes,
    })
}

/// `GET /resources`
#[expect(clippy::unnecessary_wraps, reason = "every handler has this form")]
pub(crate) fn list_resources(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let resources = store.resources.iter();
    let items: Vec<Value> = resources.map(|one| resource_json(store, one)).collect();
    let url = format!("{}/resources", store.environment_url());
    Ok(hal::unpaged(&url, "resources", &items))
}

/// `GET /resources/{resource}`
pub(crate) fn read_resource(cx: &mut Context<'_>) -> ApiResult {
    Ok(Reply::ok(resource_json(cx.store, resource(cx)?)))
}

/// `GET /resources/{resource}/scopes`
pub(crate) fn list_scopes(cx: &mut Context<'_>) -> ApiResult {
    let resource = resource(cx)?;
    let url = format!(
        "{}/resources/{}/scopes",
        cx.store.environment_url(),
        resource.id
    );
    let items: Vec<Value> = resource
        .scopes
        .iter()
        .map(|scope| {
            json!({
                "_links": { "self": link(&format!("{url}/{}", scope.id)) },
                "id": scope.id,
                "name": scope.name,
                "resource": { "id": resource.id },
            })
        })
        .collect();
    Ok(hal::unpaged(&url, "scopes", &items))
}

fn resource<'a>(cx: &'a Context<'_>) -> Result<&'a Resource, ApiError> {
    let mut resources = cx.store.resources.iter();
    resources
        .find(|resource| resource.id == cx.id(0))
        .ok_or_else(ApiError::not_found)
}

fn url(store: &Store, application: &Application) -> String {
    format!(
        "{}/applications/{}",
        store.environment_url(),
        application.id
    )
}

fn to_json(store: &Store, application: &Application) -> Value {
    let mut value = json!({
        "_links": { "self": link(&url(store, application)) },
        "environment": { "id": store.environment.id },
        "id": application.id,
        "name": application.name,
        "enabled": application.enabled,
        "type": application.kind,
        "createdAt": format_timestamp(application.created_at),
        "updatedAt": format_timestamp(application.updated_at),
    });
    // The only ones without a client secret here are PingOne's own.
    if !application.secret.is_empty() {
        value["tokenEndpointAuthMethod"] = json!(application.token_auth_method);
    }
    if let Some(value) = value.as_object_mut() {
        value.extend(application.details.clone());
    }
    value
}

fn grant_json(store: &Store, application: &Application, grant: &Grant) -> Value {
    let url = format!("{}/grants/{}", url(store, application), grant.id);
    let scopes: Vec<Value> = grant.scopes.iter().map(|id| json!({ "id": id })).collect();
    json!({
        "_links": { "self": link(&url) },
        "id": grant.id,
        "environment": { "id": store.environment.id },
        "application": { "id": application.id },
        "resource": { "id": grant.resource },
        "scopes": scopes,
    })
}

fn resource_json(store: &Store, resource: &Resource) -> Value {
    let url = format!("{}/resources/{}", store.environment_url(), resource.id);
    json!({
        "_links": { "self": link(&url) },
        "id": resource.id,
        "environment": { "id": store.environment.id },
        "name": resource.name,
        "type": resource.kind,
    })
}
