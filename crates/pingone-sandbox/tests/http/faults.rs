//! Faults and rate limits: what goes wrong, how often, and whether the request took effect.

use std::time::{Duration, Instant};

use pingone_sandbox::Fault;
use pingone_sandbox::seed::RateLimit;
use reqwest::Method;

use crate::client::{Client, EMMA, JSON};

const OFF: &str = r#"{"enabled": false}"#;

fn enabled() -> String {
    format!("users/{EMMA}/enabled")
}

fn is_enabled(client: &Client) -> bool {
    client.sandbox.user(EMMA).expect("found")["enabled"] == true
}

#[tokio::test]
async fn a_status_is_returned_the_given_number_of_times() {
    let client = Client::new().await;
    let fault = Fault::on("PUT", "*/enabled")
        .times(2)
        .status(503)
        .header("Retry-After", "7");
    client.sandbox.fault(fault);
    for _ in 0..2 {
        let response = client.put(&enabled(), JSON, OFF).await;
        assert_eq!(
            (response.status, response.header("retry-after")),
            (503, "7")
        );
        assert_eq!(response.body["code"], "UNEXPECTED_ERROR");
        assert_eq!(client.get(&enabled()).await.status, 200, "another method");
    }
    assert!(is_enabled(&client), "nothing changed");
    assert_eq!(client.put(&enabled(), JSON, OFF).await.status, 200);
    assert!(!is_enabled(&client));
}

#[tokio::test]
async fn a_fault_can_lose_only_the_response() {
    let client = Client::new().await;
    client.sandbox.fault(
        Fault::on("PUT", "*/enabled")
            .status(504)
            .body("<html>")
            .applied(),
    );
    let response = client.put(&enabled(), JSON, OFF).await;
    assert_eq!((response.status, response.text.as_str()), (504, "<html>"));
    assert!(!is_enabled(&client));
    assert!(client.sandbox.calls().iter().any(|call| call.status == 504));
}

#[tokio::test]
async fn a_fault_can_reset_the_connection() {
    let client = Client::new().await;
    client.sandbox.fault(Fault::on("*", "*/enabled").reset());
    let error = client
        .try_send(Method::PUT, &enabled(), JSON, OFF)
        .await
        .expect_err("no response");
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    let mut reset = false;
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        reset |= io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionReset);
        cause = error.source();
    }
    assert!(reset, "{error:?}");
    assert!(is_enabled(&client));
    assert_eq!(client.sandbox.calls().last().expect("a call").status, 0);
    assert_eq!(client.get(&enabled()).await.status, 200);
}

#[tokio::test]
async fn a_fault_can_truncate_the_body() {
    let client = Client::new().await;
    client
        .sandbox
        .fault(Fault::on("GET", "*/users/*").truncate(20));
    let url = format!(
        "{}/v1/environments/{}/users/{EMMA}",
        client.sandbox.url(),
        crate::client::ENVIRONMENT
    );
    let mut response = client
        .http
        .get(url)
        .bearer_auth(&client.token)
        .send()
        .await
        .expect("headers");
    assert_eq!(response.status(), 200);
    let announced = response.content_length().expect("a content length");
    assert!(announced > 100);
    let mut seen = Vec::new();
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => seen.extend_from_slice(&chunk),
            Ok(None) => panic!("the body was not truncated"),
            Err(error) => break error,
        }
    };
    assert_eq!(seen.len(), 20, "{error:?}");
}

#[tokio::test]
async fn a_fault_can_delay_the_response() {
    let client = Client::new().await;
    client.sandbox.clear_calls();
    client.sandbox.fault(
        Fault::on("GET", "*")
            .delay(Duration::from_millis(80))
            .times(2),
    );
    let started = Instant::now();
    let path = enabled();
    let (one, two) = tokio::join!(client.get(&path), client.get(&path));
    assert_eq!((one.status, two.status), (200, 200));
    assert!(started.elapsed() >= Duration::from_millis(80));
    assert_eq!(client.sandbox.max_in_flight(), 2);
}

#[tokio::test]
async fn rate_limit_errors_say_when_to_retry() {
    let client = Client::with(|seed| {
        seed.limits.rates.push(RateLimit {
            path: "*/users*".to_owned(),
            requests: 3,
            seconds: 10,
        });
    })
    .await;
    for _ in 0..3 {
        assert_eq!(client.get("users").await.status, 200);
    }
    let response = client.get("users").await;
    assert_eq!(
        (response.status, &response.body["code"]),
        (429, &"REQUEST_LIMITED".into())
    );
    assert_eq!(response.details(), ["LIMIT_EXCEEDED"]);
    let wait: u64 = response.header("retry-after").parse().expect("seconds");
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(client.get("groups").await.status, 200);
    client.sandbox.advance(Duration::from_secs(wait));
    assert_eq!(client.get("users").await.status, 200);
}

#[tokio::test]
async fn bodies_over_a_megabyte_are_rejected() {
    let client = Client::new().await;
    let body = "x".repeat(1024 * 1024 + 1);
    let response = client.try_send(Method::POST, "users", JSON, &body).await;
    assert!(response.is_err() || response.is_ok_and(|response| response.status == 413));
}

#[tokio::test]
async fn a_fault_can_modify_the_response() {
    let client = Client::new().await;
    let fault = Fault::on("PUT", "*/enabled")
        .body("not json")
        .header("Content-Type", "text/plain");
    client.sandbox.fault(fault);
    let response = client.put(&enabled(), JSON, OFF).await;
    assert_eq!((response.status, response.text.as_str()), (200, "not json"));
    assert_eq!(response.header("content-type"), "text/plain");
    assert!(!is_enabled(&client));
    client
        .sandbox
        .fault(Fault::on("*", "*").skip(1).header("Connection", "close"));
    for connection in [1, 1, 2] {
        assert_eq!(client.get(&enabled()).await.status, 200);
        let calls = client.sandbox.calls();
        assert_eq!(calls.last().map(|call| call.connection), Some(connection));
    }
}

#[tokio::test]
async fn a_change_can_take_effect_after_the_client_hangs_up() {
    let client = Client::new().await;
    let day = Duration::from_hours(24);
    client
        .sandbox
        .fault(Fault::on("PUT", "*/enabled").delay(day).applied());
    let path = enabled();
    let call = client.put(&path, JSON, OFF);
    assert!(
        tokio::time::timeout(Duration::from_millis(100), call)
            .await
            .is_err()
    );
    assert!(!is_enabled(&client));
    let calls = client.sandbox.calls();
    assert_eq!(
        calls.last().map(|call| (call.method.as_str(), call.status)),
        Some(("PUT", 0))
    );
}
