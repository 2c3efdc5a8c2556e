//! The account of a user: lock, unlock, enabled, population, and the verification code.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/user-accounts/` and
//! `…/platform/users/user-populations/`. Password lockouts are in `passwords.rs`.

use serde_json::{Value, json};

use crate::handlers::body::required_bool;
use crate::handlers::visit::Visit;
use crate::model::alternative::Alternative;
use crate::model::state::Lock;
use crate::protocol::error::Problem;
use crate::protocol::message::{Outcome, Reply};
use crate::render::hal::link;
use crate::render::user::show;

/// `POST /users/{user}`: only the media type says what is meant.
pub(crate) fn act(visit: &mut Visit<'_>) -> Outcome {
    match visit.request.media_type().as_str() {
        "application/vnd.pingidentity.account.lock+json" => lock(visit),
        "application/vnd.pingidentity.account.unlock+json" => unlock(visit),
        "application/vnd.pingidentity.user.sendverificationcode+json" => send_code(visit),
        _ => Err(Problem::media_type()),
    }
}

/// Locks, until `unlockAt` if one is given.
///
/// The documentation hints that nothing is locked without a future `unlockAt`; Ping's Terraform
/// provider locks without a body and finds the user locked, which is followed here. A past
/// `unlockAt` changes nothing (UNCONFIRMED: it may be an error).
fn lock(visit: &mut Visit<'_>) -> Outcome {
    refuse_disabled(visit)?;
    let body = visit.request.optional_object()?;
    let until = match body.get("unlockAt") {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            value
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| {
                    Problem::invalid("INVALID_VALUE", "unlockAt", "must be a date and time")
                })?,
        ),
    };
    let now = visit.now;
    let without_end = !visit.world.does(Alternative::LockNeedsUnlockAt);
    if until.map_or(without_end, |until| until > now) {
        let user = visit.user_mut()?;
        user.lock = Some(Lock { at: now, until });
        user.updated_at = now;
        visit.record_user("USER.LOCKED")?;
    }
    Ok(Reply::ok(show(visit.world, visit.user()?, now)))
}

/// Lifts an administrator's lock. That a password lockout stays is UNCONFIRMED; the
/// documentation has an operation of its own for that.
fn unlock(visit: &mut Visit<'_>) -> Outcome {
    refuse_disabled(visit)?;
    let now = visit.now;
    let lockout_too = visit.world.does(Alternative::UnlockEndsLockout);
    let user = visit.user_mut()?;
    let had_lockout = lockout_too && user.password.lift_lockout();
    if user.lock.take().is_some() || had_lockout {
        user.updated_at = now;
        visit.record_user("USER.UNLOCKED")?;
    }
    Ok(Reply::ok(show(visit.world, visit.user()?, now)))
}

/// Ping's Terraform provider locks and unlocks enabled users only and meets a 415 right after
/// enabling. That a disabled user always gets 415 is inferred from it (UNCONFIRMED).
fn refuse_disabled(visit: &Visit<'_>) -> Result<(), Problem> {
    if visit.user()?.enabled || visit.world.does(Alternative::DisabledUsersCanBeLocked) {
        Ok(())
    } else {
        Err(Problem::media_type())
    }
}

fn send_code(visit: &mut Visit<'_>) -> Outcome {
    "VERIFICATION_REQUIRED".clone_into(&mut visit.user_mut()?.lifecycle);
    Ok(Reply::ok(show(visit.world, visit.user()?, visit.now)))
}

/// `GET /users/{user}/enabled`
pub(crate) fn enabled(visit: &mut Visit<'_>) -> Outcome {
    let url = format!("{}/enabled", visit.world.user_url(visit.id(0)));
    let enabled = visit.user()?.enabled;
    Ok(Reply::ok(
        json!({ "_links": { "self": link(&url) }, "enabled": enabled }),
    ))
}

/// `PUT /users/{user}/enabled`: the same answer whether or not anything changed.
pub(crate) fn set_enabled(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.json()?;
    let wanted = required_bool(&body, "enabled")?;
    let now = visit.now;
    let user = visit.user_mut()?;
    if user.enabled != wanted {
        user.enabled = wanted;
        user.updated_at = now;
        visit.record_user("USER.UPDATED")?;
    }
    enabled(visit)
}

/// `GET /users/{user}/population`
pub(crate) fn population(visit: &mut Visit<'_>) -> Outcome {
    let url = format!("{}/population", visit.world.user_url(visit.id(0)));
    let id = visit.user()?.population.clone();
    Ok(Reply::ok(
        json!({ "_links": { "self": link(&url) }, "id": id }),
    ))
}

/// `PUT /users/{user}/population`
pub(crate) fn set_population(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.json()?;
    visit.user()?;
    let wanted = match body.get("id").and_then(Value::as_str) {
        None => {
            return Err(Problem::invalid(
                "REQUIRED_VALUE",
                "id",
                "must not be empty",
            ));
        }
        Some(id) => visit
            .world
            .find_population(id)
            .map_err(|_| Problem::invalid("INVALID_VALUE", "id", "must be an existing population"))?
            .id
            .clone(),
    };
    if visit.user()?.population != wanted {
        let id = visit.id(0).to_owned();
        visit.world.move_user(&id, &wanted, visit.now)?;
        visit.record_user("USER.MOVED")?;
    }
    population(visit)
}
