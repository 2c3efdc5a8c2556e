//! Users: finding, creating, changing and paging them.

use serde_json::{Value, json};

use crate::verify::{
    error::{VerifyError, status_and_codes},
    probe::{Finding, Fixture, ProbeResult, equals, word},
    test_context::{JSON, TestContext, get, patch},
};
use pingone::probe::{Answer, Question};

const SCIM_PATCH: &str = "application/vnd.pingidentity.user.scim.patch+json";

async fn find_users(cx: &TestContext, filter: &str) -> Result<Answer, VerifyError> {
    let query = [("filter", filter)];
    cx.ask(Question {
        query: &query,
        ..get(&["users"])
    })
    .await
}

fn usernames(answer: &Answer) -> Vec<&str> {
    let users = answer.items("users").iter();
    users.filter_map(|user| user["username"].as_str()).collect()
}

pub(super) async fn filter_escaping(cx: &TestContext, _: &Fixture) -> ProbeResult {
    let suffix = r#"q"uo\te"#;
    let created = cx.try_user(suffix, Value::Null).await?;
    if !created.is_success() {
        return Ok(Finding::inconclusive(format!(
            "PingOne rejects the username with {}",
            status_and_codes(&created)
        )));
    }
    let username = format!("{}-{suffix}", cx.prefix());
    let answer = find_users(cx, &equals("username", &username)).await?;
    Ok(escaping(&answer, &username))
}

fn escaping(answer: &Answer, username: &str) -> Finding {
    if !answer.is_success() {
        return Finding::unexpected(format!(
            "the filter is rejected with {}",
            status_and_codes(answer)
        ));
    }
    match usernames(answer).as_slice() {
        [found] if *found == username => Finding::as_expected("finds exactly the right user"),
        [] => Finding::unexpected("the filter is accepted, but does not find the user"),
        found if found.contains(&username) => {
            Finding::unexpected("the filter finds other users too")
        }
        _ => Finding::unexpected("the filter finds other users only"),
    }
}

pub(super) async fn filter_widening(cx: &TestContext, _: &Fixture) -> ProbeResult {
    // If the quote ended the value, this filter would find the users of this run.
    let value = format!(
        "{prefix}-nobody\" or username sw \"{prefix}",
        prefix = cx.prefix()
    );
    let answer = find_users(cx, &equals("username", &value)).await?;
    Ok(widening(&answer))
}

fn widening(answer: &Answer) -> Finding {
    if !answer.is_success() {
        return Finding::as_expected(format!(
            "yes: the filter is rejected with {}",
            status_and_codes(answer)
        ));
    }
    Finding::expect(
        usernames(answer).is_empty(),
        if usernames(answer).is_empty() {
            "yes: the filter is accepted and finds no one"
        } else {
            "NO: the value widened the filter (but the commands check each result again)"
        },
    )
}

pub(super) async fn username_filter_case(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let answer = find_users(cx, &equals("username", &fixture.username.to_uppercase())).await?;
    if !answer.is_success() {
        return Ok(Finding::inconclusive(status_and_codes(&answer)));
    }
    let found = usernames(&answer).contains(&fixture.username.as_str());
    Ok(Finding::expect(
        found,
        if found {
            "yes: the username in upper case finds the user"
        } else {
            "no: the username in upper case finds no one"
        },
    ))
}

pub(super) async fn username_unique_case(cx: &TestContext, _: &Fixture) -> ProbeResult {
    let answer = cx.try_user("PROBE", Value::Null).await?;
    Ok(if answer.is_success() {
        Finding::as_expected("yes: a second user could be created")
    } else if answer.has_code("UNIQUENESS_VIOLATION") {
        Finding::unexpected(format!("no: {}", status_and_codes(&answer)))
    } else {
        Finding::inconclusive(status_and_codes(&answer))
    })
}

pub(super) async fn user_id_filter(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let answer = find_users(cx, &equals("id", &fixture.id)).await?;
    Ok(if !answer.is_success() {
        Finding::as_expected(format!("yes: {}", status_and_codes(&answer)))
    } else if usernames(&answer) == [fixture.username.as_str()] {
        Finding::unexpected("no: it finds the user")
    } else {
        Finding::unexpected("no: it is accepted, but does not find exactly that user")
    })
}

pub(super) async fn create_with_password(cx: &TestContext, _: &Fixture) -> ProbeResult {
    let password = json!({"password": {"value": cx.password()?}});
    let answer = cx.try_user("password", password).await?;
    if !answer.is_success() {
        return Ok(Finding::unexpected(format!(
            "no: the creation is rejected with {}",
            status_and_codes(&answer)
        )));
    }
    let id = answer.text("/id").unwrap_or_default();
    let state = cx.read(&["users", id, "password"]).await?;
    Ok(match state.text("/status") {
        Some("NO_PASSWORD") => Finding::as_expected("yes: the user has no password"),
        Some(status) => Finding::unexpected(format!(
            "no: it is accepted, and the state is {}",
            word(status)
        )),
        None => Finding::inconclusive("the password state has no status"),
    })
}

