//! A user's MFA devices, the MFA switch and the MFA bypass.
//!
//! Pages: `developer.pingidentity.com/pingone-api/mfa/users/`. There is no pairing: devices come
//! from the seed, or from a plain POST for types that need none.

use serde_json::{Map, Value, json};

use crate::handlers::body::required_bool;
use crate::handlers::context::Context;
use crate::model::activity::Subject;
use crate::model::alternative::Alternative;
use crate::model::clock::format_timestamp;
use crate::model::store::{Device, User};
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, link};

/// PingOne's default limit of devices per user.
const MAX_DEVICES: usize = 5;

/// `GET /users/{user}/devices`
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let items: Vec<Value> = user
        .ordered_devices()
        .into_iter()
        .map(|device| to_json(cx, user, device))
        .collect();
    let url = format!("{}/devices", cx.store.user_url(&user.id));
    Ok(hal::unpaged(&url, "devices", &items))
}

/// `GET /users/{user}/devices/{device}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    user.devices
        .iter()
        .find(|device| device.id == cx.id(1))
        .map(|device| Reply::ok(to_json(cx, user, device)))
        .ok_or_else(ApiError::not_found)
}

/// `POST /users/{user}/devices`: the media type distinguishes creating a device from reordering.
pub(crate) fn post(cx: &mut Context<'_>) -> ApiResult {
    match cx.request.media_type().as_str() {
        "application/json" => create(cx),
        "application/vnd.pingidentity.devices.reorder+json" => reorder(cx),
        "application/vnd.pingidentity.devices.order.remove+json" => {
            cx.user_mut()?.device_order = None;
            // 200 or 204: UNCONFIRMED.
            Ok(Reply::no_content())
        }
        _ => Err(ApiError::unsupported_media_type()),
    }
}

fn create(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.object()?;
    let kind = body.get("type").and_then(Value::as_str).unwrap_or_default();
    let address = match kind {
        "EMAIL" => Some("email"),
        "SMS" | "VOICE" | "WHATSAPP" => Some("phone"),
        "TOTP" => None,
        "" => {
            return Err(ApiError::invalid(
                "REQUIRED_VALUE",
                "type",
                "must not be empty",
            ));
        }
        // MOBILE is paired with a pairing key, FIDO2 in a browser.
        _ => {
            return Err(ApiError::invalid(
                "INVALID_VALUE",
                "type",
                "cannot be created this way",
            ));
        }
    };
    let mut details = Map::new();
    if let Some(name) = address {
        let value = body
            .get(name)
            .filter(|value| value.as_str().is_some_and(|text| !text.is_empty()))
            .ok_or_else(|| ApiError::invalid("REQUIRED_VALUE", name, "must not be empty"))?;
        details.insert(name.to_owned(), value.clone());
    }
    if let Some(nickname) = body.get("nickname").filter(|value| value.is_string()) {
        details.insert("nickname".to_owned(), nickname.clone());
    }
    if cx.user()?.devices.len() >= MAX_DEVICES {
        return Err(ApiError::request_failed(
            "LIMIT_EXCEEDED",
            "The user has as many devices as are allowed",
        ));
    }
    let device = Device {
        id: cx.store.ids.uuid(),
        kind: kind.to_owned(),
        created_at: cx.now,
        updated_at: cx.now,
        active: is_active(&body)?,
        locked: false,
        locked_until: None,
        push_disabled: false,
        blocked_at: None,
        details,
    };
    let rendered = to_json(cx, cx.user()?, &device);
    let id = device.id.clone();
    cx.user_mut()?.devices.push(device);
    let subject = device_subject(cx, &id)?;
    record(cx, "DEVICE.CREATED", subject)?;
    Ok(Reply::created(rendered))
}

/// Unless the caller is the user, a new device is active at once, without any proof.
fn is_active(body: &Map<String, Value>) -> Result<bool, ApiError> {
    match body.get("status").and_then(Value::as_str) {
        None | Some("ACTIVE") => Ok(true),
        Some("ACTIVATION_REQUIRED") => Ok(false),
        Some(_) => Err(ApiError::invalid(
            "INVALID_VALUE",
            "status",
            "must be ACTIVE or ACTIVATION_REQUIRED",
        )),
    }
}

fn reorder(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.object()?;
    let wanted: Option<Vec<String>> = body.get("order").and_then(Value::as_array).map(|order| {
        order
            .iter()
            .filter_map(|item| item.get("id").and_then(Value::as_str))
            .map(str::to_owned)
            .collect()
    });
    let Some(wanted) = wanted else {
        return Err(ApiError::invalid(
            "REQUIRED_VALUE",
            "order",
            "must not be empty",
        ));
    };
    cx.user_mut()?.device_order = Some(wanted);
    list(cx)
}

/// `POST /users/{user}/devices/{device}`: the media type selects the operation.
pub(crate) fn run_operation(cx: &mut Context<'_>) -> ApiResult {
    let media_type = cx.request.media_type();
    let operation = media_type
        .strip_prefix("application/vnd.pingidentity.device.")
        .unwrap_or_default();
    let (now, id) = (cx.now, cx.id(1).to_owned());
    let device = cx
        .user_mut()?
        .devices
        .iter_mut()
        .find(|device| device.id == id)
        .ok_or_else(ApiError::not_found)?;
    let action = match operation {
        "block+json" => {
            device.blocked_at = Some(now);
            "DEVICE.BLOCKED"
        }
        "unblock+json" => {
            device.blocked_at = None;
            "DEVICE.UNBLOCKED"
        }
        "unlock+json" => {
            device.locked = false;
            device.locked_until = None;
            "DEVICE.UNLOCKED"
        }
        _ => return Err(ApiError::unsupported_media_type()),
    };
    device.updated_at = now;
    let subject = device_subject(cx, &id)?;
    record(cx, action, subject)?;
    read(cx)
}

