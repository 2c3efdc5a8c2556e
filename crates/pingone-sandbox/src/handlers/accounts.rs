//! A user's account: lock and unlock, enable and disable, population, verification code.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/user-accounts/` and
//! `…/platform/users/user-populations/`. Password lockouts are in `passwords.rs`.

use serde_json::{Value, json};

use crate::handlers::body::required_bool;
use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::store::Lock;
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::link;
use crate::render::user::to_json;

/// `POST /users/{user}`: the media type alone selects the operation.
pub(crate) fn run_operation(cx: &mut Context<'_>) -> ApiResult {
    match cx.request.media_type().as_str() {
        "application/vnd.pingidentity.account.lock+json" => lock(cx),
        "application/vnd.pingidentity.account.unlock+json" => unlock(cx),
        "application/vnd.pingidentity.user.sendverificationcode+json" => send_code(cx),
        _ => Err(ApiError::unsupported_media_type()),
    }
}

/// Locks the account, until `unlockAt` if one is given.
///
/// The documentation hints that a lock needs a future `unlockAt`. Ping's Terraform provider locks
/// without a body and reads the user back as locked; the sandbox follows the provider. A past
/// `unlockAt` changes nothing (UNCONFIRMED: it may be an error).
fn lock(cx: &mut Context<'_>) -> ApiResult {
    refuse_disabled(cx)?;
    let body = cx.request.optional_object()?;
    let until = match body.get("unlockAt") {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            value
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| {
                    ApiError::invalid("INVALID_VALUE", "unlockAt", "must be a date and time")
                })?,
        ),
    };
    let now = cx.now;
    let without_end = !cx.store.uses(Alternative::LockNeedsUnlockAt);
    if until.map_or(without_end, |until| until > now) {
        let user = cx.user_mut()?;
        user.lock = Some(Lock { at: now, until });
        user.updated_at = now;
        cx.record_user("USER.LOCKED")?;
    }
    Ok(Reply::ok(to_json(cx.store, cx.user()?, now)))
}

/// Lifts an administrator's lock. Leaving a password lockout in place is UNCONFIRMED; the
/// documentation has a separate operation for it.
fn unlock(cx: &mut Context<'_>) -> ApiResult {
    refuse_disabled(cx)?;
    let now = cx.now;
    let lockout_too = cx.store.uses(Alternative::UnlockEndsLockout);
    let user = cx.user_mut()?;
    let had_lockout = lockout_too && user.password.lift_lockout();
    if user.lock.take().is_some() || had_lockout {
        user.updated_at = now;
        cx.record_user("USER.UNLOCKED")?;
    }
    Ok(Reply::ok(to_json(cx.store, cx.user()?, now)))
}

/// Ping's Terraform provider locks and unlocks enabled users only, and gets a 415 right after
/// enabling one. That a disabled user always gets 415 is inferred from this (UNCONFIRMED).
fn refuse_disabled(cx: &Context<'_>) -> Result<(), ApiError> {
    if cx.user()?.enabled || cx.store.uses(Alternative::DisabledUsersCanBeLocked) {
        Ok(())
    } else {
        Err(ApiError::unsupported_media_type())
    }
}

fn send_code(cx: &mut Context<'_>) -> ApiResult {
    "VERIFICATION_REQUIRED".clone_into(&mut cx.user_mut()?.lifecycle);
    Ok(Reply::ok(to_json(cx.store, cx.user()?, cx.now)))
}

/// `GET /users/{user}/enabled`
pub(crate) fn enabled(cx: &mut Context<'_>) -> ApiResult {
    let url = format!("{}/enabled", cx.store.user_url(cx.id(0)));
    let enabled = cx.user()?.enabled;
    Ok(Reply::ok(
        json!({ "_links": { "self": link(&url) }, "enabled": enabled }),
    ))
}

/// `PUT /users/{user}/enabled`: the response is the same whether or not anything changed.
pub(crate) fn set_enabled(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let wanted = required_bool(&body, "enabled")?;
    let now = cx.now;
    let user = cx.user_mut()?;
    if user.enabled != wanted {
        user.enabled = wanted;
        user.updated_at = now;
        cx.record_user("USER.UPDATED")?;
    }
    enabled(cx)
}

/// `GET /users/{user}/population`
pub(crate) fn population(cx: &mut Context<'_>) -> ApiResult {
    let url = format!("{}/population", cx.store.user_url(cx.id(0)));
    let id = cx.user()?.population.clone();
    Ok(Reply::ok(
        json!({ "_links": { "self": link(&url) }, "id": id }),
    ))
}

/// `PUT /users/{user}/population`
pub(crate) fn set_population(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    cx.user()?;
    let wanted = match body.get("id").and_then(Value::as_str) {
        None => {
            return Err(ApiError::invalid(
                "REQUIRED_VALUE",
                "id",
                "must not be empty",
            ));
        }
        Some(id) => cx
            .store
            .find_population(id)
            .map_err(|_| {
                ApiError::invalid("INVALID_VALUE", "id", "must be an existing population")
            })?
            .id
            .clone(),
    };
    if cx.user()?.population != wanted {
        let id = cx.id(0).to_owned();
        cx.store.move_user(&id, &wanted, cx.now)?;
        cx.record_user("USER.MOVED")?;
    }
    population(cx)
}
