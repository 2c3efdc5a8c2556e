//! Memberships in groups.

use reqwest::Method;
use serde_json::json;

use crate::verify::{
    bench::{Bench, JSON, get, post},
    probe::{Finding, Found, Specimen, equals},
    trouble::status_and_codes,
};
use pingone::probe::Question;

pub(super) async fn member_again(bench: &Bench, specimen: &Specimen) -> Found {
    let group = specimen.group()?;
    let path = ["users", &specimen.id, "memberOfGroups"];
    let add = || post(&path, JSON, json!({"id": group}));
    bench.need("adding the user to the group", add()).await?;
    let again = bench.ask(add()).await?;
    Ok(Finding::of(
        again.status == 400 && again.has_code("UNIQUENESS_VIOLATION"),
        format!("it answers {}", status_and_codes(&again)),
    ))
}

pub(super) async fn member_filter(bench: &Bench, specimen: &Specimen) -> Found {
    let group = specimen.group()?;
    let member = ["users", &specimen.id, "memberOfGroups", group];
    if !bench.ask(get(&member)).await?.is_success() {
        return Ok(Finding::open("the user is not in the group"));
    }
    let filter = equals("type", "DIRECT");
    let query = [("expand", "group"), ("filter", filter.as_str())];
    let answer = bench
        .ask(Question {
            query: &query,
            ..get(&member[..3])
        })
        .await?;
    if !answer.is_success() {
        return Ok(Finding::otherwise(format!(
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
    Ok(Finding::of(
        ours && direct && named,
        match (ours, direct, named) {
            (false, ..) => "no: it is taken, but the group is not listed",
            (_, false, _) => "no: others than DIRECT are listed too",
            (_, _, false) => "yes, but a group has no name",
            _ => "yes",
        },
    ))
}

pub(super) async fn member_not(bench: &Bench, specimen: &Specimen) -> Found {
    let path = ["users", &specimen.id, "memberOfGroups", specimen.group()?];
    let remove = || Question {
        method: Method::DELETE,
        ..get(&path)
    };
    bench.ask(remove()).await?;
    let again = bench.ask(remove()).await?;
    Ok(Finding::of(
        again.status == 404,
        format!("it answers {}", status_and_codes(&again)),
    ))
}