/// `DELETE /users/{user}/devices/{device}`
pub(crate) fn delete(cx: &mut Context<'_>) -> ApiResult {
    let id = cx.id(1).to_owned();
    let subject = device_subject(cx, &id)?;
    cx.user_mut()?.devices.retain(|device| device.id != id);
    record(cx, "DEVICE.DELETED", subject)?;
    Ok(Reply::no_content())
}

/// A device of the user in the path as a resource of an activity.
fn device_subject(cx: &Context<'_>, id: &str) -> Result<Subject, ApiError> {
    let user = cx.user()?;
    let device = user.devices.iter().find(|device| device.id == id);
    let device = device.ok_or_else(ApiError::not_found)?;
    Ok(cx.store.device_subject(&user.id, device))
}

/// Records what was done to a device of the user in the path.
fn record(cx: &mut Context<'_>, action: &str, device: Subject) -> Result<(), ApiError> {
    let user = cx.store.subject(cx.user()?);
    cx.record(action, vec![device, user]);
    Ok(())
}

/// `GET /users/{user}/mfaEnabled`
pub(crate) fn mfa_enabled(cx: &mut Context<'_>) -> ApiResult {
    let url = format!("{}/mfaEnabled", cx.store.user_url(cx.id(0)));
    let enabled = cx.user()?.mfa_enabled;
    Ok(Reply::ok(
        json!({ "_links": { "self": link(&url) }, "mfaEnabled": enabled }),
    ))
}

/// `PUT /users/{user}/mfaEnabled`
pub(crate) fn set_mfa_enabled(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let wanted = required_bool(&body, "mfaEnabled")?;
    let now = cx.now;
    let user = cx.user_mut()?;
    if user.mfa_enabled != wanted {
        user.mfa_enabled = wanted;
        user.updated_at = now;
        cx.record_user("USER.UPDATED")?;
    }
    mfa_enabled(cx)
}

/// `GET /users/{user}/bypassMFA`: without a bypass, both members are absent.
pub(crate) fn bypass(cx: &mut Context<'_>) -> ApiResult {
    let url = format!("{}/bypassMFA", cx.store.user_url(cx.id(0)));
    let mut value = json!({ "_links": { "self": link(&url) } });
    if let Some(until) = cx.user()?.bypass_until.filter(|until| *until > cx.now) {
        // The name of this member is UNCONFIRMED.
        value["bypassMFAEnabled"] = true.into();
        value["bypassMFAEnabledUntil"] = format_timestamp(until).into();
    }
    Ok(Reply::ok(value))
}

/// `PUT /users/{user}/bypassMFA`: a past date ends a bypass (UNCONFIRMED).
pub(crate) fn set_bypass(cx: &mut Context<'_>) -> ApiResult {
    const NAME: &str = "bypassMFAEnabledUntil";
    let body = cx.request.json()?;
    let until = body
        .get(NAME)
        .and_then(Value::as_str)
        .ok_or_else(|| ApiError::invalid("REQUIRED_VALUE", NAME, "must not be empty"))?;
    // PingOne accepts `YYYY-MM-DDTHH:MM:SS.sssZ` only.
    let instant = until
        .parse()
        .ok()
        .filter(|instant| format_timestamp(*instant) == until);
    let instant = instant.ok_or_else(|| {
        ApiError::invalid(
            "INVALID_VALUE",
            NAME,
            "must be a date and time with milliseconds in UTC",
        )
    })?;
    if instant <= cx.now && cx.store.uses(Alternative::PastBypassIsRejected) {
        return Err(ApiError::invalid(
            "INVALID_VALUE",
            NAME,
            "must be in the future",
        ));
    }
    let now = cx.now;
    let user = cx.user_mut()?;
    user.bypass_until = Some(instant);
    user.updated_at = now;
    // No action type of its own is known (UNCONFIRMED).
    cx.record_user("USER.UPDATED")?;
    bypass(cx)
}

fn to_json(cx: &Context<'_>, user: &User, device: &Device) -> Value {
    let store = &*cx.store;
    let user_url = store.user_url(&user.id);
    let url = format!("{user_url}/devices/{}", device.id);
    let mut block = json!({ "status": "UNBLOCKED" });
    if let Some(at) = device.blocked_at {
        block = json!({ "status": "BLOCKED", "blockedAt": format_timestamp(at) });
    }
    let mut value = Map::new();
    value.insert(
        "_links".to_owned(),
        json!({
            "self": link(&url),
            "user": link(&user_url),
            "environment": link(&store.environment_url()),
        }),
    );
    value.insert("id".to_owned(), device.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": store.environment.id }),
    );
    value.insert("user".to_owned(), json!({ "id": user.id }));
    value.insert("type".to_owned(), device.kind.clone().into());
    let status = if device.active {
        "ACTIVE"
    } else {
        "ACTIVATION_REQUIRED"
    };
    value.insert("status".to_owned(), status.into());
    let mut lock = json!({ "status": "UNLOCKED" });
    if device.is_locked(cx.now) {
        lock = json!({ "status": "LOCKED" });
        if let Some(until) = device.locked_until {
            lock["expiresAt"] = format_timestamp(until).into();
        }
    }
    value.insert("lock".to_owned(), lock);
    value.insert("block".to_owned(), block);
    value.insert(
        "createdAt".to_owned(),
        format_timestamp(device.created_at).into(),
    );
    value.insert(
        "updatedAt".to_owned(),
        format_timestamp(device.updated_at).into(),
    );
    value.extend(device.details.clone());
    value.into()
}
