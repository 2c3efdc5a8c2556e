//! Webhooks, which PingOne's API calls subscriptions.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/subscriptions/`. The sandbox delivers nothing.

use serde_json::{Map, Value, json};

use crate::handlers::body::{required_bool, required_string};
use crate::handlers::context::Context;
use crate::model::clock::format_timestamp;
use crate::model::store::Store;
use crate::model::webhook::Webhook;
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, link};

/// The most webhooks an environment can have.
const MAX_WEBHOOKS: usize = 50;

/// `GET /subscriptions`
#[expect(clippy::unnecessary_wraps, reason = "every handler has this form")]
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let webhooks = store.webhooks.iter();
    let items: Vec<Value> = webhooks.map(|webhook| to_json(store, webhook)).collect();
    let url = format!("{}/subscriptions", store.environment_url());
    Ok(hal::unpaged(&url, "subscriptions", &items))
}

/// `GET /subscriptions/{webhook}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let webhook = &cx.store.webhooks[position(cx)?];
    Ok(Reply::ok(to_json(cx.store, webhook)))
}

/// `POST /subscriptions`
pub(crate) fn create(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let details = details(&body)?;
    if cx.store.webhooks.len() >= MAX_WEBHOOKS {
        return Err(ApiError::forbidden());
    }
    let webhook = Webhook {
        id: cx.store.ids.uuid(),
        details,
        created_at: cx.now,
        updated_at: cx.now,
    };
    let created = to_json(cx.store, &webhook);
    record(cx, "SUBSCRIPTION.CREATED", &webhook);
    cx.store.webhooks.push(webhook);
    Ok(Reply::created(created))
}

/// `PUT /subscriptions/{webhook}`: absent members are removed.
pub(crate) fn replace(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let position = position(cx)?;
    let details = details(&body)?;
    let mut webhook = cx.store.webhooks.remove(position);
    webhook.details = details;
    webhook.updated_at = cx.now;
    record(cx, "SUBSCRIPTION.UPDATED", &webhook);
    cx.store.webhooks.insert(position, webhook);
    read(cx)
}

/// `DELETE /subscriptions/{webhook}`
pub(crate) fn delete(cx: &mut Context<'_>) -> ApiResult {
    let position = position(cx)?;
    let webhook = cx.store.webhooks.remove(position);
    record(cx, "SUBSCRIPTION.DELETED", &webhook);
    Ok(Reply::no_content())
}

fn position(cx: &Context<'_>) -> Result<usize, ApiError> {
    let mut webhooks = cx.store.webhooks.iter();
    webhooks
        .position(|webhook| webhook.id == cx.id(0))
        .ok_or_else(ApiError::not_found)
}

fn details(body: &Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    required_string(body, "name")?;
    required_bool(body, "enabled")?;
    required_string(body, "protocol")?;
    required_string(body, "format")?;
    let actions = body
        .get("filterOptions")
        .and_then(|options| options.get("includedActionTypes"))
        .and_then(Value::as_array);
    if actions.is_none_or(Vec::is_empty) {
        return Err(ApiError::invalid(
            "REQUIRED_VALUE",
            "filterOptions.includedActionTypes",
            "must not be empty",
        ));
    }
    let mut details = body.clone();
    details.retain(|name, _| {
        !["_links", "id", "environment", "createdAt", "updatedAt"].contains(&name.as_str())
    });
    Ok(details)
}

fn record(cx: &mut Context<'_>, action: &str, webhook: &Webhook) {
    let name = webhook.details.get("name").and_then(Value::as_str);
    let name = name.unwrap_or_default();
    let subject = cx
        .store
        .configuration_subject("SUBSCRIPTION", &webhook.id, name);
    cx.record(action, vec![subject]);
}

fn to_json(store: &Store, webhook: &Webhook) -> Value {
    let url = format!("{}/subscriptions/{}", store.environment_url(), webhook.id);
    let mut value = json!({
        "_links": { "self": link(&url) },
        "id": webhook.id,
        "environment": { "id": store.environment.id },
    });
    if let Some(members) = value.as_object_mut() {
        members.extend(webhook.details.clone());
    }
    // Both are off unless the client says otherwise.
    for name in ["ipAddressExposed", "userAgentExposed"] {
        if value["filterOptions"].get(name).is_none() {
            value["filterOptions"][name] = false.into();
        }
    }
    value["createdAt"] = format_timestamp(webhook.created_at).into();
    value["updatedAt"] = format_timestamp(webhook.updated_at).into();
    value
}
