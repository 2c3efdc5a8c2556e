//! The audit trail: its page size and its delay.

use std::time::Duration;

use crate::verify::{
    error::{VerifyError, status_and_codes},
    probe::{Finding, Fixture, ProbeResult, member_paths},
    test_context::{TestContext, get},
};
use pingone::probe::{Answer, Question};

async fn activities(cx: &TestContext, filter: &str, limit: &str) -> Result<Answer, VerifyError> {
    let query = [("filter", filter), ("limit", limit)];
    cx.ask(Question {
        query: &query,
        ..get(&["activities"])
    })
    .await
}

pub(super) async fn activities_limit(cx: &TestContext, _: &Fixture) -> ProbeResult {
    let filter = format!("recordedAt gt \"{}\"", cx.in_seconds(-60));
    let within = activities(cx, &filter, "1000").await?;
    let beyond = activities(cx, &filter, "1001").await?;
    Ok(limits(&within, &beyond))
}

fn limits(within: &Answer, beyond: &Answer) -> Finding {
    let text = format!(
        "1000 returns {}, 1001 returns {}",
        status_and_codes(within),
        status_and_codes(beyond)
    );
    if within.status == 403 {
        return Finding::inconclusive(text);
    }
    Finding::expect(within.is_success() && beyond.status == 400, text)
}

pub(super) async fn activities_delay(cx: &TestContext, _: &Fixture) -> ProbeResult {
    const FIRST_PAUSE: Duration = Duration::from_millis(500);
    const MAX_PAUSE: Duration = Duration::from_secs(5);
    // Allows for clocks that differ.
    let since = cx.in_seconds(-600);
    let id = cx.user("audit").await?;
    let filter = format!("recordedAt gt \"{since}\" and resources.id eq \"{id}\"");
    let began = cx.now();
    let mut pause = FIRST_PAUSE;
    loop {
        let answer = activities(cx, &filter, "10").await?;
        if !answer.is_success() {
            return Ok(Finding::inconclusive(format!(
                "the search is rejected with {}",
                status_and_codes(&answer)
            )));
        }
        let waited = Duration::try_from(cx.now().duration_since(began)).unwrap_or_default();
        if let Some(activity) = answer.items("activities").first() {
            return Ok(Finding::as_expected(format!(
                "{:.0} s; members: {}",
                waited.as_secs_f64(),
                member_paths(activity)
            )));
        }
        let left = cx.audit_wait().saturating_sub(waited);
        if left.is_zero() {
            return Ok(Finding::unexpected(format!(
                "more than {} s; increase --wait to wait longer",
                cx.audit_wait().as_secs()
            )));
        }
        cx.pause(pause.min(left)).await?;
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::verify::probe::{Verdict, tests::answer};

    #[test]
    fn each_response_to_a_limit_has_its_finding() {
        let ok = answer(200, json!({}));
        let refused = answer(400, json!({"code": "INVALID_REQUEST"}));
        let forbidden = answer(403, json!({"code": "ACCESS_FAILED"}));
        assert_eq!(limits(&ok, &refused).verdict, Verdict::AsExpected);
        assert_eq!(limits(&ok, &ok).verdict, Verdict::Unexpected);
        assert_eq!(limits(&refused, &refused).verdict, Verdict::Unexpected);
        assert_eq!(
            limits(&forbidden, &forbidden).verdict,
            Verdict::Inconclusive
        );
    }
}
