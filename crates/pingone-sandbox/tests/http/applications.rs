//! Applications: reading and changing them, their secrets, roles and grants.

use std::time::Duration;

use pingone_sandbox::seed::TimeSpec;
use pingone_sandbox::{Alternative, Area, Seed};
use serde_json::{Value, json};

use crate::client::{Client, JSON, Response, field_of_each};

const PAYROLL: &str = "7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1a06";
const PORTAL: &str = "7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1a07";
const OWN: &str = "7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1a01";
const OLD_SECRET: &str = "sandbox-secret-of-payroll-sync";

/// The position of Payroll sync in the seed.
const PAYROLL_POSITION: usize = 5;

async fn at_ten(alternatives: &[Alternative]) -> Client {
    Client::with(|seed| {
        seed.clock = Some(TimeSpec::parse("2026-03-04T10:00:00Z").expect("valid"));
        seed.alternatives.extend(alternatives);
    })
    .await
}

impl Client {
    /// Sets `enabled` as PingOne wants it: by replacing the whole application.
    async fn set_enabled(&self, id: &str, enabled: bool) -> Response {
        let path = format!("applications/{id}");
        let mut body = self.get(&path).await.body;
        body["enabled"] = enabled.into();
        self.put(&path, JSON, &body.to_string()).await
    }

    async fn assignment_ids(&self, id: &str) -> Vec<String> {
        let path = format!("applications/{id}/roleAssignments");
        field_of_each(&self.get(&path).await, "roleAssignments", "id")
    }
}

#[tokio::test]
async fn applications_can_be_listed_and_read() {
    let client = Client::new().await;
    let first = client.get("applications?limit=5").await;
    assert_eq!(first.body["count"], 8);
    assert_eq!(
        field_of_each(&first, "applications", "type")[3],
        "PING_ONE_ADMIN_CONSOLE"
    );
    let next = first.body["_links"]["next"]["href"].as_str();
    let rest = client.follow(next.expect("a next link")).await;
    assert_eq!(
        field_of_each(&rest, "applications", "id")[..2],
        [PAYROLL, PORTAL]
    );
    let portal = client.get(&format!("applications/{PORTAL}")).await;
    assert_eq!(portal.body["skipTokenSessionValidation"], true);
    assert_eq!(
        portal.body["tokenEndpointAuthMethod"],
        "CLIENT_SECRET_BASIC"
    );
    let list = client.get("applications").await;
    assert!(!list.text.contains("sandbox-secret"), "no secrets");
    assert_eq!(client.get("applications/x").await.status, 404);
}

#[tokio::test]
async fn a_disabled_application_gets_no_tokens() {
    let mut client = at_ten(&[]).await;
    let disabled = client.set_enabled(PAYROLL, false).await;
    assert_eq!(
        (disabled.status, &disabled.body["enabled"]),
        (200, &false.into())
    );
    assert_eq!(disabled.body["grantTypes"], json!(["CLIENT_CREDENTIALS"]));
    assert_eq!(disabled.body["updatedAt"], "2026-03-04T10:00:00.000Z");
    let refused = client.token_by_basic(PAYROLL, OLD_SECRET).await;
    assert_eq!(refused.status, 401);
    client.set_enabled(PAYROLL, true).await;
    client.sign_in(PAYROLL_POSITION).await;
}

#[tokio::test]
async fn live_tokens_of_a_disabled_application_may_end() {
    for ends in [false, true] {
        let mut client = at_ten(if ends {
            &[Alternative::DisablingEndsTokens]
        } else {
            &[]
        })
        .await;
        let own = client.token.clone();
        client.sign_in(PAYROLL_POSITION).await;
        let stolen = std::mem::replace(&mut client.token, own);
        client.set_enabled(PAYROLL, false).await;
        client.token = stolen;
        let status = client.get("users").await.status;
        assert_eq!(status, if ends { 401 } else { 200 });
    }
}

