//! Changes of which PingOne does not say whether it made them. A creation is never sent twice: the user is
//! looked up, and the answer says what was found. A deletion or removal that finds nothing left after a try
//! without an answer was that try's doing.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use pingone_xsoar::env::Env;
use serde_json::{Value, json};

use crate::{
    conversation::{Turn, talk, talk_without_waits},
    healthy::{self, GROUP, POPULATION, USER},
    server::{Answer, PINGONE_JSON, Server, Step, json as send, reply},
};

type Lose = fn() -> Answer;

/// Ways in which the answer to a creation is lost after PingOne had the request, and what the error says.
const LOST: [(&str, Lose); 7] = [
    ("in time (waited 1.0 s)", || vec![Step::Hold]),
    ("ended before the answer to POST", || vec![Step::Reset]),
    ("ended before the answer to POST", || vec![Step::Close]),
    ("Error in API call [500] - Internal Server Error", || {
        send(500, &json!({"code": "UNEXPECTED_ERROR"}))
    }),
    ("Error in API call [503] - Service Unavailable", || {
        reply(503, &[("Retry-After", "0")], "text/html", "<html>")
    }),
    ("cannot be used: it is empty", || {
        reply(201, &[], PINGONE_JSON, "")
    }),
    ("cannot be used: it is not valid JSON", || {
        reply(201, &[], PINGONE_JSON, "{\"id\":")
    }),
];

/// Creates new.user, of which PingOne's answer is lost in each of the ways; the look-up then is answered so.
/// Gives the way's text, the entry's type and text, and the number of look-ups.
fn create(
    looked_up: impl Fn() -> Answer + Send + Sync + Copy + 'static,
) -> Vec<(u64, String, usize)> {
    let ways = LOST.map(|(says, lost)| {
        std::thread::spawn(move || {
            let server = Server::start(move |seen| {
                match (seen.method.as_str(), seen.path().ends_with("/users")) {
                    ("POST", true) => lost(),
                    ("GET", true) => looked_up(),
                    _ => healthy::answer(seen),
                }
            });
            let args = json!({"username": "new.user", "populationId": POPULATION});
            let limits = json!({"request_timeout": "1"});
            let request = healthy::request(&server.host(), "pingone-create-user", &args, &limits);
            let received = talk_without_waits(Env::default(), [Turn::new(request)]);
            let (kind, text) = received.result(0);
            assert_eq!(server.count("POST", "/users"), 1, "one creation: {text}");
            if kind == 4 {
                assert!(text.contains(says), "{says:?} is missing: {text}");
            }
            (kind, text.to_owned(), server.count("GET", "/users"))
        })
    });
    ways.into_iter()
        .map(|way| way.join().expect("no panic"))
        .collect()
}

