//! Alternatives to UNCONFIRMED behaviour.

use pingone_sandbox::{Alternative, Seed};

use crate::client::{Client, EMMA, JSON, field_of_each, vendor};

async fn with(alternative: Alternative) -> Client {
    Client::with(|seed| seed.alternatives.push(alternative)).await
}

#[tokio::test]
async fn accounts() {
    let path = format!("users/{EMMA}");
    let client = with(Alternative::PatchReplacesObjects).await;
    let changed = client.patch(&path, r#"{"name": {"middle": "M"}}"#).await;
    assert_eq!(changed.body["name"], serde_json::json!({ "middle": "M" }));

    let lock = vendor("account.lock+json");
    let client = with(Alternative::LockNeedsUnlockAt).await;
    assert_eq!(
        client.post(&path, &lock, "").await.body["account"]["status"],
        "OK"
    );
    let until = r#"{"unlockAt": "2126-01-01T00:00:00Z"}"#;
    assert_eq!(
        client.post(&path, &lock, until).await.body["account"]["status"],
        "LOCKED"
    );

    let dana = "users/e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4004";
    let client = with(Alternative::DisabledUsersCanBeLocked).await;
    assert_eq!(client.post(dana, &lock, "").await.status, 200);

    let petra = "users/e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4006";
    let client = with(Alternative::UnlockEndsLockout).await;
    let unlocked = client.post(petra, &vendor("account.unlock+json"), "").await;
    assert_eq!(unlocked.body["account"]["status"], "OK");
    assert_eq!(
        client.get(&format!("{petra}/password")).await.body["status"],
        "OK"
    );
    let client = with(Alternative::LockoutStaysOutOfAccount).await;
    assert_eq!(client.get(petra).await.body["account"]["status"], "OK");
}

#[tokio::test]
async fn passwords_and_groups() {
    let password = format!("users/{EMMA}/password");
    let client = with(Alternative::PasswordUnlockIsBare).await;
    assert_eq!(
        client
            .post(&password, &vendor("password.unlock+json"), "")
            .await
            .status,
        415
    );
    assert_eq!(
        client
            .post(&password, &vendor("password.unlock"), "")
            .await
            .status,
        200
    );
    let client = with(Alternative::ForceChangeAnswersNoContent).await;
    assert_eq!(
        client
            .post(&password, &vendor("password.forceChange"), "")
            .await
            .status,
        204
    );

    let client = with(Alternative::MembershipAgainIsCreated).await;
    let body = r#"{"id": "115458a4-5460-4514-802c-df153a6dcd47"}"#;
    let path = format!("users/{EMMA}/memberOfGroups");
    assert_eq!(client.post(&path, JSON, body).await.status, 201);
    assert_eq!(client.get(&path).await.body["count"], 2);
}

#[tokio::test]
async fn roles_and_risk() {
    let client = with(Alternative::EnvironmentRolesAreCustomOnly).await;
    let roles = client.get("roles").await;
    assert_eq!(field_of_each(&roles, "roles", "type"), ["CUSTOM"]);

    let client = with(Alternative::FeedbackReturnsOk).await;
    let feedback = r#"{
        "subject": {"type": "IP_ADDRESS", "value": "198.51.100.77"},
        "verdict": "FRAUD",
        "occurredFrom": "2026-03-04T09:00:00.000Z"
    }"#;
    let media_type = vendor("risk.feedback.v2+json");
    let accepted = client.post("riskFeedback", &media_type, feedback).await;
    assert_eq!(accepted.status, 200);
}

#[tokio::test]
async fn errors() {
    let client = with(Alternative::EscapesAreRefused).await;
    assert_eq!(
        client.find(r#"username eq "a\"b""#).await.details(),
        ["INVALID_FILTER"]
    );
    assert_eq!(client.find(r#"username eq "a""#).await.status, 200);
    let client = with(Alternative::ErrorIdDiffers).await;
    let response = client.get("users/x").await;
    assert_ne!(response.body["id"], response.header("correlation-id"));
    let client = with(Alternative::UnknownEnvironmentIsNotFound).await;
    let url = format!("{}/v1/environments/{EMMA}", client.sandbox.url());
    assert_eq!(client.follow(&url).await.status, 404);
}

#[test]
fn seeds_list_alternatives_by_name() {
    let text = r#"{
        "environment": { "id": "e", "name": "E" },
        "applications": [],
        "populations": [{ "name": "P", "default": true }],
        "alternatives": ["lockNeedsUnlockAt", "errorIdDiffers"]
    }"#;
    let seed = Seed::from_json(text).expect("valid");
    assert_eq!(
        seed.alternatives,
        [Alternative::LockNeedsUnlockAt, Alternative::ErrorIdDiffers]
    );
}
