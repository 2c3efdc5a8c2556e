//! The sandbox's own URLs, its log of calls, start and stop.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use pingone_sandbox::{Sandbox, Seed};
use reqwest::Method;
use serde_json::json;

use crate::client::{Client, EMMA, ENVIRONMENT, JSON, read};

#[tokio::test]
async fn the_log_has_every_call_without_secrets() {
    let client = Client::new().await;
    let path = format!("users/{EMMA}/enabled");
    client.put(&path, JSON, r#"{"enabled": false}"#).await;
    client.get("users?limit=1").await;
    let calls = client.sandbox.calls();
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[0].path, format!("/{ENVIRONMENT}/as/token"));
    assert_eq!(calls[0].auth_scheme.as_deref(), Some("Basic"));
    assert_eq!(calls[1].method, "PUT");
    assert_eq!(
        calls[1].path,
        format!("/v1/environments/{ENVIRONMENT}/{path}")
    );
    assert_eq!(calls[1].content_type.as_deref(), Some(JSON));
    assert_eq!(calls[1].body, Some(json!({ "enabled": false })));
    assert_eq!(
        calls[2].path,
        format!("/v1/environments/{ENVIRONMENT}/users?limit=1")
    );
    assert!(
        calls
            .iter()
            .all(|call| call.status == 200 && call.connection == 1)
    );

    let shown = client.control(Method::GET, "calls", "").await;
    assert_eq!(shown.body, json!(calls));
    assert!(!shown.text.contains(&client.token) && !shown.text.contains("sandbox-secret"));
    assert_eq!(
        client.control(Method::DELETE, "calls", "").await.status,
        204
    );
    assert!(client.sandbox.calls().is_empty());
}

#[tokio::test]
async fn other_hosts_are_refused() {
    let client = Client::new().await;
    client.sandbox.clear_calls();
    let ask = |name: &'static str, value: &'static str| {
        let url = format!("{}/sandbox/state", client.sandbox.url());
        let request = client.http.get(url).header(name, value);
        async move { read(request.send().await.expect("a response")).await }
    };
    for (name, value) in [
        ("host", "rebound.example"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let response = ask(name, value).await;
        assert_eq!(response.status, 403, "{name}: {value}");
        assert!(!response.text.contains("emma"), "{}", response.text);
    }
    for (name, value) in [
        ("host", "localhost:80"),
        ("origin", "http://127.0.0.1:3000"),
    ] {
        assert_eq!(ask(name, value).await.status, 200, "{name}: {value}");
    }
}

#[tokio::test]
async fn the_state_contains_no_secrets() {
    let client = Client::new().await;
    let shown = client.control(Method::GET, "state", "").await;
    assert_eq!(shown.body["users"][0]["username"], "emma.sharp");
    assert_eq!(shown.body["liveTokens"], 1);
    for secret in ["Tulip-Harbour-17", "sandbox-secret", client.token.as_str()] {
        assert!(!shown.text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn faults_and_the_clock_can_be_set_over_http() {
    let client = Client::new().await;
    let fault = r#"{"method": "GET", "path": "*/users", "status": 500, "times": 0}"#;
    assert_eq!(
        client.control(Method::POST, "faults", fault).await.status,
        201
    );
    assert_eq!(
        client
            .control(Method::POST, "faults", r#"{"stats": 1}"#)
            .await
            .status,
        400
    );
    assert_eq!(client.get("users").await.status, 500);
    assert_eq!(client.get("users").await.status, 500);
    assert_eq!(
        client.control(Method::GET, "faults", "").await.body[0]["status"],
        500
    );
    assert_eq!(
        client.control(Method::DELETE, "faults", "").await.status,
        204
    );
    assert_eq!(client.get("users").await.status, 200);
    let moved = client
        .control(Method::POST, "clock", r#"{"advanceSeconds": 3600}"#)
        .await;
    assert_eq!(moved.status, 200);
    assert_eq!(
        client.get("users").await.status,
        401,
        "the token has expired"
    );
    assert_eq!(client.control(Method::GET, "nothing", "").await.status, 404);
}

#[test]
fn a_dropped_sandbox_stops_listening() {
    let sandbox = Sandbox::start(Seed::built_in()).expect("started");
    let address = sandbox
        .url()
        .strip_prefix("http://")
        .expect("plain HTTP")
        .to_owned();
    assert!(address.starts_with("127.0.0.1:"));
    let open = TcpStream::connect(&address).expect("listening");
    drop(sandbox);
    assert!(TcpStream::connect(&address).is_err());
    drop(open);
}

#[test]
fn the_same_seed_gives_the_same_responses() {
    let shown = || {
        let mut seed = Seed::built_in();
        seed.clock = pingone_sandbox::seed::TimeSpec::parse("2026-03-04T10:00:00Z").ok();
        seed.ids = Some(1);
        seed.add_crowd(3);
        let sandbox = Sandbox::start(seed).expect("started");
        sandbox.advance(Duration::from_secs(1));
        sandbox.state()["users"].clone()
    };
    assert_eq!(shown(), shown());
}

#[test]
fn the_executable_prints_its_url_and_stops_on_sigterm() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_pingone-sandbox"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(program.stdout.take().expect("a pipe")).lines();
    let mut line = || lines.next().expect("a line").expect("text");
    let url = line();
    let params: serde_json::Value = serde_json::from_str(&line()).expect("JSON");
    assert_eq!(
        (&params["api_url"], &params["environment_id"]),
        (&url.as_str().into(), &ENVIRONMENT.into())
    );
    let address = url.strip_prefix("http://").expect("plain HTTP");
    TcpStream::connect(address).expect("listening");
    let pid = program.id().to_string();
    Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .expect("kill runs");
    assert!(program.wait().expect("exited").success());
}

#[test]
fn the_executable_names_an_unknown_scenario() {
    let output = Command::new(env!("CARGO_BIN_EXE_pingone-sandbox"))
        .args(["--scenario", "nothing"])
        .output()
        .expect("started");
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("no scenario 'nothing'"), "{error}");
}

#[test]
fn the_executable_names_an_invalid_seed() {
    let output = Command::new(env!("CARGO_BIN_EXE_pingone-sandbox"))
        .args(["--seed", "Cargo.toml"])
        .output()
        .expect("started");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("Cargo.toml"));
}
