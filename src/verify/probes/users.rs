//! Users: how they are found, made, changed and paged.

use serde_json::{Value, json};

use crate::verify::{
    error::{VerifyError, status_and_codes},
    probe::{Finding, Fixture, Found, equals, word},
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

pub(super) async fn filter_escaping(cx: &TestContext, _: &Fixture) -> Found {
    let suffix = r#"q"uo\te"#;
    let created = cx.try_user(suffix, Value::Null).await?;
    if !created.is_success() {
        return Ok(Finding::open(format!(
            "PingOne takes no such username: {}",
            status_and_codes(&created)
        )));
    }
    let username = format!("{}-{suffix}", cx.prefix());
    let answer = find_users(cx, &equals("username", &username)).await?;
    Ok(escaping(&answer, &username))
}

fn escaping(answer: &Answer, username: &str) -> Finding {
    if !answer.is_success() {
        return Finding::otherwise(format!(
            "the filter is refused: {}",
            status_and_codes(answer)
        ));
    }
    match usernames(answer).as_slice() {
        [found] if *found == username => Finding::as_assumed("exactly the user meant is found"),
        [] => Finding::otherwise("the filter is taken, but the user is not found"),
        found if found.contains(&username) => {
            Finding::otherwise("the filter finds other users too")
        }
        _ => Finding::otherwise("the filter finds other users only"),
    }
}

pub(super) async fn filter_widening(cx: &TestContext, _: &Fixture) -> Found {
    // If the quote ended the value, this would find the users of this run.
    let value = format!(
        "{prefix}-nobody\" or username sw \"{prefix}",
        prefix = cx.prefix()
    );
    let answer = find_users(cx, &equals("username", &value)).await?;
    Ok(widening(&answer))
}

fn widening(answer: &Answer) -> Finding {
    if !answer.is_success() {
        return Finding::as_assumed(format!(
            "yes: the filter is refused: {}",
            status_and_codes(answer)
        ));
    }
    Finding::of(
        usernames(answer).is_empty(),
        if usernames(answer).is_empty() {
            "yes: the filter is taken and finds nobody"
        } else {
            "NO: the filter was widened (the commands compare again what it finds)"
        },
    )
}

pub(super) async fn username_filter_case(cx: &TestContext, fixture: &Fixture) -> Found {
    let answer = find_users(cx, &equals("username", &fixture.username.to_uppercase())).await?;
    if !answer.is_success() {
        return Ok(Finding::open(status_and_codes(&answer)));
    }
    let found = usernames(&answer).contains(&fixture.username.as_str());
    Ok(Finding::of(
        found,
        if found {
            "yes: the name in capitals finds the user"
        } else {
            "no: the name in capitals finds nobody"
        },
    ))
}

pub(super) async fn username_unique_case(cx: &TestContext, _: &Fixture) -> Found {
    let answer = cx.try_user("PROBE", Value::Null).await?;
    Ok(if answer.is_success() {
        Finding::as_assumed("yes: a second user could be created")
    } else if answer.has_code("UNIQUENESS_VIOLATION") {
        Finding::otherwise(format!("no: {}", status_and_codes(&answer)))
    } else {
        Finding::open(status_and_codes(&answer))
    })
}

pub(super) async fn user_id_filter(cx: &TestContext, fixture: &Fixture) -> Found {
    let answer = find_users(cx, &equals("id", &fixture.id)).await?;
    Ok(if !answer.is_success() {
        Finding::as_assumed(format!("yes: {}", status_and_codes(&answer)))
    } else if usernames(&answer) == [fixture.username.as_str()] {
        Finding::otherwise("no: it finds the user")
    } else {
        Finding::otherwise("no: it is taken, but does not find exactly the user")
    })
}

pub(super) async fn create_with_password(cx: &TestContext, _: &Fixture) -> Found {
    let password = json!({"password": {"value": cx.password()?}});
    let answer = cx.try_user("password", password).await?;
    if !answer.is_success() {
        return Ok(Finding::otherwise(format!(
            "no: the creation is refused: {}",
            status_and_codes(&answer)
        )));
    }
    let id = answer.text("/id").unwrap_or_default();
    let state = cx.read(&["users", id, "password"]).await?;
    Ok(match state.text("/status") {
        Some("NO_PASSWORD") => Finding::as_assumed("yes: the user has no password"),
        Some(status) => {
            Finding::otherwise(format!("no: it is taken; the state is {}", word(status)))
        }
        None => Finding::open("the password's state has no status"),
    })
}

pub(super) async fn patch_merge(cx: &TestContext, fixture: &Fixture) -> Found {
    let path = fixture.path();
    let whole = json!({
        "name": {"given": "Vera", "family": "Throwaway"},
        "address": {"locality": "Nowhere", "region": "None"},
    });
    cx.need("giving the user a name", patch(&path, JSON, whole))
        .await?;
    let part = json!({"name": {"given": "Viola"}, "address": {"locality": "Elsewhere"}});
    cx.need("changing a part of the name", patch(&path, JSON, part))
        .await?;
    let user = cx.read(&path).await?;
    if user.text("/name/given") != Some("Viola") {
        return Ok(Finding::open("the change did not show"));
    }
    let name = user.text("/name/family") == Some("Throwaway");
    let address = user.text("/address/region") == Some("None");
    Ok(Finding::of(
        name && address,
        match (name, address) {
            (true, true) => "yes: both are merged",
            (false, false) => "no: both are replaced",
            (true, false) => "no: `name` is merged, `address` is replaced",
            (false, true) => "no: `name` is replaced, `address` is merged",
        },
    ))
}

pub(super) async fn scim_patch_path(cx: &TestContext, fixture: &Fixture) -> Found {
    let path = fixture.path();
    let body =
        json!({"Operations": [{"op": "replace", "path": "name.middle", "value": "Quentin"}]});
    let answer = cx.ask(patch(&path, SCIM_PATCH, body)).await?;
    if !answer.is_success() {
        return Ok(Finding::otherwise(format!(
            "no: {}",
            status_and_codes(&answer)
        )));
    }
    let set = cx.read(&path).await?.text("/name/middle") == Some("Quentin");
    Ok(Finding::of(
        set,
        if set {
            "yes: the middle name is set"
        } else {
            "no: it is taken, but the middle name is not set"
        },
    ))
}

pub(super) async fn users_page(cx: &TestContext, _: &Fixture) -> Found {
    let query = [("limit", "201")];
    let question = Question {
        query: &query,
        ..get(&["users"])
    };
    Ok(page_of_users(&cx.ask(question).await?))
}

fn page_of_users(answer: &Answer) -> Finding {
    if !answer.is_success() {
        return Finding::otherwise(format!(
            "a limit of 201 is refused: {}",
            status_and_codes(answer)
        ));
    }
    let size = answer.items("users").len();
    let more = answer.at("/_links/next").is_some();
    match size {
        201.. => Finding::otherwise("no: a page with a limit of 201 holds 201 users"),
        200 if more => {
            Finding::as_assumed("yes: with a limit of 201, a page holds 200 and more follow")
        }
        _ if more => Finding::otherwise(format!(
            "with a limit of 201, a page holds {size} and more follow"
        )),
        _ => {
            Finding::open("a limit of 201 is taken; the environment has too few users to show more")
        }
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
    fn every_outcome_of_an_escaped_filter_has_its_finding() {
        let refused = answer(400, json!({"code": "INVALID_REQUEST"}));
        for (given, verdict, text) in [
            (users(&["q"]), Verdict::AsAssumed, "exactly"),
            (users(&[]), Verdict::Otherwise, "not found"),
            (users(&["q", "jane"]), Verdict::Otherwise, "too"),
            (users(&["jane"]), Verdict::Otherwise, "only"),
            (refused, Verdict::Otherwise, "400 INVALID_REQUEST"),
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
    fn a_widened_filter_is_told() {
        assert_eq!(widening(&users(&[])).verdict, Verdict::AsAssumed);
        assert_eq!(
            widening(&answer(400, Value::Null)).verdict,
            Verdict::AsAssumed
        );
        let found = widening(&users(&["jane"]));
        assert_eq!(found.verdict, Verdict::Otherwise);
        assert!(found.text.contains("widened") && !found.text.contains("jane"));
    }

    #[test]
    fn a_page_of_users_tells_its_size_only_if_there_are_enough() {
        let page = |size: usize, more: bool| {
            let mut page = users(&vec!["x"; size]);
            if let Some(body) = page.body.as_mut().filter(|_| more) {
                body["_links"] = json!({"next": {"href": "…"}});
            }
            page_of_users(&page)
        };
        assert_eq!(page(200, true).verdict, Verdict::AsAssumed);
        assert_eq!(page(201, false).verdict, Verdict::Otherwise);
        assert_eq!(page(100, true).verdict, Verdict::Otherwise);
        assert_eq!(page(200, false).verdict, Verdict::Open);
        assert_eq!(
            page_of_users(&answer(400, Value::Null)).verdict,
            Verdict::Otherwise
        );
    }
}