/// PingOne's answer to a look-up, which says what time it is there.
fn dated(date: Option<Timestamp>, users: &[Value]) -> Answer {
    let date = date.map(|date| date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    let header = date.as_deref().map(|date| ("Date", date));
    let body = healthy::page("users", users).to_string();
    reply(200, header.as_slice(), PINGONE_JSON, body)
}

/// A look-up that finds new.user, who was created so long before PingOne says what time it is. PingOne's clock is
/// minutes off.
fn found(age: SignedDuration) -> Answer {
    let now = Timestamp::now() - SignedDuration::from_mins(5);
    let created = now.checked_sub(age).expect("a time");
    dated(Some(now), &[new_user(&json!(created.to_string()))])
}

fn new_user(created_at: &Value) -> Value {
    let mut user = healthy::user();
    user["username"] = json!("New.User");
    user["createdAt"] = created_at.clone();
    user
}

#[test]
fn a_user_that_is_there_and_new_was_created() {
    for age in [0, 1] {
        for (kind, text, look_ups) in create(move || found(SignedDuration::from_secs(age))) {
            assert_eq!((kind, look_ups), (1, 1), "{text}");
            assert!(
                text.starts_with(
                    "PingOne did not confirm the creation, but a look-up found the new user.\n\
                     ### PingOne user created: new.user\n|"
                ),
                "{text}"
            );
        }
    }
}

/// The longest of the ways takes a second, and the clocks of PingOne's hosts may be two apart.
#[test]
fn a_user_that_is_older_by_pingones_clock_was_not_created_by_this_command() {
    for (kind, text, look_ups) in create(|| found(SignedDuration::from_secs(30))) {
        assert_eq!((kind, look_ups), (4, 1), "{text}");
        let end = format!(
            "\nA user new.user ({USER}) exists, but is older, so this command did not create it."
        );
        assert!(text.ends_with(&end), "{text}");
    }
}

#[test]
fn without_a_creation_time_the_user_is_not_claimed_as_new() {
    let now = Timestamp::now();
    for (date, created_at) in [
        (Some(now), json!("long ago")),
        (Some(now), Value::Null),
        (None, json!(now.to_string())),
    ] {
        // Leaked, as every way is played on a thread of its own: three short values.
        let created_at: &'static Value = Box::leak(Box::new(created_at));
        for (kind, text, look_ups) in create(move || dated(date, &[new_user(created_at)])) {
            assert_eq!((kind, look_ups), (4, 1), "{text}");
            let end = format!(
                "\nA user new.user ({USER}) exists, but it is not known whether this command created it. Check in PingOne."
            );
            assert!(text.ends_with(&end), "{text}");
        }
    }
}

#[test]
fn a_user_that_is_not_there_yet_may_still_be_created() {
    for (kind, text, look_ups) in create(|| dated(Some(Timestamp::now()), &[])) {
        assert_eq!((kind, look_ups), (4, 1), "{text}");
        assert!(
            text.ends_with(
                "\nThe user new.user was looked up afterwards and does not exist yet. PingOne may still create it: check before you run the command again."
            ),
            "{text}"
        );
    }
}

#[test]
fn the_outcome_is_unknown_if_the_look_up_fails_too() {
    for (kind, text, look_ups) in create(|| {
        reply(
            503,
            &[("Retry-After", "0")],
            PINGONE_JSON,
            r#"{"code":"BUSY"}"#,
        )
    }) {
        assert_eq!((kind, look_ups), (4, 3), "{text}");
        let known = "\nIt is not known whether the user new.user was created, since looking it up failed as well: Error in API call [503] - Service Unavailable\nBUSY\nGave up after 3 attempts in ";
        assert!(text.contains(known), "{text}");
    }
}

#[test]
fn a_creation_that_was_certainly_not_carried_out_is_retried() {
    let tries = AtomicUsize::new(0);
    let server = Server::start(move |seen| {
        if seen.method == "POST" && seen.path().ends_with("/users") {
            return match tries.fetch_add(1, Ordering::SeqCst) {
                0 => reply(429, &[("Retry-After", "0")], PINGONE_JSON, "{}"),
                1 => send(401, &json!({"code": "ACCESS_FAILED"})),
                _ => healthy::answer(seen),
            };
        }
        healthy::answer(seen)
    });
    let args = json!({"username": "new.user", "populationId": POPULATION});
    let request = healthy::request(&server.host(), "pingone-create-user", &args, &json!({}));
    let received = talk_without_waits(Env::default(), [Turn::new(request)]);
    assert!(
        received
            .note(0)
            .starts_with("### PingOne user created: new.user\n")
    );
    assert_eq!(server.count("POST", "/users"), 3);
    assert_eq!(server.count("GET", "/users"), 0, "nothing to settle");
}

/// Plays a command whose DELETE is answered in this order, and whose object is gone afterwards.
fn delete(command: &str, args: &Value, answers: &'static [Lose]) -> (String, usize) {
    let tries = AtomicUsize::new(0);
    let gone = || send(404, &json!({"code": "NOT_FOUND"}));
    let is_removal = command == "pingone-remove-from-group";
    let server = Server::start(move |seen| match seen.method.as_str() {
        "DELETE" => answers
            .get(tries.fetch_add(1, Ordering::SeqCst))
            .map_or_else(gone, |answer| answer()),
        "GET" if seen.path().ends_with(GROUP) => gone(),
        "GET" if seen.path().ends_with(USER) && !is_removal => gone(),
        _ => healthy::answer(seen),
    });
    let limits = json!({"request_timeout": "1"});
    let request = healthy::request(&server.host(), command, args, &limits);
    let received = talk_without_waits(Env::default(), [Turn::new(request)]);
    let deletes = server
        .seen()
        .iter()
        .filter(|seen| seen.method == "DELETE")
        .count();
    (received.note(0).to_owned(), deletes)
}

#[test]
fn a_user_gone_after_an_unanswered_delete_counts_as_deleted() {
    let membership = json!({"userId": USER, "groupId": GROUP});
    let lost: [&'static [Lose]; 3] = [
        &[|| vec![Step::Reset]],
        &[|| vec![Step::Hold]],
        &[|| reply(504, &[("Retry-After", "0")], "", "")],
    ];
    for answers in lost {
        let user = json!({"username": "emma.sharp"});
        let (text, deletes) = delete("pingone-delete-user", &user, answers);
        assert_eq!(text, format!("User: {USER} was Deleted successfully"));
        assert_eq!(deletes, 2);
        // Nobody saw it there before.
        let user = json!({"userId": USER});
        let (text, deletes) = delete("pingone-delete-user", &user, answers);
        assert_eq!(
            text,
            format!(
                "User: {USER} no longer exists. An earlier attempt got no answer: either it deleted the user, or there was no such user before."
            )
        );
        assert_eq!(deletes, 2);
        let (text, deletes) = delete("pingone-remove-from-group", &membership, answers);
        assert_eq!(
            text,
            format!("User: {USER} was removed from group: {GROUP} successfully")
        );
        assert_eq!(deletes, 2);
    }
}

#[test]
fn a_user_that_was_gone_before_is_not_reported_as_deleted() {
    let user = json!({"userId": USER});
    let membership = json!({"userId": USER, "groupId": GROUP});
    // 429 is a try that surely did nothing.
    let before: [&'static [Lose]; 2] = [
        &[],
        &[|| reply(429, &[("Retry-After", "0")], PINGONE_JSON, "{}")],
    ];
    for answers in before {
        let (text, deletes) = delete("pingone-delete-user", &user, answers);
        assert_eq!(
            text,
            format!("User: {USER} was not found; nothing was deleted.")
        );
        assert_eq!(deletes, answers.len() + 1);
        let (text, deletes) = delete("pingone-remove-from-group", &membership, answers);
        assert_eq!(
            text,
            format!("User: {USER} is not a member of group: {GROUP}; nothing was removed.")
        );
        assert_eq!(deletes, answers.len() + 1);
    }
}

#[test]
fn a_change_stays_in_doubt_if_no_new_token_can_be_fetched() {
    let (tries, tokens) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let server = Server::start(move |seen| {
        if seen.path().ends_with("/as/token") && tokens.fetch_add(1, Ordering::SeqCst) > 0 {
            return send(
                401,
                &json!({"error": "invalid_client", "error_description": "Secret expired"}),
            );
        }
        if seen.method == "PATCH" {
            return match tries.fetch_add(1, Ordering::SeqCst) {
                0 => vec![Step::Close],
                _ => send(401, &json!({"code": "ACCESS_FAILED"})),
            };
        }
        healthy::answer(seen)
    });
    let args = json!({"username": "emma.sharp", "email": "e@example.com"});
    let request = healthy::request(&server.host(), "pingone-update-user", &args, &json!({}));
    let received = talk_without_waits(Env::default(), [Turn::new(request)]);
    let text = received.error(0);
    assert!(
        text.contains("invalid_client: Secret expired")
            && text.contains("PingOne may have made the change anyway"),
        "{text}"
    );
}

#[test]
fn the_command_timeout_bounds_all_attempts_together() {
    let server = Server::start(|seen| {
        if seen.method == "PUT" {
            return vec![Step::Hold];
        }
        healthy::answer(seen)
    });
    let args = json!({"username": "emma.sharp"});
    let limits = json!({"command_timeout": "2", "request_timeout": "60", "max_retries": "50"});
    let request = healthy::request(&server.host(), "pingone-activate-user", &args, &limits);
    let began = std::time::Instant::now();
    let received = talk(Env::default(), [Turn::new(request)]);
    let text = received.error(0);
    assert!(text.contains("did not answer PUT "), "{text}");
    assert!(
        text.contains("PingOne may have made the change anyway"),
        "{text}"
    );
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}
