//! Tokens and permissions: how workers authenticate and what they may do.

use std::time::Duration;

use pingone_sandbox::Area;
use pingone_sandbox::seed::TokenAuthMethod;

use crate::client::{Client, EMMA, ENVIRONMENT, JSON};

#[tokio::test]
async fn a_token_is_valid_until_it_expires() {
    let mut client = Client::with(|seed| seed.applications[0].token_seconds = 60).await;
    let response = client.get("").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.body["id"], ENVIRONMENT);
    assert!(
        response
            .header("content-type")
            .starts_with("application/hal+json")
    );
    assert_eq!(response.header("correlation-id").len(), 36);

    client.sandbox.advance(Duration::from_mins(1));
    let response = client.get("").await;
    assert_eq!(response.status, 401);
    assert_eq!(response.body["code"], "ACCESS_FAILED");
    assert_eq!(response.details(), ["INVALID_TOKEN"]);
    assert_eq!(response.body["id"], response.header("correlation-id"));

    client.sign_in(0).await;
    assert_eq!(client.get("").await.status, 200);
    client.sandbox.expire_tokens();
    assert_eq!(client.get("").await.status, 401);
}

#[tokio::test]
async fn the_authentication_method_is_enforced() {
    let client = Client::new().await;
    let (basic, form) = (client.sandbox.params_for(0), client.sandbox.params_for(1));
    let text = |params: &serde_json::Value, name: &str| {
        params["credentials"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let (id, secret) = (text(&form, "identifier"), text(&form, "password"));
    let grant = "grant_type=client_credentials";

    let response = client
        .token_by_form(&format!("{grant}&client_id={id}&client_secret={secret}"))
        .await;
    assert_eq!(response.status, 200);
    assert_eq!(response.body["token_type"], "Bearer");
    assert_eq!(response.body["expires_in"], 3600);

    let wrong_method = [
        client.token_by_basic(&id, &secret).await,
        client
            .token_by_form(&format!(
                "{grant}&client_id={}&client_secret={}",
                text(&basic, "identifier"),
                text(&basic, "password"),
            ))
            .await,
        client.token_by_form(grant).await,
    ];
    for response in wrong_method {
        assert_eq!(response.status, 401);
        assert_eq!(response.body["error"], "invalid_client");
        let description = response.body["error_description"].as_str().expect("a text");
        assert!(
            description
                .starts_with("Request denied: Unsupported authentication method (Correlation ID: "),
            "{description}",
        );
    }

    let response = client
        .token_by_basic(&text(&basic, "identifier"), "wrong")
        .await;
    assert_eq!(response.status, 401);
    assert!(
        response
            .text
            .contains("Request denied: Invalid client credentials"),
        "{}",
        response.text
    );

    let other_grant = format!("grant_type=password&client_id={id}&client_secret={secret}");
    let response = client.token_by_form(&other_grant).await;
    assert_eq!(
        (response.status, &response.body["error"]),
        (400, &"unsupported_grant_type".into())
    );
}

#[tokio::test]
async fn basic_secrets_may_be_form_encoded() {
    let mut client = Client::with(|seed| {
        seed.applications[0].secret = "a+b%c:d é".to_owned();
        seed.applications[1].token_auth_method = TokenAuthMethod::Basic;
    })
    .await;
    client.sign_in(1).await;
    let params = client.sandbox.params();
    let id = params["credentials"]["identifier"].as_str().expect("an id");
    let encoded = crate::client::encode("a+b%c:d é");
    assert_eq!(client.token_by_basic(id, &encoded).await.status, 200);
    assert_eq!(client.token_by_basic(id, "a+b%c:d é").await.status, 200);
}

#[tokio::test]
async fn requests_without_a_valid_bearer_token_are_refused() {
    let mut client = Client::new().await;
    client.token = "created-up".to_owned();
    assert_eq!(client.get("users").await.status, 401);
    let url = format!(
        "{}/v1/environments/{ENVIRONMENT}/users",
        client.sandbox.url()
    );
    let response = client.http.get(&url).send().await.expect("a response");
    assert_eq!(response.status(), 401);
    let response = client
        .http
        .get(&url)
        .header("authorization", "Basic abc")
        .send()
        .await
        .expect("a response");
    assert_eq!(response.status(), 403);
    assert!(
        response
            .text()
            .await
            .expect("a body")
            .contains("Invalid Authorization header")
    );
}

#[tokio::test]
async fn roles_grant_access_by_area() {
    let mut client = Client::with(|seed| {
        seed.applications[0].denied = vec![Area::Groups];
        seed.applications[1].token_auth_method = TokenAuthMethod::Basic;
        seed.applications[1].roles.clear();
    })
    .await;
    let response = client.get("groups").await;
    assert_eq!(response.status, 403);
    assert_eq!(response.details(), ["INSUFFICIENT_PERMISSIONS"]);
    assert_eq!(client.get("users").await.status, 200);

    client.sign_in(1).await;
    assert_eq!(client.get("").await.status, 403);

    client.sign_in(2).await;
    let enabled = format!("users/{EMMA}/enabled");
    assert_eq!(client.get(&enabled).await.status, 200);
    assert_eq!(
        client
            .put(&enabled, JSON, r#"{"enabled": false}"#)
            .await
            .status,
        403
    );
    assert_eq!(client.sandbox.user(EMMA).expect("found")["enabled"], true);
}

#[tokio::test]
async fn another_environment_looks_like_missing_permissions() {
    let client = Client::new().await;
    let url = format!("{}/v1/environments/{EMMA}/users", client.sandbox.url());
    let response = client.follow(&url).await;
    assert_eq!(response.status, 403);
    assert_eq!(response.details(), ["INSUFFICIENT_PERMISSIONS"]);
    let response = client.get("unknown").await;
    assert_eq!(
        (response.status, response.text.as_str()),
        (403, r#"{"message":"Forbidden"}"#)
    );
    let response = client.patch("groups", "{}").await;
    assert_eq!(response.status, 405);
}
