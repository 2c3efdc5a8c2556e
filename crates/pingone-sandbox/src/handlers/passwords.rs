//! Passwords: state, reset, set, force change, unlock, check and recovery, all on one URL.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/user-passwords/`. Method and
//! media type pick the operation; a combination that picks none gets 415.

use std::time::Duration;

use serde_json::{Map, json};

use crate::handlers::body::{flag, required_text};
use crate::handlers::visit::Visit;
use crate::model::alternative::Alternative;
use crate::model::clock::{after, seconds_until, text};
use crate::model::password::{Password, Recovery, Stored};
use crate::model::policy;
use crate::protocol::error::{Detail, Problem};
use crate::protocol::message::{Outcome, Reply};
use crate::render::hal::link;

/// How long a recovery code is good, and how many wrong ones are forgiven.
const RECOVERY: Duration = Duration::from_mins(5);
const RECOVERY_TRIES: u32 = 5;

/// `GET /users/{user}/password`
pub(crate) fn read(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let world = &*visit.world;
    let url = world.user_url(&user.id);
    let own = format!("{url}/password");
    let policy_url = format!(
        "{}/passwordPolicies/{}",
        world.environment_url(),
        world.policy_id
    );
    let mut value = Map::new();
    value.insert(
        "_links".to_owned(),
        json!({
            "self": link(&own),
            "environment": link(&world.environment_url()),
            "user": link(&url),
            "passwordPolicy": link(&policy_url),
            "password.check": link(&own),
            "password.reset": link(&own),
            "password.set": link(&own),
            "password.recover": link(&own),
        }),
    );
    if visit.request.asks_for("expand", "passwordPolicy") {
        let policy = json!({ "id": world.policy_id, "name": world.policy.name });
        value.insert("_embedded".to_owned(), json!({ "passwordPolicy": policy }));
    }
    value.insert(
        "environment".to_owned(),
        json!({ "id": world.environment.id }),
    );
    value.insert("user".to_owned(), json!({ "id": user.id }));
    value.insert(
        "passwordPolicy".to_owned(),
        json!({ "id": world.policy_id }),
    );
    value.insert(
        "status".to_owned(),
        world.password_status(user, visit.now).into(),
    );
    if let Some(changed_at) = user.password.changed_at {
        value.insert("lastChangedAt".to_owned(), text(changed_at).into());
    }
    let until = user
        .password
        .lockout(&world.policy, visit.now)
        .and_then(|lockout| lockout.until);
    if let Some(seconds) = until.and_then(|until| seconds_until(visit.now, until)) {
        value.insert("secondsUntilUnlock".to_owned(), seconds.into());
    }
    Ok(Reply::ok(value.into()))
}

/// `PUT /users/{user}/password`
pub(crate) fn put(visit: &mut Visit<'_>) -> Outcome {
    match operation(visit).as_str() {
        "password.reset+json" => reset(visit),
        "password.set+json" => set(visit),
        "password.setvalue+json" => set_value(visit),
        _ => Err(Problem::media_type()),
    }
}

/// `POST /users/{user}/password`
pub(crate) fn post(visit: &mut Visit<'_>) -> Outcome {
    match operation(visit).as_str() {
        // Documented without `+json`; that the other spelling is refused is UNCONFIRMED.
        "password.forcechange" => force_change(visit),
        "password.unlock+json" if visit.world.does(Alternative::PasswordUnlockIsBare) => {
            Err(Problem::media_type())
        }
        // The header of the documentation's example has `+json`, its prose has not: both are taken.
        "password.unlock+json" | "password.unlock" => unlock(visit),
        "password.check+json" => check(visit),
        "password.sendrecoverycode+json" => send_recovery_code(visit),
        "password.recover+json" => recover(visit),
        _ => Err(Problem::media_type()),
    }
}

/// The media type without Ping's prefix; empty where it is none of Ping's.
fn operation(visit: &Visit<'_>) -> String {
    let media_type = visit.request.media_type();
    media_type
        .strip_prefix("application/vnd.pingidentity.")
        .unwrap_or_default()
        .to_owned()
}

/// Users of an external identity provider have no password here to act on.
fn refuse_external(visit: &Visit<'_>) -> Result<(), Problem> {
    if visit.user()?.identity_provider.is_some() {
        Err(Problem::request_failed(
            "CONSTRAINT_VIOLATION",
            "The user is managed by an external identity provider",
        ))
    } else {
        Ok(())
    }
}

/// A reset by an administrator: not checked against the policy, to be changed at the next
/// sign-on. It ends a password lockout, but not an administrator's lock.
fn reset(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.object()?;
    refuse_external(visit)?;
    if body.contains_key("currentPassword") {
        // A change by the users themselves: no worker application is the user.
        return Err(Problem::forbidden());
    }
    let value = required_text(&body, "newPassword")?;
    let now = visit.now;
    let history = visit.world.policy.history_count;
    let policy = visit.world.policy.clone();
    let user = visit.user_mut()?;
    let was_locked = user.password.lockout(&policy, now).is_some();
    user.password.set(Stored::Clear(value), true, now, history);
    visit.record_user("PASSWORD.RESET")?;
    if was_locked {
        visit.record_user("USER.UNLOCKED")?;
    }
    read(visit)
}

