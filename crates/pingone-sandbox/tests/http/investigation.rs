//! What an analyst looks at: sessions and the audit trail.

use std::time::Duration;

use pingone_sandbox::Alternative;
use pingone_sandbox::seed::TimeSpec;
use serde_json::json;

use crate::client::{Client, EMMA, JSON, Response, encode, field_of_each};

#[tokio::test]
async fn sessions_are_listed_newest_first_and_can_be_ended() {
    let client = Client::new().await;
    let path = format!("users/{EMMA}/sessions");
    let response = client.get(&path).await;
    let ids = field_of_each(&response, "sessions", "id");
    assert_eq!(ids.len(), 2);
    let newest = &response.body["_embedded"]["sessions"][0];
    assert_eq!(newest["lastSignOn"]["remoteIp"], "198.51.100.77");
    assert_eq!(newest["locations"][0]["city"], "Reykjavik");
    assert_eq!(newest["browser"]["name"], "Chrome");
    for id in &ids {
        assert_eq!(client.get(&format!("{path}/{id}")).await.status, 200);
        assert_eq!(client.delete(&format!("{path}/{id}")).await.status, 204);
        assert_eq!(client.delete(&format!("{path}/{id}")).await.status, 404);
    }
    assert_eq!(
        client.get(&path).await.body["_embedded"]["sessions"],
        json!([])
    );
}

#[tokio::test]
async fn expired_sessions_can_be_listed_read_and_ended() {
    for stays in [false, true] {
        let client = Client::with(|seed| {
            let past = TimeSpec::parse("-1h").expect("valid");
            seed.users[0].sessions[1].expires_at = Some(past);
            if stays {
                seed.alternatives.push(Alternative::EndedSessionsStayListed);
            }
        })
        .await;
        let path = format!("users/{EMMA}/sessions");
        let ids = field_of_each(&client.get(&path).await, "sessions", "id");
        assert_eq!(ids.len(), 2);
        for id in &ids {
            assert_eq!(client.get(&format!("{path}/{id}")).await.status, 200);
            assert_eq!(client.delete(&format!("{path}/{id}")).await.status, 204);
        }
        let left = client.get(&path).await;
        assert_eq!(
            field_of_each(&left, "sessions", "id").len(),
            if stays { 2 } else { 0 }
        );
    }
}

#[tokio::test]
async fn at_most_ten_sessions_are_listed() {
    let client = Client::with(|seed| {
        let one = seed.users[0].sessions[0].clone();
        for _ in 0..12 {
            let mut session = one.clone();
            session.id = None;
            seed.users[0].sessions.push(session);
        }
    })
    .await;
    let path = format!("users/{EMMA}/sessions");
    let mut ended = 0;
    loop {
        let ids = field_of_each(&client.get(&path).await, "sessions", "id");
        assert!(ids.len() <= 10);
        if ids.is_empty() {
            break;
        }
        for id in ids {
            client.delete(&format!("{path}/{id}")).await;
            ended += 1;
        }
    }
    assert_eq!(ended, 14);
}

#[tokio::test]
async fn the_date_header_follows_the_sandbox_clock() {
    let mut client = Client::with(|seed| {
        seed.clock = Some(TimeSpec::parse("2026-03-04T10:00:00.900Z").expect("valid"));
    })
    .await;
    let date = |response: &Response| response.header("date").to_owned();
    let path = format!("users/{EMMA}");
    assert_eq!(
        date(&client.get(&path).await),
        "Wed, 04 Mar 2026 10:00:00 GMT"
    );
    client.sandbox.advance(Duration::from_hours(24));
    client.sign_in(0).await;
    assert_eq!(
        date(&client.get(&path).await),
        "Thu, 05 Mar 2026 10:00:00 GMT"
    );
}

#[tokio::test]
async fn the_audit_trail_records_changes() {
    let client = Client::new().await;
    client
        .put(
            &format!("users/{EMMA}/enabled"),
            JSON,
            r#"{"enabled": false}"#,
        )
        .await;
    let since = client.sandbox.state()["now"].as_str().expect("a time")[..10].to_owned();
    let find = async |filter: &str| {
        client
            .get(&format!("activities?filter={}", encode(filter)))
            .await
    };

    let updated = find(&format!(
        r#"recordedAt gt "{since}T00:00:00Z" and resources.id eq "{EMMA}""#
    ))
    .await;
    let types = updated.body["_embedded"]["activities"]
        .as_array()
        .expect("a list");
    let last = types.first().expect("an activity");
    assert_eq!(last["action"]["type"], "USER.UPDATED");
    assert_eq!(last["actors"]["client"]["name"], "XSOAR worker");
    assert_eq!(last["result"]["status"], "SUCCESS");
    let id = last["id"].as_str().expect("an id");
    assert_eq!(client.get(&format!("activities/{id}")).await.body["id"], id);

    let dateless = find(r#"action.type eq "USER.UPDATED""#).await;
    assert_eq!(
        (dateless.status, dateless.details()),
        (400, vec!["INVALID_FILTER"])
    );
    let long = find(r#"recordedAt gt "2020-01-01T00:00:00Z""#).await;
    assert_eq!(long.status, 400);

    let body = |offset: usize| {
        let filter = format!(r#"recordedAt gt "{since}T00:00:00Z" and actors.client.id eq "x""#);
        json!({ "filter": filter.replace("\"x\"", "\"7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1a01\""), "limit": 1, "offset": offset }).to_string()
    };
    let first = client.post("activities", JSON, &body(0)).await;
    assert_eq!((first.status, &first.body["size"]), (200, &1.into()));
    let beyond = client.post("activities", JSON, &body(1000)).await;
    assert_eq!(beyond.body["size"], 0);
}
