//! Accounts: enabled, disabled, locked, and how these states interact.

use serde_json::{Value, json};

use crate::verify::{
    error::{VerifyError, status_and_codes},
    probe::{Finding, Fixture, ProbeResult, word, yes_no},
    test_context::{JSON, TestContext, operation, post, put},
};
use pingone::probe::Answer;

/// In seconds: long enough to be in the future or in the past on any clock.
const HOUR: i64 = 3600;

const LOCK: &str = "application/vnd.pingidentity.account.lock+json";
const UNLOCK: &str = "application/vnd.pingidentity.account.unlock+json";

async fn enable(cx: &TestContext, fixture: &Fixture) -> Result<Answer, VerifyError> {
    set_enabled(cx, fixture, json!(true)).await
}

async fn disable(cx: &TestContext, fixture: &Fixture) -> Result<Answer, VerifyError> {
    set_enabled(cx, fixture, json!(false)).await
}

async fn set_enabled(
    cx: &TestContext,
    fixture: &Fixture,
    enabled: Value,
) -> Result<Answer, VerifyError> {
    let path = ["users", &fixture.id, "enabled"];
    let body = json!({"enabled": enabled});
    cx.require("changing `enabled`", put(&path, JSON, body))
        .await
}

pub(super) async fn unlock(cx: &TestContext, fixture: &Fixture) -> Result<Answer, VerifyError> {
    cx.ask(operation(&fixture.path(), UNLOCK)).await
}

async fn lock(
    cx: &TestContext,
    fixture: &Fixture,
    until: Option<String>,
) -> Result<Answer, VerifyError> {
    let path = fixture.path();
    cx.ask(match until {
        Some(until) => post(&path, LOCK, json!({"unlockAt": until})),
        None => operation(&path, LOCK),
    })
    .await
}

pub(super) async fn is_locked(cx: &TestContext, fixture: &Fixture) -> Result<bool, VerifyError> {
    let user = cx.read(&fixture.path()).await?;
    Ok(user.text("/account/status") == Some("LOCKED"))
}

pub(super) async fn enabled_answer(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let answer = enable(cx, fixture).await?;
    Ok(match answer.at("/enabled") {
        Some(Value::Bool(true)) => Finding::as_expected("yes"),
        Some(_) => Finding::unexpected("no: `enabled` has another value"),
        None => Finding::unexpected(format!(
            "no: the response ({}) has no `enabled`",
            answer.status
        )),
    })
}

pub(super) async fn disabled_status(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    disable(cx, fixture).await?;
    let user = cx.read(&fixture.path()).await;
    enable(cx, fixture).await?;
    let user = user?;
    let status = user.text("/account/status").unwrap_or_default();
    let may = user.at("/account/canAuthenticate");
    Ok(Finding::expect(
        status == "OK" && may == Some(&Value::Bool(false)),
        format!(
            "`status` is {}, `canAuthenticate` is {}",
            word(status),
            may.and_then(Value::as_bool)
                .map_or("absent", |may| if may { "true" } else { "false" })
        ),
    ))
}

pub(super) async fn disabled_lock(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    disable(cx, fixture).await?;
    let unlocked = unlock(cx, fixture).await?;
    let locked = lock(cx, fixture, Some(cx.in_seconds(HOUR))).await?;
    enable(cx, fixture).await?;
    unlock(cx, fixture).await?;
    Ok(Finding::expect(
        unlocked.status == 415 && locked.status == 415,
        format!(
            "unlocking returns {}, locking returns {}",
            status_and_codes(&unlocked),
            status_and_codes(&locked)
        ),
    ))
}

pub(super) async fn enabled_unlock(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    disable(cx, fixture).await?;
    enable(cx, fixture).await?;
    let answer = unlock(cx, fixture).await?;
    Ok(Finding::expect(
        answer.is_success(),
        format!("it returns {}", status_and_codes(&answer)),
    ))
}

pub(super) async fn lock_without_end(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    unlock(cx, fixture).await?;
    let answer = lock(cx, fixture, None).await?;
    let locked = is_locked(cx, fixture).await?;
    unlock(cx, fixture).await?;
    Ok(Finding::expect(
        locked,
        format!(
            "{}: it returns {}",
            yes_no(locked),
            status_and_codes(&answer)
        ),
    ))
}

pub(super) async fn lock_past_end(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    unlock(cx, fixture).await?;
    let answer = lock(cx, fixture, Some(cx.in_seconds(-HOUR))).await?;
    let locked = is_locked(cx, fixture).await?;
    unlock(cx, fixture).await?;
    Ok(past_lock(&answer, locked))
}

fn past_lock(answer: &Answer, locked: bool) -> Finding {
    let status = status_and_codes(answer);
    if !answer.is_success() {
        return Finding::unexpected(format!("no: it is rejected with {status}"));
    }
    Finding::expect(
        !locked,
        if locked {
            format!("no: it returns {status} and locks the account")
        } else {
            format!("yes: it returns {status}")
        },
    )
}

pub(super) async fn unlock_media_type(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    lock(cx, fixture, Some(cx.in_seconds(HOUR))).await?;
    if !is_locked(cx, fixture).await? {
        return Ok(Finding::inconclusive("the account could not be locked"));
    }
    let answer = unlock(cx, fixture).await?;
    let locked = is_locked(cx, fixture).await?;
    Ok(Finding::expect(
        answer.is_success() && !locked,
        format!(
            "{}: it returns {}",
            yes_no(!locked),
            status_and_codes(&answer)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::probe::{Verdict, tests::answer};

    #[test]
    fn a_lock_with_unlock_at_in_the_past_has_three_outcomes() {
        assert_eq!(
            past_lock(&answer(200, Value::Null), false).verdict,
            Verdict::AsExpected
        );
        assert_eq!(
            past_lock(&answer(200, Value::Null), true).verdict,
            Verdict::Unexpected
        );
        let refused = past_lock(&answer(400, json!({"code": "INVALID_DATA"})), false);
        assert_eq!(refused.text, "no: it is rejected with 400 INVALID_DATA");
    }
}
