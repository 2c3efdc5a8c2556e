//! MFA devices, the MFA switch and the MFA bypass.

use std::time::Duration;

use pingone_sandbox::Alternative;
use pingone_sandbox::seed::TimeSpec;
use serde_json::json;

use crate::client::{Client, EMMA, JSON, field_of_each, vendor};

const NORA: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4003";
const NORAS_EMAIL: &str = "66c529e8-1cb3-4ef8-80cd-199f895b7003";

/// A client whose sandbox starts at a fixed time.
async fn at_ten() -> Client {
    Client::with(|seed| {
        seed.clock = Some(TimeSpec::parse("2026-03-04T10:00:00Z").expect("valid"));
    })
    .await
}

#[tokio::test]
async fn devices_can_be_blocked_and_unblocked() {
    let client = at_ten().await;
    let path = format!("users/{EMMA}/devices");
    let devices = client.get(&path).await;
    assert_eq!(field_of_each(&devices, "devices", "type"), ["SMS", "TOTP"]);
    let sms = &field_of_each(&devices, "devices", "id")[0];
    let path = format!("{path}/{sms}");
    for _ in 0..2 {
        let blocked = client.post(&path, &vendor("device.block+json"), "").await;
        assert_eq!(
            blocked.body["block"],
            json!({ "status": "BLOCKED", "blockedAt": "2026-03-04T10:00:00.000Z" })
        );
        assert_eq!(blocked.body["status"], "ACTIVE");
    }
    assert_eq!(
        client.get(&path).await.body["block"]["status"],
        "BLOCKED",
        "reading it back"
    );
    let unblocked = client.post(&path, &vendor("device.unblock+json"), "").await;
    assert_eq!(unblocked.body["block"], json!({ "status": "UNBLOCKED" }));
    assert_eq!(client.post(&path, JSON, "").await.status, 415);
}

#[tokio::test]
async fn a_device_lock_can_be_lifted_or_expires() {
    let client = Client::with(|seed| {
        seed.clock = Some(TimeSpec::parse("2026-03-04T10:00:00Z").expect("valid"));
        seed.users[0].devices[0].locked_until = Some(TimeSpec::parse("+30m").expect("valid"));
    })
    .await;
    let path = format!("users/{NORA}/devices/{NORAS_EMAIL}");
    assert_eq!(
        client.get(&path).await.body["lock"],
        json!({ "status": "LOCKED" })
    );
    let unlocked = client.post(&path, &vendor("device.unlock+json"), "").await;
    assert_eq!(unlocked.body["lock"], json!({ "status": "UNLOCKED" }));

    let path = format!("users/{EMMA}/devices/66c529e8-1cb3-4ef8-80cd-199f895b7001");
    assert_eq!(
        client.get(&path).await.body["lock"],
        json!({ "status": "LOCKED", "expiresAt": "2026-03-04T10:30:00.000Z" })
    );
    client.sandbox.advance(Duration::from_mins(30));
    assert_eq!(
        client.get(&path).await.body["lock"],
        json!({ "status": "UNLOCKED" })
    );
}

#[tokio::test]
async fn devices_can_be_created_and_deleted() {
    let client = Client::new().await;
    let path = format!("users/{EMMA}/devices");
    let email = r#"{"type": "EMAIL", "email": "e@example.com"}"#;
    let created = client.post(&path, JSON, email).await;
    assert_eq!(
        (created.status, &created.body["status"]),
        (201, &"ACTIVE".into()),
        "a worker's device needs no activation"
    );
    let email = r#"{"type": "EMAIL", "email": "e@example.com", "status": "ACTIVATION_REQUIRED"}"#;
    let created = client.post(&path, JSON, email).await;
    assert_eq!(created.body["status"], "ACTIVATION_REQUIRED");
    let mobile = client.post(&path, JSON, r#"{"type": "MOBILE"}"#).await;
    assert_eq!(mobile.details(), ["INVALID_VALUE"]);
    let id = created.body["id"].as_str().expect("an id");
    let path = format!("{path}/{id}");
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.status, 404);
}

#[tokio::test]
async fn devices_can_be_put_in_order() {
    let client = Client::new().await;
    let path = format!("users/{EMMA}/devices");
    let ids = field_of_each(&client.get(&path).await, "devices", "id");
    let order = json!({ "order": [{ "id": ids[1] }, { "id": ids[0] }] }).to_string();
    let reordered = client
        .post(&path, &vendor("devices.reorder+json"), &order)
        .await;
    assert_eq!(
        field_of_each(&reordered, "devices", "type"),
        ["TOTP", "SMS"]
    );
    let removed = client
        .post(&path, &vendor("devices.order.remove+json"), "")
        .await;
    assert_eq!(removed.status, 204);
    let devices = client.get(&path).await;
    assert_eq!(field_of_each(&devices, "devices", "type"), ["SMS", "TOTP"]);
}

#[tokio::test]
async fn mfa_can_be_switched_off_and_on() {
    let client = Client::new().await;
    let path = format!("users/{EMMA}/mfaEnabled");
    assert_eq!(client.get(&path).await.body["mfaEnabled"], true);
    for enabled in [false, true] {
        let body = json!({ "mfaEnabled": enabled }).to_string();
        let set = client.put(&path, JSON, &body).await;
        assert_eq!(set.body["mfaEnabled"], enabled);
    }
}

#[tokio::test]
async fn a_bypass_lasts_until_it_is_ended_or_expires() {
    let client = at_ten().await;
    let path = format!("users/{EMMA}/bypassMFA");
    let until = |time: &str| json!({ "bypassMFAEnabledUntil": time }).to_string();
    let none = client.get(&path).await;
    assert!(none.body.get("bypassMFAEnabled").is_none());
    assert!(none.body.get("bypassMFAEnabledUntil").is_none());

    let set = until("2026-03-04T10:30:00.000Z");
    let bypass = client.put(&path, JSON, &set).await;
    assert_eq!(bypass.body["bypassMFAEnabled"], true);
    assert_eq!(
        bypass.body["bypassMFAEnabledUntil"],
        "2026-03-04T10:30:00.000Z"
    );
    let ended = client
        .put(&path, JSON, &until("2026-03-04T10:00:00.000Z"))
        .await;
    assert_eq!(ended.status, 200);
    assert!(ended.body.get("bypassMFAEnabledUntil").is_none());

    client.put(&path, JSON, &set).await;
    client.sandbox.advance(Duration::from_mins(30));
    let expired = client.get(&path).await;
    assert!(expired.body.get("bypassMFAEnabledUntil").is_none());
    let imprecise = until("2126-03-04T18:00:00Z");
    assert_eq!(client.put(&path, JSON, &imprecise).await.status, 400);
    assert_eq!(
        client.put(&path, JSON, "{}").await.details(),
        ["REQUIRED_VALUE"]
    );
}

#[tokio::test]
async fn a_bypass_may_not_end_by_a_date_in_the_past() {
    let client = Client::with(|seed| {
        seed.alternatives.push(Alternative::PastBypassIsRejected);
        seed.users[0].bypass_until = Some(TimeSpec::parse("+1h").expect("valid"));
    })
    .await;
    let path = format!("users/{EMMA}/bypassMFA");
    let past = r#"{"bypassMFAEnabledUntil": "2020-01-01T00:00:00.000Z"}"#;
    assert_eq!(client.put(&path, JSON, past).await.status, 400);
    assert_eq!(client.get(&path).await.body["bypassMFAEnabled"], true);
}
