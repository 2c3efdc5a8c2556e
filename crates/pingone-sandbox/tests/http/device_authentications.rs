//! Device authentications: pushes, one-time codes, and how a person responds.

use std::time::Duration;

use pingone_sandbox::seed::users::{Device, PushAnswer, PushResponse};
use pingone_sandbox::seed::{DeviceAuthenticationPolicy, Seed, TimeSpec};
use pingone_sandbox::{Alternative, Area};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, EMMA, JSON, RICHARD, Response, field_of_each, vendor};

const PHONE: &str = "66c529e8-1cb3-4ef8-80cd-199f895b7101";

/// Richard's devices: the phone that takes pushes, and his email address.
fn devices() -> Vec<Device> {
    let devices = json!([
        { "id": PHONE, "type": "MOBILE", "createdAt": "-9d" },
        { "type": "EMAIL", "createdAt": "-9d", "details": { "email": "richard.smith@example.com" } },
    ]);
    serde_json::from_value(devices).expect("valid")
}

async fn client(change: impl FnOnce(&mut Seed)) -> Client {
    Client::with(|seed| {
        seed.clock = Some(TimeSpec::parse("2026-03-04T10:00:00Z").expect("valid"));
        seed.users[1].devices = devices();
        change(seed);
    })
    .await
}

/// A client to which Richard responds so.
async fn client_with(answer: PushAnswer, after_seconds: u32) -> Client {
    client(|seed| {
        seed.users[1].push_response = PushResponse {
            answer,
            after_seconds,
        };
    })
    .await
}

impl Client {
    async fn start(&self, body: &Value) -> Response {
        let path = "deviceAuthentications";
        self.auth(Method::POST, path, JSON, &body.to_string()).await
    }

    /// Starts one for the user and returns its path.
    async fn start_for(&self, user: &str) -> String {
        let started = self.start(&json!({ "user": { "id": user } })).await;
        assert_eq!(started.status, 201, "{}", started.text);
        path(&started)
    }

    async fn status(&self, path: &str) -> String {
        let response = self.auth(Method::GET, path, "", "").await;
        response.body["status"]
            .as_str()
            .expect("a status")
            .to_owned()
    }

    async fn operation(&self, path: &str, operation: &str, body: &str) -> Response {
        self.auth(Method::POST, path, &vendor(operation), body)
            .await
    }
}

fn path(started: &Response) -> String {
    let id = started.body["id"].as_str().expect("an id");
    format!("deviceAuthentications/{id}")
}

#[tokio::test]
async fn an_approved_push_completes() {
    let client = client_with(PushAnswer::Approve, 5).await;
    let started = client.start(&json!({ "user": { "id": RICHARD } })).await;
    assert_eq!(started.status, 201);
    assert_eq!(started.body["status"], "PUSH_CONFIRMATION_REQUIRED");
    assert_eq!(started.body["selectedDevice"]["id"], PHONE);
    assert_eq!(started.body["user"]["id"], RICHARD);
    assert_eq!(
        field_of_each(&started, "devices", "type"),
        ["MOBILE", "EMAIL"]
    );
    assert_eq!(
        field_of_each(&started, "devices", "email")[1],
        "r****@e****.com"
    );
    let path = path(&started);
    client.sandbox.advance(Duration::from_secs(4));
    assert_eq!(client.status(&path).await, "PUSH_CONFIRMATION_REQUIRED");
    client.sandbox.advance(Duration::from_secs(1));
    let completed = client.auth(Method::GET, &path, "", "").await;
    assert_eq!(completed.body["status"], "COMPLETED");
    assert_eq!(completed.body["updatedAt"], "2026-03-04T10:00:05.000Z");
}

#[tokio::test]
async fn a_denied_push_fails() {
    for is_rejected in [false, true] {
        let client = client(|seed| {
            seed.users[1].push_response.answer = PushAnswer::Deny;
            if is_rejected {
                seed.alternatives.push(Alternative::DeniedPushesAreRejected);
            }
        })
        .await;
        let path = client.start_for(RICHARD).await;
        let denied = client.auth(Method::GET, &path, "", "").await;
        if is_rejected {
            assert_eq!(denied.body["status"], "PUSH_CONFIRMATION_REJECTED");
        } else {
            assert_eq!(denied.body["status"], "FAILED");
            assert!(denied.body["error"]["code"].is_string());
        }
    }
}