#[tokio::test]
async fn a_put_replaces_the_whole_application() {
    let client = Client::new().await;
    let path = format!("applications/{PORTAL}");
    let body =
        r#"{"name": "Shop", "enabled": true, "type": "WEB_APP", "protocol": "OPENID_CONNECT"}"#;
    let replaced = client.put(&path, JSON, body).await;
    assert_eq!(replaced.body["name"], "Shop");
    assert!(replaced.body.get("redirectUris").is_none());
    let other_type = body.replace("WEB_APP", "WORKER");
    assert_eq!(client.put(&path, JSON, &other_type).await.status, 400);
    let partial = client.put(&path, JSON, r#"{"enabled": false}"#).await;
    assert_eq!(partial.details(), ["REQUIRED_VALUE"]);
    assert_eq!(
        client.patch(&path, r#"{"enabled": false}"#).await.status,
        405
    );
}

#[tokio::test]
async fn applications_can_be_created_and_deleted() {
    let mut client = Client::new().await;
    let body = json!({
        "name": "Throwaway",
        "enabled": true,
        "type": "WORKER",
        "protocol": "OPENID_CONNECT",
        "grantTypes": ["CLIENT_CREDENTIALS"],
        "tokenEndpointAuthMethod": "CLIENT_SECRET_POST",
    });
    let created = client.post("applications", JSON, &body.to_string()).await;
    assert_eq!(created.status, 201);
    assert_eq!(
        created.body["tokenEndpointAuthMethod"],
        "CLIENT_SECRET_POST"
    );
    let id = created.body["id"].as_str().expect("an id");
    let path = format!("applications/{id}");
    let secret = client.get(&format!("{path}/secret")).await;
    let secret = secret.body["secret"].as_str().expect("a secret");
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let token = client.token_by_form(&form).await;
    assert_eq!(token.status, 200);
    assert_eq!(client.delete(&path).await.status, 204);
    assert_eq!(client.delete(&path).await.status, 404);
    assert_eq!(client.token_by_form(&form).await.status, 401);
    assert_eq!(
        client.get("users?limit=1").await.status,
        200,
        "its own token"
    );
    client.token = token.body["access_token"].as_str().expect("a token").into();
    assert_eq!(client.get("users").await.status, 401);
}

#[tokio::test]
async fn a_rotated_secret_stops_working_at_once() {
    let client = Client::new().await;
    let path = format!("applications/{PAYROLL}/secret");
    let old = client.get(&path).await;
    assert_eq!(old.body["secret"], OLD_SECRET);
    let rotated = client.post(&path, JSON, "{}").await;
    assert_eq!(rotated.status, 200);
    assert!(rotated.body.get("previous").is_none());
    let secret = rotated.body["secret"].as_str().expect("a secret");
    assert_ne!(secret, OLD_SECRET);
    assert_eq!(client.token_by_basic(PAYROLL, OLD_SECRET).await.status, 401);
    assert_eq!(client.token_by_basic(PAYROLL, secret).await.status, 200);
}

#[tokio::test]
async fn a_previous_secret_works_until_it_expires_or_is_dropped() {
    let mut client = at_ten(&[]).await;
    let path = format!("applications/{PAYROLL}/secret");
    let grace = r#"{"previous": {"expiresAt": "2026-03-04T10:30:00.000Z"}}"#;
    let rotated = client.post(&path, JSON, grace).await;
    assert_eq!(
        rotated.body["previous"],
        json!({ "secret": OLD_SECRET, "expiresAt": "2026-03-04T10:30:00.000Z" })
    );
    client.sandbox.advance(Duration::from_mins(5));
    assert_eq!(client.token_by_basic(PAYROLL, OLD_SECRET).await.status, 200);
    let read = client.get(&path).await;
    assert_eq!(
        read.body["previous"]["lastUsed"],
        "2026-03-04T10:05:00.000Z"
    );
    client.sandbox.advance(Duration::from_mins(25));
    assert_eq!(client.token_by_basic(PAYROLL, OLD_SECRET).await.status, 401);
    assert!(client.get(&path).await.body.get("previous").is_none());

    client.sign_in(0).await;
    let secret = client.get(&path).await.body["secret"].clone();
    let grace = r#"{"previous": {"expiresAt": "2026-03-05T00:00:00.000Z"}}"#;
    client.post(&path, JSON, grace).await;
    assert_eq!(client.delete(&path).await.status, 204);
    let secret = secret.as_str().expect("a secret");
    assert_eq!(client.token_by_basic(PAYROLL, secret).await.status, 401);
    for expires_at in [
        "2026-03-04T10:30:30.000Z",
        "2026-04-04T00:00:00.000Z",
        "soon",
    ] {
        let body = json!({ "previous": { "expiresAt": expires_at } }).to_string();
        assert_eq!(
            client.post(&path, JSON, &body).await.details(),
            ["INVALID_VALUE"]
        );
    }
}

#[tokio::test]
async fn secrets_need_the_roles_of_their_application() {
    let client = Client::with(|seed| {
        seed.applications[0].roles = vec!["Environment Admin".to_owned()];
    })
    .await;
    let secret = |id: &str| format!("applications/{id}/secret");
    assert_eq!(client.get(&secret(PAYROLL)).await.status, 403);
    assert_eq!(client.post(&secret(PAYROLL), JSON, "{}").await.status, 403);
    assert_eq!(client.get(&secret(PORTAL)).await.status, 200);
    assert_eq!(client.get(&secret(OWN)).await.status, 403, "its own");
    let console = "7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1a04";
    assert_eq!(client.get(&secret(console)).await.status, 404);
}

#[tokio::test]
async fn an_application_loses_its_rights_with_its_roles() {
    for keeps in [false, true] {
        let mut client = at_ten(if keeps {
            &[Alternative::TokensKeepRemovedRoles]
        } else {
            &[]
        })
        .await;
        let own = client.token.clone();
        client.sign_in(PAYROLL_POSITION).await;
        assert_eq!(client.get("users").await.status, 200);
        let stolen = std::mem::replace(&mut client.token, own);
        let ids = client.assignment_ids(PAYROLL).await;
        assert_eq!(ids.len(), 2);
        for id in ids {
            let path = format!("applications/{PAYROLL}/roleAssignments/{id}");
            assert_eq!(client.delete(&path).await.status, 204);
        }
        client.token = stolen;
        let status = client.get("users").await.status;
        assert_eq!(status, if keeps { 200 } else { 403 });
    }
}

#[tokio::test]
async fn roles_can_be_given_back_to_an_application() {
    let client = Client::new().await;
    let path = format!("applications/{PAYROLL}/roleAssignments");
    let before = client.get(&path).await;
    let first: &Value = &before.body["_embedded"]["roleAssignments"][0];
    assert_eq!(
        (&first["readOnly"], &first["scope"]["type"]),
        (&false.into(), &"ENVIRONMENT".into())
    );
    let one = format!("{path}/{}", first["id"].as_str().expect("an id"));
    assert_eq!(client.get(&one).await.body["role"], first["role"]);
    client.delete(&one).await;
    let body = json!({ "role": first["role"], "scope": first["scope"] }).to_string();
    let created = client.post(&path, JSON, &body).await;
    assert_eq!(
        (created.status, &created.body["role"]),
        (201, &first["role"])
    );
    assert_eq!(client.assignment_ids(PAYROLL).await.len(), 2);
}

#[tokio::test]
async fn grants_can_be_listed_and_changed() {
    let client = Client::new().await;
    let resources = client.get("resources").await;
    assert_eq!(
        field_of_each(&resources, "resources", "name"),
        ["openid", "PingOne API", "Orders API"]
    );
    let orders = &field_of_each(&resources, "resources", "id")[2];
    let scopes = client.get(&format!("resources/{orders}/scopes")).await;
    assert_eq!(
        field_of_each(&scopes, "scopes", "name"),
        ["orders:read", "orders:write"]
    );
    let scope = field_of_each(&scopes, "scopes", "id")[0].clone();
    let path = format!("applications/{PORTAL}/grants");
    assert_eq!(
        client.get(&path).await.body["_embedded"]["grants"][0]["scopes"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    let body = json!({ "resource": { "id": orders }, "scopes": [{ "id": scope }] }).to_string();
    let created = client.post(&path, JSON, &body).await;
    assert_eq!(created.status, 201);
    let one = format!("{path}/{}", created.body["id"].as_str().expect("an id"));
    assert_eq!(
        client.get(&one).await.body["scopes"],
        json!([{ "id": scope }])
    );
    assert_eq!(client.put(&one, JSON, &body).await.status, 200);
    let foreign = json!({ "resource": { "id": orders }, "scopes": [{ "id": "x" }] }).to_string();
    assert_eq!(
        client.put(&one, JSON, &foreign).await.details(),
        ["INVALID_VALUE"]
    );
    assert_eq!(client.delete(&one).await.status, 204);
    assert_eq!(client.get(&one).await.status, 404);
}

#[tokio::test]
async fn applications_need_a_configuration_role() {
    let mut client = Client::with(|seed| {
        seed.applications[0].denied = vec![Area::Applications];
        seed.applications[2].roles = vec!["Configuration Read Only".to_owned()];
    })
    .await;
    assert_eq!(client.get("applications").await.status, 403);
    client.sign_in(2).await;
    assert_eq!(client.get("applications").await.status, 200);
    assert_eq!(client.set_enabled(PAYROLL, false).await.status, 403);
}

#[tokio::test]
async fn a_stolen_worker_leaves_its_trail() {
    let client =
        Client::with(|seed| *seed = Seed::scenario("stolen-worker").expect("a scenario")).await;
    let since = client.sandbox.state()["now"]
        .as_str()
        .expect("a time")
        .to_owned();
    let since: jiff::Timestamp = since.parse().expect("valid");
    let since = since - jiff::SignedDuration::from_hours(1);
    let filter = format!(r#"recordedAt ge "{since}" and actors.client.id eq "{PAYROLL}""#);
    let path = format!("activities?filter={}", crate::client::encode(&filter));
    let activities = client.get(&path).await;
    assert_eq!(activities.body["count"], 8, "{}", activities.text);
    let webhooks = client.get("subscriptions").await;
    let webhooks = webhooks.body["_embedded"]["subscriptions"].as_array();
    let mut webhooks = webhooks.expect("a list").iter();
    assert!(webhooks.all(|webhook| webhook["enabled"] == false));
    let applications = client.get("applications").await;
    assert!(applications.text.contains("Backup agent"));
}

#[tokio::test]
async fn changes_to_applications_are_audited() {
    let client = at_ten(&[]).await;
    let secret = format!("applications/{PAYROLL}/secret");
    client.get(&secret).await;
    client.post(&secret, JSON, "{}").await;
    client.set_enabled(PAYROLL, false).await;
    let filter = format!(r#"recordedAt ge "2026-03-04T10:00:00Z" and resources.id eq "{PAYROLL}""#);
    let path = format!("activities?filter={}", crate::client::encode(&filter));
    let activities = client.get(&path).await;
    let types: Vec<&str> = activities.body["_embedded"]["activities"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|activity| activity["action"]["type"].as_str())
        .collect();
    assert_eq!(
        types,
        ["APPLICATION.UPDATED", "SECRET.UPDATED", "SECRET.READ"]
    );
    let first = &activities.body["_embedded"]["activities"][0];
    assert_eq!(first["resources"][0]["type"], "APPLICATION");
    assert_eq!(first["tags"], json!(["adminIdentityEvent"]));
}
