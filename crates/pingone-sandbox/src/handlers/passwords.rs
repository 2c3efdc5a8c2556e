//! Passwords: state, reset, set, force change, unlock, check and recovery, all at one URL.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/user-passwords/`. Method and media
//! type select the operation; any other combination gets 415.

use std::time::Duration;

use serde_json::{Map, json};

use crate::handlers::body::{optional_bool, required_string};
use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::clock::{after, format_timestamp, seconds_until};
use crate::model::password::{Password, Recovery, StoredPassword};
use crate::model::policy;
use crate::protocol::error::{ApiError, Detail};
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::link;

/// How long a recovery code is valid, and how many wrong attempts it survives.
const RECOVERY_LIFETIME: Duration = Duration::from_mins(5);
const MAX_RECOVERY_ATTEMPTS: u32 = 5;

/// `GET /users/{user}/password`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let store = &*cx.store;
    let url = store.user_url(&user.id);
    let own = format!("{url}/password");
    let policy_url = format!(
        "{}/passwordPolicies/{}",
        store.environment_url(),
        store.policy_id
    );
    let mut value = Map::new();
    value.insert(
        "_links".to_owned(),
        json!({
            "self": link(&own),
            "environment": link(&store.environment_url()),
            "user": link(&url),
            "passwordPolicy": link(&policy_url),
            "password.check": link(&own),
            "password.reset": link(&own),
            "password.set": link(&own),
            "password.recover": link(&own),
        }),
    );
    if cx.request.asks_for("expand", "passwordPolicy") {
        let policy = json!({ "id": store.policy_id, "name": store.policy.name });
        value.insert("_embedded".to_owned(), json!({ "passwordPolicy": policy }));
    }
    value.insert(
        "environment".to_owned(),
        json!({ "id": store.environment.id }),
    );
    value.insert("user".to_owned(), json!({ "id": user.id }));
    value.insert(
        "passwordPolicy".to_owned(),
        json!({ "id": store.policy_id }),
    );
    value.insert(
        "status".to_owned(),
        store.password_status(user, cx.now).into(),
    );
    if let Some(changed_at) = user.password.changed_at {
        value.insert(
            "lastChangedAt".to_owned(),
            format_timestamp(changed_at).into(),
        );
    }
    let until = user
        .password
        .lockout(&store.policy, cx.now)
        .and_then(|lockout| lockout.until);
    if let Some(seconds) = until.and_then(|until| seconds_until(cx.now, until)) {
        value.insert("secondsUntilUnlock".to_owned(), seconds.into());
    }
    Ok(Reply::ok(value.into()))
}

/// `PUT /users/{user}/password`
pub(crate) fn put(cx: &mut Context<'_>) -> ApiResult {
    match operation(cx).as_str() {
        "password.reset+json" => reset(cx),
        "password.set+json" => set(cx),
        "password.setvalue+json" => set_value(cx),
        _ => Err(ApiError::unsupported_media_type()),
    }
}

/// `POST /users/{user}/password`
pub(crate) fn post(cx: &mut Context<'_>) -> ApiResult {
    match operation(cx).as_str() {
        // Documented without `+json`; rejecting the other spelling is UNCONFIRMED.
        "password.forcechange" => force_change(cx),
        "password.unlock+json" if cx.store.uses(Alternative::PasswordUnlockIsBare) => {
            Err(ApiError::unsupported_media_type())
        }
        // The documentation's example has `+json` in its header, the prose does not; accept both.
        "password.unlock+json" | "password.unlock" => unlock(cx),
        "password.check+json" => check(cx),
        "password.sendrecoverycode+json" => send_recovery_code(cx),
        "password.recover+json" => recover(cx),
        _ => Err(ApiError::unsupported_media_type()),
    }
}

/// The media type without Ping's prefix; empty if it is not one of Ping's.
fn operation(cx: &Context<'_>) -> String {
    let media_type = cx.request.media_type();
    media_type
        .strip_prefix("application/vnd.pingidentity.")
        .unwrap_or_default()
        .to_owned()
}

/// Users of an external identity provider have no PingOne password.
fn refuse_external(cx: &Context<'_>) -> Result<(), ApiError> {
    if cx.user()?.identity_provider.is_some() {
        Err(ApiError::request_failed(
            "CONSTRAINT_VIOLATION",
            "The user is managed by an external identity provider",
        ))
    } else {
        Ok(())
    }
}

/// A reset by an administrator: skips the policy and requires a change at the next sign-on. It ends
/// a password lockout, but not an administrator's lock.
fn reset(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.object()?;
    refuse_external(cx)?;
    if body.contains_key("currentPassword") {
        // A change by the user, which a worker application cannot make.
        return Err(ApiError::forbidden());
    }
    let value = required_string(&body, "newPassword")?;
    let now = cx.now;
    let history = cx.store.policy.history_count;
    let policy = cx.store.policy.clone();
    let user = cx.user_mut()?;
    let was_locked = user.password.lockout(&policy, now).is_some();
    user.password
        .set(StoredPassword::Plaintext(value), true, now, history);
    cx.record_user("PASSWORD.RESET")?;
    if was_locked {
        cx.record_user("USER.UNLOCKED")?;
    }
    read(cx)
}

