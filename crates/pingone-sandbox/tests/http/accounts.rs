//! Accounts: enable, lock, move.

use std::time::Duration;

use crate::client::{Client, EMMA, JSON, vendor};

const CARL: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4010";
const DANA: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4004";
const LEO: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4005";

#[tokio::test]
async fn enabling_is_idempotent() {
    let client = Client::new().await;
    let path = format!("users/{EMMA}/enabled");
    for _ in 0..2 {
        let response = client.put(&path, JSON, r#"{"enabled": false}"#).await;
        assert_eq!(
            (response.status, &response.body["enabled"]),
            (200, &false.into())
        );
    }
    let emma = client.get(&format!("users/{EMMA}")).await;
    assert_eq!(emma.body["account"]["canAuthenticate"], false);
    assert_eq!(emma.body["account"]["status"], "OK");
    assert_ne!(emma.body["updatedAt"], "2021-09-23T17:18:11.747Z");
    assert_eq!(
        client
            .put(&path, JSON, r#"{"enabled": "no"}"#)
            .await
            .details(),
        ["INVALID_VALUE"]
    );
    assert_eq!(
        client.put(&path, JSON, "{}").await.details(),
        ["REQUIRED_VALUE"]
    );
    assert_eq!(
        client
            .put(&path, "text/plain", r#"{"enabled": true}"#)
            .await
            .status,
        415
    );
    assert_eq!(client.put(&path, JSON, "enabled").await.status, 400);
    assert_eq!(
        client
            .put("users/None/enabled", JSON, r#"{"enabled": true}"#)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_lock_holds_until_lifted_or_expired() {
    let mut client = Client::with(|seed| {
        let clock = pingone_sandbox::seed::TimeSpec::parse("2026-03-04T10:00:00Z");
        seed.clock = Some(clock.expect("valid"));
    })
    .await;
    let path = format!("users/{EMMA}");
    let (lock, unlock) = (vendor("account.lock+json"), vendor("account.unlock+json"));

    let locked = client.post(&path, &lock, "").await;
    assert_eq!(
        (locked.status, &locked.body["account"]["status"]),
        (200, &"LOCKED".into())
    );
    assert_eq!(
        locked.body["account"]["lockedAt"],
        "2026-03-04T10:00:00.000Z"
    );
    assert!(locked.body["account"].get("unlockAt").is_none());
    for _ in 0..2 {
        let unlocked = client.post(&path, &unlock, "").await;
        assert_eq!(
            (unlocked.status, &unlocked.body["account"]["status"]),
            (200, &"OK".into())
        );
    }

    let locked = client
        .post(&path, &lock, r#"{"unlockAt": "2026-03-04T14:00:00Z"}"#)
        .await;
    assert_eq!(
        locked.body["account"]["unlockAt"],
        "2026-03-04T14:00:00.000Z"
    );
    assert_eq!(locked.body["account"]["secondsUntilUnlock"], 4 * 3600);
    client.sandbox.advance(Duration::from_hours(4));
    client.sign_in(0).await;
    assert_eq!(client.get(&path).await.body["account"]["status"], "OK");

    let past = client
        .post(&path, &lock, r#"{"unlockAt": "2020-01-01T00:00:00Z"}"#)
        .await;
    assert_eq!(
        (past.status, &past.body["account"]["status"]),
        (200, &"OK".into())
    );
    let wrong = client
        .post(&path, &lock, r#"{"unlockAt": "tomorrow"}"#)
        .await;
    assert_eq!(wrong.body["details"][0]["target"], "unlockAt");
}

#[tokio::test]
async fn the_media_type_alone_selects_the_operation() {
    let client = Client::new().await;
    let path = format!("users/{LEO}");
    for media_type in [JSON, "", "application/vnd.pingidentity.account.unlock"] {
        let response = client.post(&path, media_type, "").await;
        assert_eq!(
            (response.status, &response.body["code"]),
            (415, &"INVALID_REQUEST".into())
        );
    }
    assert_eq!(client.get(&path).await.body["account"]["status"], "LOCKED");
}

#[tokio::test]
async fn disabled_users_cannot_be_locked_or_unlocked() {
    let client = Client::new().await;
    for operation in ["account.lock+json", "account.unlock+json"] {
        let response = client
            .post(&format!("users/{DANA}"), &vendor(operation), "")
            .await;
        assert_eq!(response.status, 415);
    }
}

#[tokio::test]
async fn moving_ends_memberships_in_the_old_population() {
    let client = Client::new().await;
    let employees = "4cd45bdb-0eb2-42fe-8475-4bcd908269f1";
    let path = format!("users/{CARL}/population");
    let response = client
        .put(&path, JSON, &format!(r#"{{"id": "{employees}"}}"#))
        .await;
    assert_eq!(
        (response.status, &response.body["id"]),
        (200, &employees.into())
    );
    let carl = client.sandbox.user(CARL).expect("found");
    assert_eq!(carl["sandbox"]["memberships"], serde_json::json!([]));
    assert_eq!(client.put(&path, JSON, r#"{"id": "x"}"#).await.status, 400);
    let populations = client.get("populations").await;
    assert_eq!(
        populations.body["_embedded"]["populations"][0]["userCount"],
        16
    );
    assert_eq!(
        client.get(&format!("populations/{employees}")).await.body["default"],
        true
    );
}
