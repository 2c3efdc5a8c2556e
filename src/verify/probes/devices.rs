//! The MFA bypass. Only reads: a probe never enables a bypass.

use serde_json::Value;

use crate::verify::{
    error::status_and_codes,
    probe::{Finding, Fixture, ProbeResult, word},
    test_context::{TestContext, get},
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