/// Sets a permanent password, or a temporary one with `forceChange`. Ending a lockout, as a reset
/// does, is UNCONFIRMED, and so is the `target` of a policy violation.
fn set(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.object()?;
    refuse_external(cx)?;
    let value = required_string(&body, "value")?;
    let force_change = optional_bool(&body, "forceChange")?;
    let bypass_policy = optional_bool(&body, "bypassPolicy")?;
    let stored = StoredPassword::parse(&value);
    if let StoredPassword::Plaintext(value) = &stored
        && !bypass_policy
    {
        let unmet = policy::unmet(&cx.store.policy, value, cx.user()?);
        if !unmet.is_empty() {
            return Err(policy::violation("password", unmet));
        }
    }
    let now = cx.now;
    let history = cx.store.policy.history_count;
    cx.user_mut()?
        .password
        .set(stored, force_change, now, history);
    cx.record_user("PASSWORD.SET")?;
    read(cx)
}

/// Stores the value as is; an empty object removes the password.
fn set_value(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.optional_object()?;
    refuse_external(cx)?;
    let now = cx.now;
    let history = cx.store.policy.history_count;
    if body.contains_key("value") {
        let stored = StoredPassword::parse(&required_string(&body, "value")?);
        cx.user_mut()?.password.set(stored, false, now, history);
        cx.record_user("PASSWORD.SET")?;
    } else {
        cx.user_mut()?.password = Password::default();
        cx.record_user("PASSWORD.UNSET")?;
    }
    read(cx)
}

/// The old password keeps working until it is changed. The response for a user without a password
/// is UNCONFIRMED.
fn force_change(cx: &mut Context<'_>) -> ApiResult {
    refuse_external(cx)?;
    let user = cx.user_mut()?;
    if user.password.value.is_none() {
        return Err(ApiError::request_failed(
            "NO_PASSWORD",
            "The user has no password",
        ));
    }
    user.password.must_change = true;
    cx.record_user("PASSWORD.FORCE_CHANGE")?;
    if cx.store.uses(Alternative::ForceChangeAnswersNoContent) {
        return Ok(Reply::no_content());
    }
    read(cx)
}

/// Ends a lockout caused by failed checks; without one, nothing happens (UNCONFIRMED).
fn unlock(cx: &mut Context<'_>) -> ApiResult {
    refuse_external(cx)?;
    let user = cx.user_mut()?;
    if user.password.lift_lockout() {
        cx.record_user("PASSWORD.UNLOCKED")?;
    }
    read(cx)
}

/// Every failed check counts toward the lockout, as the counter in the response implies.
fn check(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.object()?;
    refuse_external(cx)?;
    let given = required_string(&body, "password")?;
    let now = cx.now;
    match cx.store.password_status(cx.user()?, now) {
        "NO_PASSWORD" => {
            return Err(ApiError::request_failed(
                "NO_PASSWORD",
                "The user has no password",
            ));
        }
        "PASSWORD_LOCKED_OUT" => {
            return Err(ApiError::request_failed(
                "ACCOUNT_NOT_USABLE",
                "The password is locked out",
            ));
        }
        _ => {}
    }
    let allowed = cx.store.policy.lockout_failures;
    let user = cx.user_mut()?;
    // After an expired lockout, the count starts over.
    if user.password.locked_out_at.is_some() {
        user.password.lift_lockout();
    }
    if user.password.value == Some(StoredPassword::Plaintext(given)) {
        user.password.failures = 0;
        cx.record_user("PASSWORD.CHECK_SUCCEEDED")?;
        return read(cx);
    }
    user.password.failures += 1;
    let left = allowed.saturating_sub(user.password.failures);
    if left == 0 {
        user.password.locked_out_at = Some(now);
    }
    let subject = cx.store.subject(cx.user()?);
    // The status is that of recording the failure.
    let description = format!("Check Failed Password {}", subject.id);
    cx.record_described("PASSWORD.CHECK_FAILED", vec![subject.clone()], description);
    if left == 0 {
        cx.record("USER.LOCKED", vec![subject]);
    }
    Err(ApiError::invalid_data(vec![
        Detail::new(
            "INVALID_VALUE",
            "password",
            "The provided password did not match provisioned password",
        )
        .with("failuresRemaining", left),
    ]))
}

/// PingOne sends the code by email; the sandbox shows it in its state.
fn send_recovery_code(cx: &mut Context<'_>) -> ApiResult {
    refuse_external(cx)?;
    let now = cx.now;
    let state = cx.store.password_status(cx.user()?, now);
    if !cx.user()?.enabled || ["NO_PASSWORD", "PASSWORD_LOCKED_OUT"].contains(&state) {
        return Err(ApiError::request_failed(
            "ACCOUNT_NOT_USABLE",
            "The account cannot be recovered in its present state",
        ));
    }
    let code = cx.store.ids.code();
    cx.user_mut()?.password.recovery = Some(Recovery {
        code,
        expires_at: after(now, RECOVERY_LIFETIME),
        failures: 0,
    });
    read(cx)
}

fn recover(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.object()?;
    refuse_external(cx)?;
    let code = required_string(&body, "recoveryCode")?;
    let value = required_string(&body, "newPassword")?;
    let now = cx.now;
    let wrong = || {
        ApiError::invalid(
            "INVALID_VALUE",
            "recoveryCode",
            "The recovery code is not valid",
        )
    };
    let recovery = cx
        .user_mut()?
        .password
        .recovery
        .as_mut()
        .ok_or_else(wrong)?;
    if recovery.code != code
        || recovery.expires_at <= now
        || recovery.failures >= MAX_RECOVERY_ATTEMPTS
    {
        recovery.failures += 1;
        return Err(wrong());
    }
    let unmet = policy::unmet(&cx.store.policy, &value, cx.user()?);
    if !unmet.is_empty() {
        return Err(policy::violation("newPassword", unmet));
    }
    let history = cx.store.policy.history_count;
    cx.user_mut()?
        .password
        .set(StoredPassword::Plaintext(value), false, now, history);
    cx.record_user("PASSWORD.RECOVERY")?;
    read(cx)
}
