//! The MFA bypass, which only the temporary user ever has, and for minutes.

use serde_json::{Value, json};

use crate::verify::{
    error::status_and_codes,
    probe::{Finding, Fixture, ProbeResult, word},
    test_context::{JSON, TestContext, get, put},
};
use pingone::probe::Answer;

pub(super) async fn bypass_name(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let path = ["users", &fixture.id, "bypassMFA"];
    let answer = cx.ask(get(&path)).await?;
    Ok(bypass(&answer))
}

fn bypass(answer: &Answer) -> Finding {
    if !answer.is_success() {
        return Finding::inconclusive(format!("it returns {}", status_and_codes(answer)));
    }
    let members = answer.body.as_ref().and_then(Value::as_object);
    let booleans: Vec<String> = members
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.is_boolean())
        .map(|(name, _)| word(name))
        .collect();
    match booleans.as_slice() {
        [] => Finding::inconclusive("without a bypass, the response has no boolean, as documented"),
        [name] if name == "bypassMFAEnabled" => Finding::as_expected("yes"),
        names => Finding::unexpected(format!("no: {}", names.join(", "))),
    }
}

pub(super) async fn bypass_end(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let path = ["users", &fixture.id, "bypassMFA"];
    let until = |seconds| {
        let end = cx.in_seconds(seconds);
        put(&path, JSON, json!({"bypassMFAEnabledUntil": end}))
    };
    cx.require("starting an MFA bypass", until(600)).await?;
    let answer = cx.ask(until(-60)).await?;
    if !answer.is_success() {
        return Ok(Finding::unexpected(format!(
            "no: it is rejected with {}",
            status_and_codes(&answer)
        )));
    }
    let bypass = cx.read(&path).await?;
    Ok(match bypass.text("/bypassMFAEnabledUntil") {
        None => Finding::as_expected("yes: PingOne shows no bypass any more"),
        // Both are written in the same form.
        Some(end) if *end < *cx.in_seconds(0) => Finding::as_expected("yes: PingOne shows the end"),
        Some(_) => Finding::unexpected("no: it is accepted, but the bypass goes on"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::verify::probe::{Verdict, tests::answer};

    #[test]
    fn the_name_of_the_bypass_is_found_only_if_there_is_a_boolean() {
        let found = |body: Value| bypass(&answer(200, body)).verdict;
        assert_eq!(found(json!({"_links": {}})), Verdict::Inconclusive);
        assert_eq!(
            found(json!({"bypassMFAEnabled": false})),
            Verdict::AsExpected
        );
        assert_eq!(found(json!({"enabled": false})), Verdict::Unexpected);
        assert_eq!(
            bypass(&answer(403, json!({"code": "ACCESS_FAILED"}))).verdict,
            Verdict::Inconclusive
        );
    }
}
