//! Passwords: status, policy, lockout, and the operation that each media type selects.

use std::time::Duration;

use crate::client::{Client, EMMA, JSON, encode, vendor};

const NOAH: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4007";
const PETRA: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4006";
const SAM: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4009";

fn password(user: &str) -> String {
    format!("users/{user}/password")
}

#[tokio::test]
async fn the_status_fits_each_user() {
    let client = Client::new().await;
    let carl = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4010";
    for (user, status) in [
        (EMMA, "OK"),
        (NOAH, "NO_PASSWORD"),
        (PETRA, "PASSWORD_LOCKED_OUT"),
        (SAM, "EXTERNAL"),
        (carl, "MUST_CHANGE_PASSWORD"),
    ] {
        let response = client.get(&password(user)).await;
        assert_eq!(
            (response.status, &response.body["status"]),
            (200, &status.into()),
            "{user}"
        );
        assert_eq!(response.body["user"]["id"], user);
    }
    let noah = client.get(&password(NOAH)).await;
    assert!(noah.body.get("lastChangedAt").is_none());
    let petra = client.get(&password(PETRA)).await;
    assert!(
        petra.body["secondsUntilUnlock"]
            .as_i64()
            .is_some_and(|left| (830..=840).contains(&left))
    );
    assert!(!petra.text.contains("Maple"));
}

