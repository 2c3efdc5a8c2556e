//! Group memberships.

use reqwest::Method;
use serde_json::json;

use crate::verify::{
    error::status_and_codes,
    probe::{Finding, Fixture, ProbeResult, equals},
    test_context::{JSON, TestContext, get, post},
};
use pingone::probe::Question;

pub(super) async fn member_again(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let group = fixture.group()?;
    let path = ["users", &fixture.id, "memberOfGroups"];
    let add = || post(&path, JSON, json!({"id": group}));
    cx.require("adding the user to the group", add()).await?;
    let again = cx.ask(add()).await?;
    Ok(Finding::expect(
        again.status == 400 && again.has_code("UNIQUENESS_VIOLATION"),
        format!("it returns {}", status_and_codes(&again)),
    ))
}

pub(super) async fn member_filter(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let group = fixture.group()?;
    let member = ["users", &fixture.id, "memberOfGroups", group];
    if !cx.ask(get(&member)).await?.is_success() {
        return Ok(Finding::inconclusive(
            "the user is not a member of the group",
        ));
    }
    let filter = equals("type", "DIRECT");
    let query = [("expand", "group"), ("filter", filter.as_str())];
    let answer = cx
        .ask(Question {
            query: &query,
            ..get(&member[..3])
        })
        .await?;
    if !answer.is_success() {
        return Ok(Finding::unexpected(format!(
            "no: {}",
            status_and_codes(&answer)
        )));
    }
    let listed = answer.items("groupMemberships").iter();
    let ours = listed.clone().any(|one| one["id"] == group);
    let direct = listed.clone().all(|one| one["type"] == "DIRECT");
    let named = listed
        .clone()
        .all(|one| one["name"].is_string() || one["_embedded"]["group"]["name"].is_string());
    Ok(Finding::expect(
        ours && direct && named,
        match (ours, direct, named) {
            (false, ..) => "no: it is accepted, but the group is not listed",
            (_, false, _) => "no: other types are listed too",
            (_, _, false) => "yes, but a group has no name",
            _ => "yes",
        },
    ))
}

pub(super) async fn member_not(cx: &TestContext, fixture: &Fixture) -> ProbeResult {
    let path = ["users", &fixture.id, "memberOfGroups", fixture.group()?];
    let remove = || Question {
        method: Method::DELETE,
        ..get(&path)
    };
    cx.ask(remove()).await?;
    let again = cx.ask(remove()).await?;
    Ok(Finding::expect(
        again.status == 404,
        format!("it returns {}", status_and_codes(&again)),
    ))
}
