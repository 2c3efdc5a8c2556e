//! Webhooks.

use serde_json::json;

use crate::client::{Client, JSON, field_of_each};

const ARCHIVE: &str = "3f1b0c52-6a4e-4d0f-8a1d-5b7c2e9f0002";

#[tokio::test]
async fn webhooks_can_be_listed_and_read() {
    let mut client = Client::new().await;
    let webhooks = client.get("subscriptions").await;
    assert_eq!(
        field_of_each(&webhooks, "subscriptions", "name"),
        ["SIEM export", "Audit archive"]
    );
    let archive = client.get(&format!("subscriptions/{ARCHIVE}")).await;
    assert_eq!(archive.body["enabled"], false);
    assert_eq!(archive.body["filterOptions"]["ipAddressExposed"], false);
    assert_ne!(archive.body["updatedAt"], archive.body["createdAt"]);
    client.sign_in(2).await;
    assert_eq!(client.get("subscriptions").await.status, 403);
}

#[tokio::test]
async fn webhooks_can_be_created_replaced_and_deleted() {
    let client = Client::new().await;
    let mut body = json!({
        "name": "Second SIEM",
        "enabled": true,
        "protocol": "HTTPS",
        "format": "ACTIVITY",
        "httpEndpoint": {
            "url": "https://siem.example.org/p1",
            "headers": { "Authorization": "Basic secret" },
        },
        "filterOptions": { "includedActionTypes": ["USER.LOCKED"] },
    });
    let created = client.post("subscriptions", JSON, &body.to_string()).await;
    assert_eq!(created.status, 201);
    let calls = serde_json::to_string(&client.sandbox.calls()).expect("JSON");
    assert!(!calls.contains("Basic secret"), "{calls}");
    let id = created.body["id"].as_str().expect("an id");
    let path = format!("subscriptions/{id}");
    body["enabled"] = false.into();
    let replaced = client.put(&path, JSON, &body.to_string()).await;
    assert_eq!(
        (replaced.status, &replaced.body["enabled"]),
        (200, &false.into())
    );
    body["filterOptions"] = json!({});
    let incomplete = client.put(&path, JSON, &body.to_string()).await;
    assert_eq!(incomplete.details(), ["REQUIRED_VALUE"]);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.status, 404);
}

#[tokio::test]
async fn an_environment_has_at_most_fifty() {
    let client = Client::with(|seed| {
        let one = seed.webhooks[0].clone();
        while seed.webhooks.len() < 50 {
            let mut webhook = one.clone();
            webhook.id = None;
            seed.webhooks.push(webhook);
        }
    })
    .await;
    let mut body = client.get(&format!("subscriptions/{ARCHIVE}")).await.body;
    body["name"] = "One too many".into();
    let refused = client.post("subscriptions", JSON, &body.to_string()).await;
    assert_eq!(refused.status, 403);
}