pub(super) async fn patch_merge(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let path = fixture.path();
    let whole = json!({
        "name": {"given": "Vera", "family": "Temporary"},
        "address": {"locality": "Nowhere", "region": "None"},
    });
    cx.require("setting the user's name", patch(&path, JSON, whole))
        .await?;
    let part = json!({"name": {"given": "Viola"}, "address": {"locality": "Elsewhere"}});
    cx.require("changing part of the name", patch(&path, JSON, part))
        .await?;
    let user = cx.read(&path).await?;
    if user.text("/name/given") != Some("Viola") {
        return Ok(Finding::inconclusive("the change had no effect"));
    }
    let name = user.text("/name/family") == Some("Temporary");
    let address = user.text("/address/region") == Some("None");
    Ok(Finding::expect(
        name && address,
        match (name, address) {
            (true, true) => "yes: both are merged",
            (false, false) => "no: both are replaced",
            (true, false) => "no: `name` is merged, `address` is replaced",
            (false, true) => "no: `name` is replaced, `address` is merged",
        },
    ))
}

pub(super) async fn scim_patch_path(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let path = fixture.path();
    let body =
        json!({"Operations": [{"op": "replace", "path": "name.middle", "value": "Quentin"}]});
    let answer = cx.ask(patch(&path, SCIM_PATCH, body)).await?;
    if !answer.is_success() {
        return Ok(Finding::unexpected(format!(
            "no: {}",
            status_and_codes(&answer)
        )));
    }
    let set = cx.read(&path).await?.text("/name/middle") == Some("Quentin");
    Ok(Finding::expect(
        set,
        if set {
            "yes: the middle name is set"
        } else {
            "no: it is accepted, but the middle name is not set"
        },
    ))
}

pub(super) async fn users_page(cx: &TestContext, _: &Fixture) -> ProbeResult {
    let query = [("limit", "201")];
    let question = Question {
        query: &query,
        ..get(&["users"])
    };
    Ok(page_of_users(&cx.ask(question).await?))
}

fn page_of_users(answer: &Answer) -> Finding {
    if !answer.is_success() {
        return Finding::unexpected(format!(
            "a limit of 201 is rejected with {}",
            status_and_codes(answer)
        ));
    }
    let size = answer.items("users").len();
    let more = answer.at("/_links/next").is_some();
    match size {
        201.. => Finding::unexpected("no: with a limit of 201, a page contains 201 users"),
        200 if more => Finding::as_expected(
            "yes: with a limit of 201, a page contains 200 users, with more to follow",
        ),
        _ if more => Finding::unexpected(format!(
            "with a limit of 201, a page contains {size} users, with more to follow"
        )),
        _ => Finding::inconclusive(
            "a limit of 201 is accepted, but the environment has too few users to tell",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::probe::{Verdict, tests::answer};

    fn users(names: &[&str]) -> Answer {
        let users: Vec<Value> = names.iter().map(|name| json!({"username": name})).collect();
        answer(200, json!({"_embedded": {"users": users}}))
    }

    #[test]
    fn each_result_of_an_escaped_filter_has_its_finding() {
        let refused = answer(400, json!({"code": "INVALID_REQUEST"}));
        for (given, verdict, text) in [
            (users(&["q"]), Verdict::AsExpected, "exactly"),
            (users(&[]), Verdict::Unexpected, "does not find"),
            (users(&["q", "jane"]), Verdict::Unexpected, "too"),
            (users(&["jane"]), Verdict::Unexpected, "only"),
            (refused, Verdict::Unexpected, "400 INVALID_REQUEST"),
        ] {
            let found = escaping(&given, "q");
            assert!(
                found.verdict == verdict && found.text.contains(text),
                "{found:?}"
            );
            assert!(!found.text.contains("jane"), "{found:?}");
        }
    }

    #[test]
    fn a_widened_filter_is_reported() {
        assert_eq!(widening(&users(&[])).verdict, Verdict::AsExpected);
        assert_eq!(
            widening(&answer(400, Value::Null)).verdict,
            Verdict::AsExpected
        );
        let found = widening(&users(&["jane"]));
        assert_eq!(found.verdict, Verdict::Unexpected);
        assert!(found.text.contains("widened") && !found.text.contains("jane"));
    }

    #[test]
    fn a_page_size_is_found_only_with_enough_users() {
        let page = |size: usize, more: bool| {
            let mut page = users(&vec!["x"; size]);
            if let Some(body) = page.body.as_mut().filter(|_| more) {
                body["_links"] = json!({"next": {"href": "…"}});
            }
            page_of_users(&page)
        };
        assert_eq!(page(200, true).verdict, Verdict::AsExpected);
        assert_eq!(page(201, false).verdict, Verdict::Unexpected);
        assert_eq!(page(100, true).verdict, Verdict::Unexpected);
        assert_eq!(page(200, false).verdict, Verdict::Inconclusive);
        assert_eq!(
            page_of_users(&answer(400, Value::Null)).verdict,
            Verdict::Unexpected
        );
    }
}
