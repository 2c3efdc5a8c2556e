//! Passwords: media types, and the effect of failed checks.

use serde_json::{Value, json};

use super::accounts::{is_locked, unlock};
use crate::verify::{
    error::{VerifyError, status_and_codes},
    probe::{Finding, Fixture, ProbeResult, names, yes_no},
    test_context::{TestContext, operation, post, put},
};

const SET_PASSWORD: &str = "application/vnd.pingidentity.password.set+json";
const CHECK_PASSWORD: &str = "application/vnd.pingidentity.password.check+json";
const FORCE_CHANGE: &str = "application/vnd.pingidentity.password.forceChange";
const FORCE_CHANGE_JSON: &str = "application/vnd.pingidentity.password.forceChange+json";
const UNLOCK_PASSWORD: &str = "application/vnd.pingidentity.password.unlock";
const UNLOCK_PASSWORD_JSON: &str = "application/vnd.pingidentity.password.unlock+json";

async fn password_status(cx: &TestContext, fixture: &Fixture) -> Result<String, VerifyError> {
    let state = cx.read(&fixture.password_path()).await?;
    Ok(state.text("/status").unwrap_or_default().to_owned())
}

/// Sets a password that does not have to be changed.
async fn give_password(cx: &TestContext, fixture: &Fixture) -> Result<(), VerifyError> {
    let body = json!({"value": cx.password()?, "forceChange": false, "bypassPolicy": true});
    let path = fixture.password_path();
    cx.require("setting a password", put(&path, SET_PASSWORD, body))
        .await
        .map(drop)
}

pub(super) async fn force_change_no_password(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    if password_status(cx, fixture).await? != "NO_PASSWORD" {
        return Ok(Finding::inconclusive("the new user has a password"));
    }
    let path = fixture.password_path();
    let answer = cx.ask(operation(&path, FORCE_CHANGE)).await?;
    Ok(Finding::expect(
        answer.status == 400,
        format!("it returns {}", status_and_codes(&answer)),
    ))
}

pub(super) async fn force_change_media_type(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let path = fixture.password_path();
    give_password(cx, fixture).await?;
    let bare = cx.ask(operation(&path, FORCE_CHANGE)).await?;
    let forced = password_status(cx, fixture).await? == "MUST_CHANGE_PASSWORD";
    give_password(cx, fixture).await?;
    let with_json = cx.ask(operation(&path, FORCE_CHANGE_JSON)).await?;
    Ok(Finding::expect(
        bare.status == 200 && forced,
        format!(
            "without `+json`, it returns {}{}; with it, {}",
            status_and_codes(&bare),
            if forced {
                ""
            } else {
                " but the state is not MUST_CHANGE_PASSWORD"
            },
            status_and_codes(&with_json)
        ),
    ))
}

pub(super) async fn password_unlock_media_type(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let path = fixture.password_path();
    give_password(cx, fixture).await?;
    let with_json = cx.ask(operation(&path, UNLOCK_PASSWORD_JSON)).await?;
    let bare = cx.ask(operation(&path, UNLOCK_PASSWORD)).await?;
    Ok(Finding::expect(
        with_json.is_success(),
        format!(
            "with `+json`, it returns {}; without it, {}",
            status_and_codes(&with_json),
            status_and_codes(&bare)
        ),
    ))
}

/// More failed checks than any sensible policy allows.
const MAX_CHECKS: usize = 15;

/// The result of failed checks.
struct Lockout {
    /// Members of the password's state that the documentation does not name.
    unknown: Vec<String>,
    /// Whether the password was locked out.
    locked_out: bool,
}

/// Checks a wrong password up to the lockout.
async fn lock_out(cx: &TestContext, fixture: &Fixture) -> Result<Lockout, VerifyError> {
    const KNOWN: &[&str] = &[
        "_links",
        "_embedded",
        "environment",
        "user",
        "passwordPolicy",
        "status",
        "lastChangedAt",
        "secondsUntilUnlock",
    ];
    give_password(cx, fixture).await?;
    let path = fixture.password_path();
    let mut lockout = Lockout {
        unknown: Vec::new(),
        locked_out: false,
    };
    for _ in 0..MAX_CHECKS {
        let body = json!({"password": "not the password"});
        cx.ask(post(&path, CHECK_PASSWORD, body)).await?;
        let state = cx.read(&path).await?;
        let members = state.body.as_ref().and_then(Value::as_object);
        for (name, value) in members.into_iter().flatten() {
            if KNOWN.contains(&name.as_str()) {
                continue;
            }
            for name in names(name, value) {
                if !lockout.unknown.contains(&name) {
                    lockout.unknown.push(name);
                }
            }
        }
        lockout.locked_out = state.text("/status") == Some("PASSWORD_LOCKED_OUT");
        if lockout.locked_out {
            break;
        }
    }
    Ok(lockout)
}

pub(super) async fn password_warnings(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let Lockout {
        unknown,
        locked_out,
    } = lock_out(cx, fixture).await?;
    let until = if locked_out {
        "up to the lockout"
    } else {
        "without a lockout"
    };
    Ok(if unknown.is_empty() {
        Finding::as_expected(format!("only documented ones, {until}"))
    } else {
        Finding::unexpected(format!("{}, {until}", unknown.join(", ")))
    })
}

pub(super) async fn lockout_in_account(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    unlock(cx, fixture).await?;
    if !lock_out(cx, fixture).await?.locked_out {
        return Ok(no_lockout());
    }
    let locked = is_locked(cx, fixture).await?;
    give_password(cx, fixture).await?;
    Ok(Finding::expect(locked, yes_no(locked)))
}

pub(super) async fn lockout_unlock(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    if !lock_out(cx, fixture).await?.locked_out {
        return Ok(no_lockout());
    }
    let answer = unlock(cx, fixture).await?;
    let still = password_status(cx, fixture).await? == "PASSWORD_LOCKED_OUT";
    give_password(cx, fixture).await?;
    Ok(Finding::expect(
        still,
        format!(
            "{}: it returns {}",
            yes_no(still),
            status_and_codes(&answer)
        ),
    ))
}

fn no_lockout() -> Finding {
    Finding::inconclusive(format!(
        "{MAX_CHECKS} failed checks did not cause a lockout"
    ))
}
