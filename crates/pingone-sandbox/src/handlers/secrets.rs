//! An application's client secret: read, rotate, and drop the previous one.
//!
//! Page: `developer.pingidentity.com/pingone-api/platform/applications/application-secret.html`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::handlers::context::Context;
use crate::model::application::{Application, PreviousSecret};
use crate::model::clock::{after, format_timestamp};
use crate::model::store::Store;
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};

/// How long a previous secret can stay valid.
const MIN_GRACE: Duration = Duration::from_mins(1);
const MAX_GRACE: Duration = Duration::from_hours(30 * 24);

/// `GET /applications/{application}/secret`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    check_authority(cx)?;
    cx.record_application("SECRET.READ")?;
    let application = cx.store.find_application(cx.id(0))?;
    Ok(Reply::ok(to_json(cx.store, application, cx.now)))
}

/// `POST /applications/{application}/secret`: generates a new secret. The old one stops working,
/// at once or at `{"previous": {"expiresAt"}}`.
pub(crate) fn rotate(cx: &mut Context<'_>) -> ApiResult {
    check_authority(cx)?;
    let body = cx.request.json()?;
    let now = cx.now;
    let expires_at = match body.get("previous") {
        None | Some(Value::Null) => None,
        Some(previous) => Some(grace(previous, now)?),
    };
    let (id, secret) = (cx.id(0).to_owned(), cx.store.ids.secret());
    let application = cx.store.find_application_mut(&id)?;
    let old = std::mem::replace(&mut application.secret, secret);
    // That the previous secret's last use is known from before the rotation is UNCONFIRMED.
    application.previous_secret = expires_at.map(|expires_at| PreviousSecret {
        secret: old,
        expires_at,
        last_used: application.secret_used_at,
    });
    application.secret_used_at = None;
    application.updated_at = now;
    cx.record_application("SECRET.UPDATED")?;
    let application = cx.store.find_application(&id)?;
    Ok(Reply::ok(to_json(cx.store, application, now)))
}

/// `DELETE /applications/{application}/secret`: the previous secret stops working.
pub(crate) fn drop_previous(cx: &mut Context<'_>) -> ApiResult {
    check_authority(cx)?;
    let id = cx.id(0).to_owned();
    cx.store.find_application_mut(&id)?.previous_secret = None;
    cx.record_application("SECRET.UPDATED")?;
    Ok(Reply::no_content())
}

/// A worker needs all roles of the application, and cannot touch its own secret.
fn check_authority(cx: &Context<'_>) -> Result<(), ApiError> {
    let application = cx.store.find_application(cx.id(0))?;
    if application.secret.is_empty() {
        return Err(ApiError::not_found());
    }
    let is_own = application.id == cx.actor.id;
    if is_own || !cx.store.holds_all(&cx.actor.id, &application.roles) {
        return Err(ApiError::forbidden());
    }
    Ok(())
}

fn grace(previous: &Value, now: Timestamp) -> Result<Timestamp, ApiError> {
    let expires_at = previous
        .get("expiresAt")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok());
    expires_at
        .filter(|at| (after(now, MIN_GRACE)..=after(now, MAX_GRACE)).contains(at))
        .ok_or_else(|| {
            ApiError::invalid(
                "INVALID_VALUE",
                "previous.expiresAt",
                "must be between one minute and thirty days ahead",
            )
        })
}

fn to_json(store: &Store, application: &Application, now: Timestamp) -> Value {
    let mut value = json!({
        "secret": application.secret,
        "environment": { "id": store.environment.id },
    });
    let previous = application.previous_secret.as_ref();
    if let Some(previous) = previous.filter(|previous| previous.expires_at > now) {
        value["previous"] = json!({
            "secret": previous.secret,
            "expiresAt": format_timestamp(previous.expires_at),
        });
        if let Some(at) = previous.last_used {
            value["previous"]["lastUsed"] = format_timestamp(at).into();
        }
    }
    value
}
