//! Accounts: enabled or not, locked or not, and what the one has to do with the other.

use serde_json::{Value, json};

use crate::verify::{
    bench::{Bench, JSON, operation, post, put},
    probe::{Finding, Found, Specimen, word, yes},
    trouble::{Trouble, status_and_codes},
};
use pingone::probe::Answer;

/// In seconds: ahead, or past, on any clock.
const HOUR: i64 = 3600;

const LOCK: &str = "application/vnd.pingidentity.account.lock+json";
const UNLOCK: &str = "application/vnd.pingidentity.account.unlock+json";

async fn enable(bench: &Bench, specimen: &Specimen, enabled: bool) -> Result<Answer, Trouble> {
    let path = ["users", &specimen.id, "enabled"];
    let body = json!({"enabled": enabled});
    bench
        .need("changing `enabled`", put(&path, JSON, body))
        .await
}

pub(super) async fn unlock(bench: &Bench, specimen: &Specimen) -> Result<Answer, Trouble> {
    bench.ask(operation(&specimen.path(), UNLOCK)).await
}

async fn lock(
    bench: &Bench,
    specimen: &Specimen,
    until: Option<String>,
) -> Result<Answer, Trouble> {
    let path = specimen.path();
    bench
        .ask(match until {
            Some(until) => post(&path, LOCK, json!({"unlockAt": until})),
            None => operation(&path, LOCK),
        })
        .await
}

pub(super) async fn is_locked(bench: &Bench, specimen: &Specimen) -> Result<bool, Trouble> {
    let user = bench.read(&specimen.path()).await?;
    Ok(user.text("/account/status") == Some("LOCKED"))
}

pub(super) async fn enabled_answer(bench: &Bench, specimen: &Specimen) -> Found {
    let answer = enable(bench, specimen, true).await?;
    Ok(match answer.at("/enabled") {
        Some(Value::Bool(true)) => Finding::as_assumed("yes"),
        Some(_) => Finding::otherwise("no: `enabled` is not what was set"),
        None => Finding::otherwise(format!(
            "no: the answer ({}) has no `enabled`",
            answer.status
        )),
    })
}

pub(super) async fn disabled_status(bench: &Bench, specimen: &Specimen) -> Found {
    enable(bench, specimen, false).await?;
    let user = bench.read(&specimen.path()).await;
    enable(bench, specimen, true).await?;
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

pub(super) async fn disabled_lock(bench: &Bench, specimen: &Specimen) -> Found {
    enable(bench, specimen, false).await?;
    let unlocked = unlock(bench, specimen).await?;
    let locked = lock(bench, specimen, Some(bench.in_seconds(HOUR))).await?;
    enable(bench, specimen, true).await?;
    unlock(bench, specimen).await?;
    Ok(Finding::of(
        unlocked.status == 415 && locked.status == 415,
        format!(
            "unlocking answers {}, locking {}",
            status_and_codes(&unlocked),
            status_and_codes(&locked)
        ),
    ))
}

pub(super) async fn enabled_unlock(bench: &Bench, specimen: &Specimen) -> Found {
    enable(bench, specimen, false).await?;
    enable(bench, specimen, true).await?;
    let answer = unlock(bench, specimen).await?;
    Ok(Finding::of(
        answer.is_success(),
        format!("it answers {}", status_and_codes(&answer)),
    ))
}

pub(super) async fn lock_without_end(bench: &Bench, specimen: &Specimen) -> Found {
    unlock(bench, specimen).await?;
    let answer = lock(bench, specimen, None).await?;
    let locked = is_locked(bench, specimen).await?;
    unlock(bench, specimen).await?;
    Ok(Finding::of(
        locked,
        format!("{}: it answers {}", yes(locked), status_and_codes(&answer)),
    ))
}

pub(super) async fn lock_past_end(bench: &Bench, specimen: &Specimen) -> Found {
    unlock(bench, specimen).await?;
    let answer = lock(bench, specimen, Some(bench.in_seconds(-HOUR))).await?;
    let locked = is_locked(bench, specimen).await?;
    unlock(bench, specimen).await?;
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

pub(super) async fn unlock_media_type(bench: &Bench, specimen: &Specimen) -> Found {
    lock(bench, specimen, Some(bench.in_seconds(HOUR))).await?;
    if !is_locked(bench, specimen).await? {
        return Ok(Finding::open("the account could not be locked before"));
    }
    let answer = unlock(bench, specimen).await?;
    let locked = is_locked(bench, specimen).await?;
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
