//! The audit trail: how much it gives at once, and how late.

use std::time::Duration;

use crate::verify::{
    error::{VerifyError, status_and_codes},
    probe::{Finding, Fixture, Found, member_names},
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

pub(super) async fn activities_limit(cx: &TestContext, _: &Fixture) -> Found {
    let filter = format!("recordedAt gt \"{}\"", cx.in_seconds(-60));
    let within = activities(cx, &filter, "1000").await?;
    let beyond = activities(cx, &filter, "1001").await?;
    Ok(limits(&within, &beyond))
}

fn limits(within: &Answer, beyond: &Answer) -> Finding {
    let text = format!(
        "1000 answers {}, 1001 answers {}",
        status_and_codes(within),
        status_and_codes(beyond)
    );
    if within.status == 403 {
        return Finding::open(text);
    }
    Finding::of(within.is_success() && beyond.status == 400, text)
}

pub(super) async fn activities_delay(cx: &TestContext, _: &Fixture) -> Found {
    const FIRST_PAUSE: Duration = Duration::from_millis(500);
    const MAX_PAUSE: Duration = Duration::from_secs(5);
    // The clocks here and there may differ.
    let since = cx.in_seconds(-600);
    let id = cx.user("audit").await?;
    let filter = format!("recordedAt gt \"{since}\" and resources.id eq \"{id}\"");
    let began = cx.now();
    let mut pause = FIRST_PAUSE;
    loop {
        let answer = activities(cx, &filter, "10").await?;
        if !answer.is_success() {
            return Ok(Finding::open(format!(
                "the search is refused: {}",
                status_and_codes(&answer)
            )));
        }
        let waited = Duration::try_from(cx.now().duration_since(began)).unwrap_or_default();
        if let Some(activity) = answer.items("activities").first() {
            return Ok(Finding::as_assumed(format!(
                "{:.0} s; members: {}",
                waited.as_secs_f64(),
                member_names(activity)
            )));
        }
        let left = cx.patience().saturating_sub(waited);
        if left.is_zero() {
            return Ok(Finding::otherwise(format!(
                "more than {} s: it was not waited longer (--wait)",
                cx.patience().as_secs()
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
    fn limits_of_the_audit_trail() {
        let ok = answer(200, json!({}));
        let refused = answer(400, json!({"code": "INVALID_REQUEST"}));
        let forbidden = answer(403, json!({"code": "ACCESS_FAILED"}));
        assert_eq!(limits(&ok, &refused).verdict, Verdict::AsAssumed);
        assert_eq!(limits(&ok, &ok).verdict, Verdict::Otherwise);
        assert_eq!(limits(&refused, &refused).verdict, Verdict::Otherwise);
        assert_eq!(limits(&forbidden, &forbidden).verdict, Verdict::Open);
    }
}
