//! The bypass of MFA. Read only: a bypass is never allowed here.

use serde_json::Value;

use crate::verify::{
    error::status_and_codes,
    probe::{Finding, Fixture, Found, word},
    test_context::{TestContext, get},
};
use pingone::probe::Answer;

pub(super) async fn bypass_name(cx: &TestContext, fixture: &Fixture) -> Found {
    let path = ["users", &fixture.id, "bypassMFA"];
    let answer = cx.ask(get(&path)).await?;
    Ok(bypass(&answer))
}

fn bypass(answer: &Answer) -> Finding {
    if !answer.is_success() {
        return Finding::open(format!("it answers {}", status_and_codes(answer)));
    }
    let members = answer.body.as_ref().and_then(Value::as_object);
    let booleans: Vec<String> = members
        .into_iter()
        .flatten()
        .filter(|(_, value)| value.is_boolean())
        .map(|(name, _)| word(name))
        .collect();
    match booleans.as_slice() {
        [] => Finding::open("without a bypass the answer has no truth value, as documented"),
        [name] if name == "bypassMFAEnabled" => Finding::as_assumed("yes"),
        names => Finding::otherwise(format!("no: {}", names.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::verify::probe::{Verdict, tests::answer};

    #[test]
    fn the_name_of_the_bypass_needs_a_truth_value() {
        let found = |body: Value| bypass(&answer(200, body)).verdict;
        assert_eq!(found(json!({"_links": {}})), Verdict::Open);
        assert_eq!(
            found(json!({"bypassMFAEnabled": false})),
            Verdict::AsAssumed
        );
        assert_eq!(found(json!({"enabled": false})), Verdict::Otherwise);
        assert_eq!(
            bypass(&answer(403, json!({"code": "ACCESS_FAILED"}))).verdict,
            Verdict::Open
        );
    }
}