#[tokio::test]
async fn an_ignored_push_times_out_after_forty_seconds() {
    for (answer, after_seconds) in [(PushAnswer::Ignore, 0), (PushAnswer::Approve, 40)] {
        let client = client_with(answer, after_seconds).await;
        let path = client.start_for(RICHARD).await;
        client.sandbox.advance(Duration::from_secs(39));
        assert_eq!(client.status(&path).await, "PUSH_CONFIRMATION_REQUIRED");
        client.sandbox.advance(Duration::from_secs(1));
        assert_eq!(client.status(&path).await, "PUSH_CONFIRMATION_TIMED_OUT");
    }
}

#[tokio::test]
async fn responses_can_be_set_over_http() {
    let client = client_with(PushAnswer::Ignore, 0).await;
    let path = client.start_for(RICHARD).await;
    let approve = r#"{"user": "richard.smith", "answer": "APPROVE", "afterSeconds": 2}"#;
    let set = client
        .control(Method::POST, "push-responses", approve)
        .await;
    assert_eq!(set.status, 204, "{}", set.text);
    assert_eq!(client.status(&path).await, "PUSH_CONFIRMATION_REQUIRED");
    client.sandbox.advance(Duration::from_secs(2));
    assert_eq!(client.status(&path).await, "COMPLETED");
    for (body, status) in [
        (r#"{"user": "nobody", "answer": "DENY"}"#, 404),
        (r#"{"user": "richard.smith", "answer": "MAYBE"}"#, 400),
    ] {
        let refused = client.control(Method::POST, "push-responses", body).await;
        assert_eq!(refused.status, status, "{body}");
    }
    let state = client.control(Method::GET, "state", "").await;
    assert_eq!(
        state.body["deviceAuthentications"][0]["status"],
        "COMPLETED"
    );
    let response = PushResponse::default();
    assert!(
        client
            .sandbox
            .set_push_response("nobody", response)
            .is_err()
    );
}

#[tokio::test]
async fn five_unconfirmed_pushes_stop_pushes_for_half_an_hour() {
    let mut client = client(|seed| {
        seed.users[1].push_response.answer = PushAnswer::Deny;
        seed.users[1].devices.truncate(1);
    })
    .await;
    for _ in 0..5 {
        client.start_for(RICHARD).await;
        client.sandbox.advance(Duration::from_mins(2));
    }
    let refused = client.start(&json!({ "user": { "id": RICHARD } })).await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.details(), ["NO_USABLE_DEVICES"]);
    client.sandbox.advance(Duration::from_mins(28));
    client.sign_in(0).await;
    client.start_for(RICHARD).await;
}

#[tokio::test]
async fn a_code_is_checked() {
    let client = client(|_| {}).await;
    let started = client.start(&json!({ "user": { "id": EMMA } })).await;
    assert_eq!(started.body["status"], "OTP_REQUIRED");
    let path = path(&started);
    let state = client.sandbox.user(EMMA).expect("found");
    let code = state["sandbox"]["passcode"].as_str().expect("a code");
    let body = |code: &str| json!({ "otp": code }).to_string();
    let wrong = client.operation(&path, "otp.check+json", &body("x")).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(client.status(&path).await, "OTP_REQUIRED");
    let right = client.operation(&path, "otp.check+json", &body(code)).await;
    assert_eq!(
        (right.status, &right.body["status"]),
        (200, &"COMPLETED".into())
    );
    let again = client.operation(&path, "otp.check+json", &body(code)).await;
    assert_eq!(again.status, 400);

    let path = client.start_for(EMMA).await;
    for _ in 0..3 {
        client.operation(&path, "otp.check+json", &body("x")).await;
    }
    assert_eq!(client.status(&path).await, "FAILED");
    assert!(client.sandbox.calls().iter().all(|call| {
        call.body
            .as_ref()
            .is_none_or(|body| !body.to_string().contains(code))
    }));
}

#[tokio::test]
async fn another_device_can_be_selected() {
    let client = client(|_| {}).await;
    let started = client.start(&json!({ "user": { "id": RICHARD } })).await;
    let path = path(&started);
    let email = started.body["_embedded"]["devices"][1]["id"].clone();
    let select = json!({ "device": { "id": email }, "compatibility": "FULL" }).to_string();
    let selected = client.operation(&path, "device.select+json", &select).await;
    assert_eq!(selected.body["status"], "OTP_REQUIRED");
    assert_eq!(selected.body["selectedDevice"]["id"], email);
    let foreign = r#"{"device": {"id": "66c529e8-1cb3-4ef8-80cd-199f895b7001"}}"#;
    let refused = client.operation(&path, "device.select+json", foreign).await;
    assert_eq!(refused.details(), ["INVALID_VALUE"]);
    let chosen = client
        .start(&json!({ "user": { "id": RICHARD }, "selectedDevice": { "id": email } }))
        .await;
    assert_eq!(chosen.body["status"], "OTP_REQUIRED");
}

#[tokio::test]
async fn a_push_can_be_cancelled() {
    let client = client_with(PushAnswer::Approve, 5).await;
    let path = client.start_for(RICHARD).await;
    let cancel = "cancel.push.authentication+json";
    let body = r#"{"reason": "CHANGE_DEVICE"}"#;
    let cancelled = client.operation(&path, cancel, body).await;
    assert_eq!(cancelled.body["status"], "DEVICE_SELECTION_REQUIRED");
    client.sandbox.advance(Duration::from_secs(10));
    assert_eq!(client.status(&path).await, "DEVICE_SELECTION_REQUIRED");
    assert_eq!(client.operation(&path, cancel, body).await.status, 400);
    assert_eq!(
        client.operation(&path, "other+json", body).await.status,
        415
    );
}

#[tokio::test]
async fn the_policy_decides_whether_users_choose() {
    let client = client(|seed| {
        seed.device_authentication_policies
            .push(DeviceAuthenticationPolicy {
                id: Some("2f6c3ab2-7f0b-4b44-8a77-0f6f3f2d1c09".to_owned()),
                name: "Choose".to_owned(),
                prompts_for_device: true,
                number_matching: true,
            });
        seed.applications[0]
            .roles
            .push("Configuration Read Only".to_owned());
    })
    .await;
    let policies = client.get("deviceAuthenticationPolicies").await;
    let policy = &policies.body["_embedded"]["deviceAuthenticationPolicies"][1];
    let push = &policy["mobile"]["applications"][0]["push"];
    assert_eq!(push["numberMatching"]["enabled"], true);
    let started = client
        .start(&json!({ "user": { "id": RICHARD }, "policy": { "id": policy["id"] } }))
        .await;
    assert_eq!(started.body["status"], "DEVICE_SELECTION_REQUIRED");
    assert_eq!(started.body["policy"]["id"], policy["id"]);
    assert!(started.body.get("selectedDevice").is_none());
    let unknown = client
        .start(&json!({ "user": { "id": RICHARD }, "policy": { "id": "x" } }))
        .await;
    assert_eq!(unknown.details(), ["INVALID_VALUE"]);
}

#[tokio::test]
async fn unusable_devices_are_listed_with_the_reason() {
    let client = client(|_| {}).await;
    let nora = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4003";
    let refused = client.start(&json!({ "user": { "id": nora } })).await;
    assert_eq!(refused.details(), ["NO_USABLE_DEVICES"]);
    let unusable = &refused.body["details"][0]["innerError"]["unusableDevices"];
    assert_eq!(unusable[0]["status"], "LOCKED");
    let nobody = client.start(&json!({ "user": { "id": "x" } })).await;
    assert_eq!(nobody.details(), ["INVALID_VALUE"]);
    assert_eq!(client.start(&json!({})).await.status, 400);
}

#[tokio::test]
async fn a_device_may_take_no_pushes() {
    let client = client(|seed| {
        seed.users[1].devices[0].push_disabled = true;
        seed.users[1].devices[1].kind = "FIDO2".to_owned();
    })
    .await;
    let started = client.start(&json!({ "user": { "id": RICHARD } })).await;
    assert_eq!(started.body["status"], "OTP_REQUIRED");
    let select = json!({ "device": { "id": started.body["_embedded"]["devices"][1]["id"] } });
    let selected = client
        .operation(&path(&started), "device.select+json", &select.to_string())
        .await;
    assert_eq!(selected.body["status"], "ASSERTION_REQUIRED");
}

#[tokio::test]
async fn a_bypass_may_complete_it_without_asking_anybody() {
    let client = client(|seed| {
        seed.users[1].bypass_until = Some(TimeSpec::parse("+1h").expect("valid"));
        seed.alternatives
            .push(Alternative::BypassCompletesDeviceAuthentications);
    })
    .await;
    let path = client.start_for(RICHARD).await;
    assert_eq!(client.status(&path).await, "COMPLETED");
}

#[tokio::test]
async fn it_needs_a_token_and_the_permission() {
    let mut client = client(|seed| {
        seed.applications[0].denied = vec![Area::DeviceAuthentications];
    })
    .await;
    let body = json!({ "user": { "id": RICHARD } });
    assert_eq!(client.start(&body).await.status, 403);
    client.token = "made-up".to_owned();
    assert_eq!(client.start(&body).await.status, 401);
}
