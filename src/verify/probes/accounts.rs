//! Accounts: enabled or not, locked or not, and what the one has to do with the other.

use serde_json::{Value, json};

use crate::verify::{
    error::{VerifyError, status_and_codes},
    probe::{Finding, Fixture, Found, word, yes},
    test_context::{JSON, TestContext, operation, post, put},
};
use pingone::probe::Answer;

/// In seconds: ahead, or past, on any clock.
const HOUR: i64 = 3600;

const LOCK: &str = "application/vnd.pingidentity.account.lock+json";
const UNLOCK: &str = "application/vnd.pingidentity.account.unlock+json";

async fn enable(cx: &TestContext, fixture: &Fixture, enabled: bool) -> Result<Answer, VerifyError> {
    let path = ["users", &fixture.id, "enabled"];
    let body = json!({"enabled": enabled});
    cx.need("changing `enabled`", put(&path, JSON, body)).await
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

pub(super) async fn enabled_answer(cx: &TestContext, fixture: &Fixture) -> Found {
    let answer = enable(cx, fixture, true).await?;
    Ok(match answer.at("/enabled") {
        Some(Value::Bool(true)) => Finding::as_assumed("yes"),
        Some(_) => Finding::otherwise("no: `enabled` is not what was set"),
        None => Finding::otherwise(format!(
            "no: the answer ({}) has no `enabled`",
            answer.status
        )),
    })
}

pub(super) async fn disabled_status(cx: &TestContext, fixture: &Fixture) -> Found {
    enable(cx, fixture, false).await?;
    let user = cx.read(&fixture.path()).await;
    enable(cx, fixture, true).await?;
    let user = user?;
    let status = user.text("/account/status").unwrap_or_default();
    let may = user.at("/account/canAuthenticate");
    Ok(Finding::of(
        status == "OK" && may == Some(&Value::Bool(false)),
        format!(
            "`status` is {}, `canAuthenticate` is {}",
            word(status),
            may.and_then(Value::as_bool)
                .map_or("absent", |may| if may { "true" } else { "false" })
        ),
    ))
}

pub(super) async fn disabled_lock(cx: &TestContext, fixture: &Fixture) -> Found {
    enable(cx, fixture, false).await?;
    let unlocked = unlock(cx, fixture).await?;
    let locked = lock(cx, fixture, Some(cx.in_seconds(HOUR))).await?;
    enable(cx, fixture, true).await?;
    unlock(cx, fixture).await?;
    Ok(Finding::of(
        unlocked.status == 415 && locked.status == 415,
        format!(
            "unlocking answers {}, locking {}",
            status_and_codes(&unlocked),
            status_and_codes(&locked)
        ),
    ))
}

pub(super) async fn enabled_unlock(cx: &TestContext, fixture: &Fixture) -> Found {
    enable(cx, fixture, false).await?;
    enable(cx, fixture, true).await?;
    let answer = unlock(cx, fixture).await?;
    Ok(Finding::of(
        answer.is_success(),
        format!("it answers {}", status_and_codes(&answer)),
    ))
}

pub(super) async fn lock_without_end(cx: &TestContext, fixture: &Fixture) -> Found {
    unlock(cx, fixture).await?;
    let answer = lock(cx, fixture, None).await?;
    let locked = is_locked(cx, fixture).await?;
    unlock(cx, fixture).await?;
    Ok(Finding::of(
        locked,
        format!("{}: it answers {}", yes(locked), status_and_codes(&answer)),
    ))
}

pub(super) async fn lock_past_end(cx: &TestContext, fixture: &Fixture) -> Found {
    unlock(cx, fixture).await?;
    let answer = lock(cx, fixture, Some(cx.in_seconds(-HOUR))).await?;
    let locked = is_locked(cx, fixture).await?;
    unlock(cx, fixture).await?;
    Ok(past_lock(&answer, locked))
}

fn past_lock(answer: &Answer, locked: bool) -> Finding {
    let status = status_and_codes(answer);
    if !answer.is_success() {
        return Finding::otherwise(format!("no: it is refused: {status}"));
    }
    Finding::of(
        !locked,
        if locked {
            format!("no: it answers {status} and locks all the same")
        } else {
            format!("yes: it answers {status}")
        },
    )
}

pub(super) async fn unlock_media_type(cx: &TestContext, fixture: &Fixture) -> Found {
    lock(cx, fixture, Some(cx.in_seconds(HOUR))).await?;
    if !is_locked(cx, fixture).await? {
        return Ok(Finding::open("the account could not be locked before"));
    }
    let answer = unlock(cx, fixture).await?;
    let locked = is_locked(cx, fixture).await?;
    Ok(Finding::of(
        answer.is_success() && !locked,
        format!("{}: it answers {}", yes(!locked), status_and_codes(&answer)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::probe::{Verdict, tests::answer};

    #[test]
    fn a_lock_with_an_end_in_the_past_has_three_outcomes() {
        assert_eq!(
            past_lock(&answer(200, Value::Null), false).verdict,
            Verdict::AsAssumed
        );
        assert_eq!(
            past_lock(&answer(200, Value::Null), true).verdict,
            Verdict::Otherwise
        );
        let refused = past_lock(&answer(400, json!({"code": "INVALID_DATA"})), false);
        assert_eq!(refused.text, "no: it is refused: 400 INVALID_DATA");
    }
}