#[tokio::test]
async fn a_reset_skips_the_policy_and_requires_a_change() {
    let client = Client::new().await;
    let reset = vendor("password.reset+json");
    let response = client
        .put(&password(PETRA), &reset, r#"{"newPassword": "x"}"#)
        .await;
    assert_eq!(
        (response.status, &response.body["status"]),
        (200, &"MUST_CHANGE_PASSWORD".into())
    );
    let petra = client.sandbox.user(PETRA).expect("found");
    assert_eq!(petra["account"]["status"], "OK", "the lockout ended");
    assert_eq!(
        client.put(&password(EMMA), &reset, "{}").await.details(),
        ["REQUIRED_VALUE"]
    );
    let null = client
        .put(&password(EMMA), &reset, r#"{"newPassword": null}"#)
        .await;
    assert_eq!(null.details(), ["REQUIRED_VALUE"]);
    let sam = client
        .put(&password(SAM), &reset, r#"{"newPassword": "x"}"#)
        .await;
    assert_eq!(
        (sam.status, &sam.body["code"]),
        (400, &"REQUEST_FAILED".into())
    );
}

#[tokio::test]
async fn setting_a_password_enforces_the_policy_unless_bypassed() {
    let client = Client::new().await;
    let set = vendor("password.set+json");
    let weak = client
        .put(&password(EMMA), &set, r#"{"value": "aaab"}"#)
        .await;
    assert_eq!((weak.status, weak.details()), (400, vec!["INVALID_VALUE"]));
    let inner = &weak.body["details"][0]["innerError"];
    let unmet = inner["unsatisfiedRequirements"].as_array().expect("a list");
    for name in [
        "minCharacters",
        "length",
        "minUniqueCharacters",
        "maxRepeatedCharacters",
    ] {
        assert!(unmet.contains(&name.into()), "{name} in {inner}");
        assert!(inner[name].is_string(), "{name} in {inner}");
    }
    let own_name = client
        .put(&password(EMMA), &set, r#"{"value": "Emma-Window-77"}"#)
        .await;
    assert!(
        own_name.text.contains("excludesProfileData"),
        "{}",
        own_name.text
    );

    let forced = r#"{"value": "aaab", "bypassPolicy": true, "forceChange": true}"#;
    let response = client.put(&password(EMMA), &set, forced).await;
    assert_eq!(response.body["status"], "MUST_CHANGE_PASSWORD");
    let response = client
        .put(&password(EMMA), &set, r#"{"value": "Granite-Paper-19"}"#)
        .await;
    assert_eq!(response.body["status"], "OK");
    let again = client
        .put(&password(EMMA), &set, r#"{"value": "Granite-Paper-19"}"#)
        .await;
    assert!(again.text.contains("history"), "{}", again.text);
    let hash = client
        .put(&password(EMMA), &set, r#"{"value": "{SSHA512}abc="}"#)
        .await;
    assert_eq!(hash.body["status"], "OK");
}

#[tokio::test]
async fn failed_checks_lock_the_password_until_it_is_unlocked() {
    let client = Client::new().await;
    let check = vendor("password.check+json");
    let right = client
        .post(
            &password(EMMA),
            &check,
            r#"{"password": "Tulip-Harbour-17"}"#,
        )
        .await;
    assert_eq!((right.status, &right.body["status"]), (200, &"OK".into()));
    for left in [4, 3, 2, 1, 0] {
        let wrong = client
            .post(&password(EMMA), &check, r#"{"password": "no"}"#)
            .await;
        assert_eq!(wrong.status, 400);
        assert_eq!(
            wrong.body["details"][0]["innerError"]["failuresRemaining"],
            left
        );
    }
    let locked = client.get(&password(EMMA)).await;
    assert_eq!(locked.body["status"], "PASSWORD_LOCKED_OUT");
    let account = client.get(&format!("users/{EMMA}")).await.body["account"].clone();
    assert_eq!(account["status"], "LOCKED");
    assert!(account.get("lockedAt").is_none());
    let right = client
        .post(
            &password(EMMA),
            &check,
            r#"{"password": "Tulip-Harbour-17"}"#,
        )
        .await;
    assert_eq!(
        (right.status, &right.body["code"]),
        (400, &"REQUEST_FAILED".into())
    );

    let unlocked = client
        .post(&format!("users/{EMMA}"), &vendor("account.unlock+json"), "")
        .await;
    assert_eq!(
        unlocked.body["account"]["status"], "LOCKED",
        "unlocking the account does not end a lockout"
    );
    let unlocked = client
        .post(&password(EMMA), &vendor("password.unlock+json"), "")
        .await;
    assert_eq!(
        (unlocked.status, &unlocked.body["status"]),
        (200, &"OK".into())
    );
}

#[tokio::test]
async fn a_lockout_expires() {
    let client = Client::new().await;
    assert_eq!(
        client.get(&password(PETRA)).await.body["status"],
        "PASSWORD_LOCKED_OUT"
    );
    client.sandbox.advance(Duration::from_mins(15));
    client.sandbox.expire_tokens();
    let petra = client.sandbox.user(PETRA).expect("found");
    assert_eq!(petra["sandbox"]["passwordStatus"], "OK");
}

#[tokio::test]
async fn force_change_keeps_the_password() {
    let client = Client::new().await;
    let force = vendor("password.forceChange");
    let response = client.post(&password(EMMA), &force, "").await;
    assert_eq!(
        (response.status, &response.body["status"]),
        (200, &"MUST_CHANGE_PASSWORD".into())
    );
    let check = vendor("password.check+json");
    let right = client
        .post(
            &password(EMMA),
            &check,
            r#"{"password": "Tulip-Harbour-17"}"#,
        )
        .await;
    assert_eq!(right.status, 200);
    assert_eq!(
        client.post(&password(NOAH), &force, "").await.details(),
        ["NO_PASSWORD"]
    );
    assert_eq!(
        client.post(&password(SAM), &force, "").await.details(),
        ["CONSTRAINT_VIOLATION"]
    );
}

#[tokio::test]
async fn a_wrong_method_or_media_type_gets_415() {
    let client = Client::new().await;
    let path = password(EMMA);
    let set = r#"{"value": "Granite-Paper-19"}"#;
    assert_eq!(
        client
            .post(&path, &vendor("password.set+json"), set)
            .await
            .status,
        415
    );
    assert_eq!(client.put(&path, JSON, set).await.status, 415);
    assert_eq!(
        client
            .put(&path, &vendor("password.forceChange"), "")
            .await
            .status,
        415
    );
}

#[tokio::test]
async fn a_recovery_code_sets_a_new_password() {
    let client = Client::new().await;
    let send = vendor("password.sendRecoveryCode+json");
    assert_eq!(client.post(&password(EMMA), &send, "").await.status, 200);
    let emma = client.sandbox.user(EMMA).expect("found");
    let code = emma["sandbox"]["recoveryCode"].as_str().expect("a code");
    let recover = vendor("password.recover+json");
    let body =
        |code: &str| format!(r#"{{"recoveryCode": "{code}", "newPassword": "Granite-Paper-19"}}"#);
    let wrong = client.post(&password(EMMA), &recover, &body("wrong")).await;
    assert_eq!(wrong.body["details"][0]["target"], "recoveryCode");
    assert_eq!(
        client
            .post(&password(EMMA), &recover, &body(code))
            .await
            .body["status"],
        "OK"
    );
    assert_eq!(
        client
            .post(&password(EMMA), &recover, &body(code))
            .await
            .status,
        400
    );
    let now = client.sandbox.state()["now"].as_str().expect("a time")[..10].to_owned();
    let filter =
        format!(r#"recordedAt ge "{now}T00:00:00Z" and action.type eq "PASSWORD.RECOVERY""#);
    let activities = client
        .get(&format!("activities?filter={}", encode(&filter)))
        .await;
    assert_eq!(activities.body["count"], 1, "{}", activities.text);
    assert_eq!(client.post(&password(NOAH), &send, "").await.status, 400);
}
