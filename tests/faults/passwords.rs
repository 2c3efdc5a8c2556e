//! A new password of which PingOne's answer is lost. The policy's history refuses it a second time, so it is not sent
//! again: the state of the password says whether it was changed, by PingOne's own clock.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use pingone_xsoar::env::Env;
use serde_json::{Value, json};

use crate::{
    conversation::{Turn, talk_without_waits},
    healthy,
    server::{Answer, PINGONE_JSON, Server, Step, json as send, reply},
};

/// Whether a password that was sent is set although nobody is told so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lost {
    AfterItWasSet,
    BeforeItWasSet,
}

/// Sets a password with these further arguments. The first answer is lost; a second try would be refused by the
/// history, if the first was carried out. Gives the kind and the text of the entry, and how often it was sent.
fn set(more: &Value, lost: Lost, answer: fn() -> Answer) -> (u64, String, usize) {
    let set = AtomicBool::new(false);
    let force = more["forceChange"] == "true" || more.get("forceChange").is_none();
    let server = Server::start(move |seen| {
        // PingOne's clock is minutes off.
        let now = Timestamp::now() + SignedDuration::from_mins(7);
        match (seen.method.as_str(), seen.path().ends_with("/password")) {
            ("PUT", true) if set.load(Ordering::SeqCst) => send(400, &history()),
            ("PUT", true) => {
                set.store(lost == Lost::AfterItWasSet, Ordering::SeqCst);
                answer()
            }
            ("GET", true) => {
                let is_set = set.load(Ordering::SeqCst);
                let changed = now - SignedDuration::from_secs(if is_set { 0 } else { 3600 });
                let status = if is_set && force {
                    "MUST_CHANGE_PASSWORD"
                } else {
                    "OK"
                };
                let state = json!({"status": status, "lastChangedAt": changed.to_string()});
                let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                reply(200, &[("Date", &date)], PINGONE_JSON, state.to_string())
            }
            _ => healthy::answer(seen),
        }
    });
    let mut args = json!({"username": "emma.sharp", "password": "Correct-Horse-7"});
    for (name, value) in more.as_object().into_iter().flatten() {
        args[name] = value.clone();
    }
    let limits = json!({"request_timeout": "1"});
    let request = healthy::request(&server.host(), "pingone-set-password", &args, &limits);
    let received = talk_without_waits(Env::default(), [Turn::new(request)]);
    let (kind, text) = received.result(0);
    (kind, text.to_owned(), server.count("PUT", "/password"))
}

/// What PingOne says of a password that was used before.
fn history() -> Value {
    json!({
        "code": "INVALID_DATA",
        "details": [{
            "code": "INVALID_VALUE", "target": "password",
            "message": "User password did not satisfy password policy requirements",
            "innerError": {"unsatisfiedRequirements": ["history"]},
        }],
    })
}

const WAYS: [fn() -> Answer; 4] = [
    || vec![Step::Reset],
    || vec![Step::Hold],
    || reply(503, &[("Retry-After", "0")], PINGONE_JSON, "{}"),
    || reply(200, &[], PINGONE_JSON, "{\"status\":"),
];

#[test]
fn a_password_that_was_set_is_not_set_again() {
    for (more, says) in [
        (
            json!({"forceChange": "true"}),
            "emma.sharp password was set; it must be changed at the next sign-on.",
        ),
        (
            json!({"forceChange": "false"}),
            "emma.sharp password was set; it is permanent.",
        ),
    ] {
        for way in WAYS {
            let (kind, text, sent) = set(&more, Lost::AfterItWasSet, way);
            assert_eq!((kind, sent), (1, 1), "{text}");
            let read = "PingOne did not confirm the change, but the state of the password shows that it was changed.\n";
            assert_eq!(text, format!("{read}{says}"));
        }
    }
}

/// Without the policy a second try does no harm, and so there is one; here it meets a refusal all the same.
#[test]
fn a_refused_retry_does_not_hide_that_the_first_attempt_succeeded() {
    for more in [
        json!({}),
        json!({"forceChange": "true", "bypassPolicy": "true"}),
    ] {
        let (kind, text, sent) = set(&more, Lost::AfterItWasSet, || vec![Step::Reset]);
        assert_eq!((kind, sent), (1, 2), "{text}");
        assert!(
            text.starts_with("PingOne did not confirm the change"),
            "{text}"
        );
    }
}

#[test]
fn a_password_not_yet_set_is_reported_as_such() {
    let way = || vec![Step::Reset];
    let (kind, text, sent) = set(&json!({"forceChange": "true"}), Lost::BeforeItWasSet, way);
    assert_eq!((kind, sent), (4, 1), "{text}");
    let start = "Failed to execute pingone-set-password command. Error: The password has not been changed so far (last change: ";
    assert!(text.starts_with(start), "{text}");
    assert!(
        text.ends_with(
            "PingOne may have made the change anyway: check before you run the command again."
        ),
        "{text}"
    );
}
