//! External identity providers and linked accounts.

use pingone_sandbox::seed::IdentityProvider;
use pingone_sandbox::seed::users::LinkedAccount;
use serde_json::json;

use crate::client::{Client, EMMA, JSON, field_of_each};

const GOOGLE: &str = "d658c83e-b0fc-4045-b2a5-7599c6a877cb";

async fn client() -> Client {
    Client::with(|seed| {
        let provider = json!({
            "id": GOOGLE, "name": "Google", "type": "GOOGLE",
            "createdAt": "2025-01-01T00:00:00Z", "updatedAt": "2026-03-01T00:00:00Z",
        });
        let provider: IdentityProvider = serde_json::from_value(provider).expect("valid");
        seed.identity_providers.push(provider);
        seed.users[0].linked_accounts.push(LinkedAccount {
            id: None,
            identity_provider: "Google".to_owned(),
            external_id: "ext-5512".to_owned(),
        });
        seed.applications[0]
            .roles
            .push("Configuration Read Only".to_owned());
    })
    .await
}

#[tokio::test]
async fn accounts_can_be_listed_and_unlinked() {
    let client = client().await;
    let path = format!("users/{EMMA}/linkedAccounts");
    let accounts = client.get(&path).await;
    let account = &accounts.body["_embedded"]["linkedAccounts"][0];
    assert_eq!(account["externalId"], "ext-5512");
    assert_eq!(account["identityProvider"]["id"], GOOGLE);
    assert_eq!(account["user"]["id"], EMMA);
    let path = format!("{path}/{}", account["id"].as_str().expect("an id"));
    assert_eq!(client.get(&path).await.body["id"], account["id"]);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.get(&path).await.status, 404);
    assert_eq!(client.delete(&path).await.status, 404);
}

#[tokio::test]
async fn a_users_identity_provider_can_be_read_and_changed() {
    let client = client().await;
    let path = format!("users/{EMMA}/identityProvider");
    assert_eq!(
        client.get(&path).await.body["identityProvider"],
        json!({ "type": "PING_ONE" })
    );
    let google = json!({ "id": GOOGLE, "type": "GOOGLE" });
    let body = json!({ "identityProvider": { "id": GOOGLE } }).to_string();
    let set = client.put(&path, JSON, &body).await;
    assert_eq!(set.body["identityProvider"], google);
    let user = client.get(&format!("users/{EMMA}")).await;
    assert_eq!(user.body["identityProvider"], google);
    let unknown = r#"{"identityProvider": {"id": "x"}}"#;
    assert_eq!(
        client.put(&path, JSON, unknown).await.details(),
        ["INVALID_VALUE"]
    );
    let reset = client.put(&path, JSON, "{}").await;
    assert_eq!(reset.body["identityProvider"]["type"], "PING_ONE");
}

#[tokio::test]
async fn providers_can_be_listed_with_a_configuration_role() {
    let mut client = client().await;
    let providers = client.get("identityProviders").await;
    assert_eq!(
        field_of_each(&providers, "identityProviders", "updatedAt")[1],
        "2026-03-01T00:00:00.000Z"
    );
    let path = format!("identityProviders/{GOOGLE}");
    assert_eq!(client.get(&path).await.body["enabled"], true);
    client.sign_in(2).await;
    assert_eq!(client.get(&path).await.status, 403);
}