/// Sets a permanent password, or a temporary one with `forceChange`. That it ends a lockout as a
/// reset does is UNCONFIRMED, and so is the target that a policy violation names.
fn set(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.object()?;
    refuse_external(visit)?;
    let value = required_text(&body, "value")?;
    let force_change = flag(&body, "forceChange")?;
    let bypass_policy = flag(&body, "bypassPolicy")?;
    let stored = Stored::given(&value);
    if let Stored::Clear(value) = &stored
        && !bypass_policy
    {
        let unmet = policy::unmet(&visit.world.policy, value, visit.user()?);
        if !unmet.is_empty() {
            return Err(policy::refusal("password", unmet));
        }
    }
    let now = visit.now;
    let history = visit.world.policy.history_count;
    visit
        .user_mut()?
        .password
        .set(stored, force_change, now, history);
    visit.record_user("PASSWORD.SET")?;
    read(visit)
}

/// Sets the stored value as it is; an empty object takes the password away.
fn set_value(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.optional_object()?;
    refuse_external(visit)?;
    let now = visit.now;
    let history = visit.world.policy.history_count;
    if body.contains_key("value") {
        let stored = Stored::given(&required_text(&body, "value")?);
        visit.user_mut()?.password.set(stored, false, now, history);
        visit.record_user("PASSWORD.SET")?;
    } else {
        visit.user_mut()?.password = Password::default();
        visit.record_user("PASSWORD.UNSET")?;
    }
    read(visit)
}

/// The old password goes on working until it is changed. What a user without a password gets is
/// UNCONFIRMED.
fn force_change(visit: &mut Visit<'_>) -> Outcome {
    refuse_external(visit)?;
    let user = visit.user_mut()?;
    if user.password.value.is_none() {
        return Err(Problem::request_failed(
            "NO_PASSWORD",
            "The user has no password",
        ));
    }
    user.password.must_change = true;
    visit.record_user("PASSWORD.FORCE_CHANGE")?;
    if visit.world.does(Alternative::ForceChangeAnswersNoContent) {
        return Ok(Reply::no_content());
    }
    read(visit)
}

/// Ends a lockout by failed checks; nothing happens where there is none (UNCONFIRMED).
fn unlock(visit: &mut Visit<'_>) -> Outcome {
    refuse_external(visit)?;
    let user = visit.user_mut()?;
    if user.password.lift_lockout() {
        visit.record_user("PASSWORD.UNLOCKED")?;
    }
    read(visit)
}

/// Every failed check counts toward the lockout (implied by the counter in the answer).
fn check(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.object()?;
    refuse_external(visit)?;
    let given = required_text(&body, "password")?;
    let now = visit.now;
    match visit.world.password_status(visit.user()?, now) {
        "NO_PASSWORD" => {
            return Err(Problem::request_failed(
                "NO_PASSWORD",
                "The user has no password",
            ));
        }
        "PASSWORD_LOCKED_OUT" => {
            return Err(Problem::request_failed(
                "ACCOUNT_NOT_USABLE",
                "The password is locked out",
            ));
        }
        _ => {}
    }
    let allowed = visit.world.policy.lockout_failures;
    let user = visit.user_mut()?;
    // A lockout that has run out starts the count anew.
    if user.password.locked_out_at.is_some() {
        user.password.lift_lockout();
    }
    if user.password.value == Some(Stored::Clear(given)) {
        user.password.failures = 0;
        visit.record_user("PASSWORD.CHECK_SUCCEEDED")?;
        return read(visit);
    }
    user.password.failures += 1;
    let left = allowed.saturating_sub(user.password.failures);
    if left == 0 {
        user.password.locked_out_at = Some(now);
    }
    let subject = visit.world.subject(visit.user()?);
    visit.record_failure("PASSWORD.CHECK_FAILED", vec![subject.clone()]);
    if left == 0 {
        visit.record("USER.LOCKED", vec![subject]);
    }
    Err(Problem::invalid_data(vec![
        Detail::new(
            "INVALID_VALUE",
            "password",
            "The provided password did not match provisioned password",
        )
        .with("failuresRemaining", left),
    ]))
}

/// Would mail a code; the sandbox shows it in its state instead.
fn send_recovery_code(visit: &mut Visit<'_>) -> Outcome {
    refuse_external(visit)?;
    let now = visit.now;
    let state = visit.world.password_status(visit.user()?, now);
    if !visit.user()?.enabled || ["NO_PASSWORD", "PASSWORD_LOCKED_OUT"].contains(&state) {
        return Err(Problem::request_failed(
            "ACCOUNT_NOT_USABLE",
            "The account cannot be recovered in its present state",
        ));
    }
    let code = visit.world.ids.code();
    visit.user_mut()?.password.recovery = Some(Recovery {
        code,
        expires_at: after(now, RECOVERY),
        failures: 0,
    });
    read(visit)
}

fn recover(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.object()?;
    refuse_external(visit)?;
    let code = required_text(&body, "recoveryCode")?;
    let value = required_text(&body, "newPassword")?;
    let now = visit.now;
    let wrong = || {
        Problem::invalid(
            "INVALID_VALUE",
            "recoveryCode",
            "The recovery code is not valid",
        )
    };
    let recovery = visit
        .user_mut()?
        .password
        .recovery
        .as_mut()
        .ok_or_else(wrong)?;
    if recovery.code != code || recovery.expires_at <= now || recovery.failures >= RECOVERY_TRIES {
        recovery.failures += 1;
        return Err(wrong());
    }
    let unmet = policy::unmet(&visit.world.policy, &value, visit.user()?);
    if !unmet.is_empty() {
        return Err(policy::refusal("newPassword", unmet));
    }
    let history = visit.world.policy.history_count;
    visit
        .user_mut()?
        .password
        .set(Stored::Clear(value), false, now, history);
    visit.record_user("PASSWORD.RECOVERY")?;
    read(visit)
}
