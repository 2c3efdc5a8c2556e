//! Access tokens: asked for once, used until shortly before their end, dropped when PingOne refuses them, kept
//! between processes in the integration context, and never met by other settings than their own.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use pingone_xsoar::{env::Env, run::Runner};
use serde_json::{Value, json};

use crate::{
    conversation::{Received, Turn, kind_and_text, talk, talk_with},
    healthy::{self, CLIENT, CLIENT_SECRET, ENVIRONMENT, USER, get_user},
    server::{Answer, Request, Server, json as send, reply},
};

/// A server whose tokens are `token-1`, `token-2` and so on, each for so many seconds. What is not a token
/// request is answered by `api`, with the token's number.
fn server(
    expires_in: u64,
    api: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
) -> Server {
    let given = AtomicUsize::new(0);
    Server::start(move |seen| {
        if is_token(seen) {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            return healthy::token(&format!("token-{number}"), expires_in);
        }
        let number = seen
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer token-"))
            .and_then(|number| number.parse().ok());
        match number {
            Some(number) => api(seen, number),
            None => send(400, &json!({"message": "no token"})),
        }
    })
}

fn healthy_server(expires_in: u64) -> Server {
    server(expires_in, |seen, _| healthy::answer(seen))
}

fn is_token(seen: &Request) -> bool {
    seen.path().ends_with("/as/token")
}

fn tokens(server: &Server) -> usize {
    server.count("POST", "/as/token")
}

fn serve(requests: impl IntoIterator<Item = Value>) -> Received {
    talk(
        Env::default(),
        requests.into_iter().map(Turn::new).collect::<Vec<_>>(),
    )
}

fn unauthorized() -> Answer {
    send(
        401,
        &json!({"code": "ACCESS_FAILED", "message": "The request could not be completed."}),
    )
}

fn emma(host: &str, command: &str) -> Value {
    healthy::request(
        host,
        command,
        &json!({"username": "emma.sharp"}),
        &json!({}),
    )
}

#[test]
fn one_token_serves_all_requests_of_a_process() {
    let server = healthy_server(3600);
    let host = server.host();
    let received = serve([
        emma(&host, "pingone-unlock-user"),
        emma(&host, "pingone-get-groups"),
        healthy::request(&host, "test-module", &json!({}), &json!({})),
        get_user(&host, &json!({})),
    ]);
    assert_eq!(received.note(0), "### emma.sharp unlocked");
    assert_eq!(received.note(2), "ok");
    assert!(received.note(3).starts_with("### User:"));
    assert_eq!(tokens(&server), 1);
    assert_eq!(server.connections(), 1, "and one connection");
}

#[test]
fn a_token_about_to_expire_is_not_used() {
    // A minute is kept in reserve, so that a token outlasts the call it is used for.
    let server = healthy_server(60);
    let received = serve([
        get_user(&server.host(), &json!({})),
        emma(&server.host(), "pingone-unlock-user"),
    ]);
    assert!(received.note(0).starts_with("### User:"));
    assert_eq!(received.note(1), "### emma.sharp unlocked");
    assert_eq!(tokens(&server), 3, "one for each of the three calls");
    let server = healthy_server(90);
    serve([
        get_user(&server.host(), &json!({})),
        emma(&server.host(), "pingone-unlock-user"),
    ]);
    assert_eq!(tokens(&server), 1);
}

#[test]
fn a_refused_token_is_dropped_and_the_call_retried_once() {
    let server = server(3600, |seen, number| {
        if number == 1 {
            unauthorized()
        } else {
            healthy::answer(seen)
        }
    });
    let host = server.host();
    let received = serve([get_user(&host, &json!({})), get_user(&host, &json!({}))]);
    assert!(received.note(0).starts_with("### User:"));
    let user = format!("GET {}/users/{USER}", healthy::base());
    let token = format!("POST /{ENVIRONMENT}/as/token");
    assert_eq!(
        server.calls(),
        [&token, &user, &token, &user, &user].map(Clone::clone),
        "the second request has the new token"
    );
    assert!(
        received
            .log
            .contains(&"PingOne refused the access token; asking for a new one".to_owned()),
        "{:?}",
        received.log
    );
}

fn both_by_name(host: &str) -> Value {
    let args = json!({"username": "emma.sharp", "groupName": "Sales"});
    healthy::request(host, "pingone-add-to-group", &args, &json!({}))
}

#[test]
fn two_look_ups_at_once_ask_for_one_token() {
    let server = healthy_server(3600);
    let received = serve([both_by_name(&server.host())]);
    assert!(
        received.note(0).ends_with("successfully"),
        "{}",
        received.note(0)
    );
    assert_eq!(
        (
            server.count("GET", "/users"),
            server.count("GET", "/groups")
        ),
        (1, 1)
    );
    assert_eq!(tokens(&server), 1);
}

#[test]
fn two_look_ups_whose_token_is_refused_ask_for_one_new_token() {
    let server = server(3600, |seen, number| {
        if number == 1 && seen.target.contains("filter=") {
            unauthorized()
        } else {
            healthy::answer(seen)
        }
    });
    let host = server.host();
    // The first request makes the token a warm one.
    let received = serve([get_user(&host, &json!({})), both_by_name(&host)]);
    assert!(
        received.note(1).ends_with("successfully"),
        "{}",
        received.note(1)
    );
    assert_eq!(tokens(&server), 2);
    assert_eq!(
        (
            server.count("GET", "/users"),
            server.count("GET", "/groups")
        ),
        (2, 2)
    );
}

/// A worker application that takes its secret in one way alone, which can be changed.
fn application(wants_form: &'static Mutex<bool>, expires_in: u64) -> Server {
    Server::start(move |seen| {
        if !is_token(seen) {
            return healthy::answer(seen);
        }
        let form = seen.body_text().contains("client_secret=");
        assert_ne!(form, seen.header("authorization").is_some(), "never both");
        if form == *wants_form.lock().expect("no panic") {
            healthy::token("token-1", expires_in)
        } else {
            unsupported()
        }
    })
}

/// PingOne's words for the wrong one of the two ways.
fn unsupported() -> Answer {
    send(
        401,
        &json!({
            "error": "invalid_client",
            "error_description": "Request denied: Unsupported authentication method (Correlation ID: 1)",
        }),
    )
}

fn wrong_secret() -> Answer {
    send(
        401,
        &json!({
            "error": "invalid_client",
            "error_description": "Request denied: Invalid client credentials (Correlation ID: 2)",
        }),
    )
}

/// The token requests so far: `B` for the secret in the header, `F` for the form.
fn ways(server: &Server) -> String {
    server
        .seen()
        .iter()
        .filter(|seen| is_token(seen))
        .map(|seen| {
            if seen.header("authorization").is_some() {
                'B'
            } else {
                'F'
            }
        })
        .collect()
}

#[test]
fn the_authentication_method_that_worked_is_remembered() {
    static WANTS_FORM: Mutex<bool> = Mutex::new(true);
    // Every request needs a new token.
    let server = application(&WANTS_FORM, 60);
    let host = server.host();
    let received = talk(
        Env::default(),
        [
            Turn::new(get_user(&host, &json!({}))),
            Turn::new(get_user(&host, &json!({}))),
            Turn::after(
                || *WANTS_FORM.lock().expect("no panic") = false,
                get_user(&host, &json!({})),
            ),
            Turn::new(get_user(&host, &json!({}))),
        ],
    );
    for request in 0..4 {
        assert!(received.note(request).starts_with("### User:"));
    }
    assert_eq!(ways(&server), "BFFFBB");
    let first = server.seen();
    let basic = STANDARD.encode(format!("{CLIENT}:{CLIENT_SECRET}"));
    assert_eq!(
        first[0].header("authorization"),
        Some(format!("Basic {basic}").as_str())
    );
    assert_eq!(first[0].body_text(), "grant_type=client_credentials");
    assert_eq!(
        first[1].body_text(),
        format!("grant_type=client_credentials&client_id={CLIENT}&client_secret={CLIENT_SECRET}")
    );
    assert_eq!(
        first[1].header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
}

#[test]
fn of_two_refusals_the_one_that_helps_is_shown() {
    let helpful = "invalid_client: Request denied: Invalid client credentials (Correlation ID: 2)";
    let advice = "PingOne rejected the worker application's credentials: check the Client ID and Client Secret";
    let show = |basic: fn() -> Answer, form: fn() -> Answer| {
        let server = Server::start(move |seen| {
            if seen.header("authorization").is_some() {
                basic()
            } else {
                form()
            }
        });
        let received = serve([get_user(&server.host(), &json!({}))]);
        (
            received.error(0).to_owned(),
            ways(&server),
            server.seen().len(),
        )
    };
    let (text, ways, calls) = show(unsupported, wrong_secret);
    assert!(text.contains(helpful) && text.contains(advice), "{text}");
    assert_eq!((ways.as_str(), calls), ("BF", 2));

    let (text, ways, calls) = show(wrong_secret, unsupported);
    assert!(text.contains(helpful) && text.contains(advice), "{text}");
    assert_eq!(
        (ways.as_str(), calls),
        ("B", 1),
        "no reason to try the form"
    );

    let (text, ways, _) = show(unsupported, unsupported);
    assert!(text.contains("Unsupported authentication method"), "{text}");
    assert_eq!(ways, "BF");
}

#[test]
fn a_token_is_not_used_with_other_settings() {
    let other = "c5e0d1f2-1111-4222-8333-944455556666";
    let server = Server::start(|seen| {
        // Whatever the environment and the path before it.
        if is_token(seen) {
            let body = seen.body_text();
            let secret = seen.header("authorization").unwrap_or(&body).to_owned();
            return healthy::token(&STANDARD.encode(format!("{}{secret}", seen.path())), 3600);
        }
        send(200, &healthy::user())
    });
    let host = server.host();
    let with = |change: Value| get_user(&host, &change);
    let credentials = |id: &str, secret: &str| {
        with(json!({"credentials": {"identifier": id, "password": secret}}))
    };
    let plain = || with(json!({}));
    let localhost = format!("http://localhost:{}", server.port());
    let requests = [
        plain(),
        credentials(CLIENT, "another secret"),
        credentials("another-client", CLIENT_SECRET),
        with(json!({"environment_id": other})),
        with(json!({"api_url": format!("http://{host}/gateway")})),
        with(json!({"auth_url": format!("http://{host}/gateway")})),
        with(json!({"api_url": localhost})),
        with(json!({"auth_environment_id": other})),
    ];
    let number = requests.len();
    let mut requests = requests.to_vec();
    // All of them again: every token is still known to its own settings.
    requests.extend(requests.clone());
    let received = serve(requests);
    assert_eq!(tokens(&server), number);
    let mut bearers = Vec::new();
    for seen in server.seen().iter().filter(|seen| !is_token(seen)) {
        bearers.push(seen.header("authorization").unwrap_or_default().to_owned());
    }
    assert_eq!(bearers.len(), 2 * number);
    assert_eq!(bearers[..number], bearers[number..]);
    for answer in 0..2 * number {
        assert!(received.note(answer).starts_with("### User:"));
    }
    // One context holds one token; a stored one must not meet other settings either.
    let stored = &received.stored;
    assert_eq!(stored.len(), number);
}

#[test]
fn the_worker_application_may_live_in_another_environment() {
    let other = "c5e0d1f2-1111-4222-8333-944455556666";
    let server = healthy_server(3600);
    let received = serve([get_user(
        &server.host(),
        &json!({"auth_environment_id": other}),
    )]);
    assert!(received.note(0).starts_with("### User:"));
    assert_eq!(
        server.calls(),
        [
            format!("POST /{other}/as/token"),
            format!("GET {}/users/{USER}", healthy::base()),
        ]
    );
}

/// One process that begins with this integration context and carries out one request.
fn process(context: &Value, request: Value) -> Received {
    let mut runner = Runner::live(Env::default());
    talk_with(&mut runner, context.clone(), [Turn::new(request)])
}

#[test]
fn a_token_is_handed_from_process_to_process() {
    let server = healthy_server(3600);
    let request = get_user(&server.host(), &json!({}));
    let first = process(&json!({"of": "another integration's"}), request.clone());
    assert_eq!(first.stored.len(), 1);
    assert_eq!(first.context["of"], "another integration's", "merged");
    let second = process(&first.context, request.clone());
    assert!(second.note(0).starts_with("### User:"));
    assert_eq!(tokens(&server), 1);
    assert_eq!((second.stored.len(), second.context_reads), (0, 1));

    let mut others = request.clone();
    others["params"]["credentials"]["password"] = json!("rotated");
    let third = process(&first.context, others);
    assert_eq!(
        tokens(&server),
        2,
        "the stored token belongs to the old secret"
    );
    assert_eq!(third.stored.len(), 1);
}

#[test]
fn the_authentication_method_that_worked_is_stored_for_the_next_process() {
    static WANTS_FORM: Mutex<bool> = Mutex::new(true);
    let server = application(&WANTS_FORM, 60);
    let request = get_user(&server.host(), &json!({}));
    let first = process(&json!({}), request.clone());
    let second = process(&first.context, request);
    assert!(second.note(0).starts_with("### User:"));
    assert_eq!(
        ways(&server),
        "BFF",
        "the second process needs its own token"
    );
}

#[test]
fn the_test_button_leaves_the_integration_context_alone() {
    let server = healthy_server(3600);
    let request = healthy::request(&server.host(), "test-module", &json!({}), &json!({}));
    let received = process(&json!({}), request);
    assert_eq!(received.note(0), "ok");
    assert_eq!((received.stored.len(), received.context_reads), (0, 0));
}

#[test]
fn an_expired_or_malformed_stored_token_is_replaced() {
    let server = healthy_server(60);
    let request = get_user(&server.host(), &json!({}));
    let first = process(&json!({}), request.clone());
    let second = process(&first.context, request.clone());
    assert!(second.note(0).starts_with("### User:"));
    assert_eq!(tokens(&server), 2, "its life was too short");

    let name = first
        .context
        .as_object()
        .and_then(|context| context.keys().next())
        .expect("one member")
        .clone();
    for nonsense in [
        json!("{"),
        json!("null"),
        json!({"access_token": "t"}),
        json!(7),
        json!(r#"{"access_token":"a\nb"}"#),
    ] {
        let received = process(&json!({name.as_str(): nonsense}), request.clone());
        assert!(received.note(0).starts_with("### User:"), "{nonsense}");
    }
    assert_eq!(tokens(&server), 7);
}

#[test]
fn a_stored_token_that_pingone_refuses_is_replaced() {
    let server = server(3600, |seen, number| {
        if number == 1 && seen.connection > 0 {
            unauthorized()
        } else {
            healthy::answer(seen)
        }
    });
    let request = get_user(&server.host(), &json!({}));
    let first = process(&json!({}), request.clone());
    let second = process(&first.context, request);
    assert!(second.note(0).starts_with("### User:"));
    assert_eq!(tokens(&server), 2);
    assert_eq!(second.stored.len(), 1, "and the new one is stored");
    assert_ne!(first.context, second.context);
}

fn many(host: &str, command: &str, number: usize) -> Value {
    let ids: Vec<String> = (0..number)
        .map(|number| format!("00000000-0000-4000-8000-{number:012}"))
        .collect();
    let args = json!({"userId": ids});
    healthy::request(host, command, &args, &json!({}))
}

#[test]
fn a_wrong_secret_is_sent_once_however_many_users_there_are() {
    let server = Server::start(|_| wrong_secret());
    let host = server.host();
    let received = serve([
        many(&host, "pingone-list-sessions", 500),
        many(&host, "pingone-list-sessions", 500),
    ]);
    assert_eq!(server.seen().len(), 2, "one for each command");
    let [note, error] = received.answers[0].as_slice() else {
        panic!("{:?}", received.answers[0])
    };
    let (_, text) = kind_and_text(note);
    let helpful = "invalid_client: Request denied: Invalid client credentials (Correlation ID: 2)";
    assert_eq!(
        (kind_and_text(error).0, text.matches(helpful).count()),
        (4, 500)
    );
}

#[test]
fn transient_failures_are_retried() {
    // With two retries each of the users that begin at once has three tries.
    let server = Server::start(|_| send(503, &json!({})));
    serve([many(&server.host(), "pingone-list-sessions", 2)]);
    assert_eq!(tokens(&server), 6);
}

#[test]
fn a_fresh_token_that_is_refused_ends_the_command() {
    let server = server(3600, |_, _| unauthorized());
    let received = serve([many(&server.host(), "pingone-list-sessions", 500)]);
    // Ten begin at once with the first token, and may all try the second before it is refused.
    assert_eq!(tokens(&server), 2);
    assert!(server.seen().len() <= 2 + 20, "{}", server.seen().len());
    let [note, error] = received.answers[0].as_slice() else {
        panic!("{:?}", received.answers[0])
    };
    let refused = "Error in API call [401] - Unauthorized";
    let told = kind_and_text(note).1.matches(refused).count();
    assert_eq!((kind_and_text(error).0, told), (4, 500));
    assert_eq!(received.stored, Vec::<Value>::new(), "it is worth nothing");
}

/// The integration context with another token in it, of this many seconds of life from now.
fn with_token(context: &Value, token: &str, life: i64) -> Value {
    let mut context = context.clone();
    let members = context.as_object_mut().expect("an object");
    let stored = members.values_mut().next().expect("the token");
    let mut parts: Value =
        serde_json::from_str(stored.as_str().expect("a text")).expect("JSON in it");
    parts["access_token"] = json!(token);
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(life);
    parts["valid_until"] = json!(until.to_string());
    *stored = json!(parts.to_string());
    context
}

#[test]
fn a_corrupt_stored_token_is_replaced() {
    for status in [400, 401, 403, 431] {
        let poison = Server::start(move |seen| {
            if is_token(seen) {
                return healthy::token("good", 3600);
            }
            if seen.header("authorization") == Some("Bearer poisoned") {
                return reply(status, &[], "text/plain", "");
            }
            healthy::answer(seen)
        });
        let request = get_user(&poison.host(), &json!({}));
        let first = process(&json!({}), request.clone());
        let poisoned = with_token(&first.context, "poisoned", 3600);
        let healed = process(&poisoned, request.clone());
        assert!(healed.note(0).starts_with("### User:"), "{status}");
        assert_eq!((tokens(&poison), healed.stored.len()), (2, 1), "{status}");
        let next = process(&healed.context, request);
        assert!(next.note(0).starts_with("### User:"), "{status}");
        assert_eq!(tokens(&poison), 2, "{status}: the good one is stored");
    }
}

#[test]
fn a_missing_permission_costs_a_stored_token_once() {
    let server = server(3600, |seen, _| {
        if seen.path().ends_with("/sessions") {
            send(
                403,
                &json!({"code": "ACCESS_FAILED", "message": "No access."}),
            )
        } else {
            healthy::answer(seen)
        }
    });
    let first = process(&json!({}), get_user(&server.host(), &json!({})));
    let calls = server.seen().len();
    let mut runner = Runner::live(Env::default());
    let request = many(&server.host(), "pingone-list-sessions", 30);
    let turns = [Turn::new(request.clone()), Turn::new(request)];
    let received = talk_with(&mut runner, first.context, turns);
    assert_eq!(kind_and_text(&received.answers[0][1]).0, 4);
    // Ten begin at once with the stored token and try again with a new one; the others have the new one.
    assert_eq!(
        (tokens(&server), server.seen().len() - calls),
        (2, 1 + 10 + 30 + 30)
    );
}

#[test]
fn a_stored_token_that_was_accepted_is_kept() {
    let server = server(3600, |seen, _| {
        if seen.method == "PUT" {
            send(
                403,
                &json!({"code": "ACCESS_FAILED", "message": "No access."}),
            )
        } else {
            healthy::answer(seen)
        }
    });
    let first = process(&json!({}), get_user(&server.host(), &json!({})));
    let second = process(
        &first.context,
        emma(&server.host(), "pingone-deactivate-user"),
    );
    assert!(second.error(0).contains("[403]"), "{}", second.error(0));
    assert_eq!((tokens(&server), server.count("PUT", "/enabled")), (1, 1));
}

#[test]
fn stored_tokens_that_pingone_cannot_have_issued_are_ignored() {
    let server = healthy_server(3600);
    let request = get_user(&server.host(), &json!({}));
    let first = process(&json!({}), request.clone());
    for (token, life) in [("t".repeat(17_000).as_str(), 3600), ("token-1", 25 * 3600)] {
        let before = tokens(&server);
        let received = process(&with_token(&first.context, token, life), request.clone());
        assert!(received.note(0).starts_with("### User:"));
        assert_eq!(tokens(&server), before + 1, "{life}");
    }
    let received = process(&with_token(&first.context, "token-1", 23 * 3600), request);
    assert_eq!((tokens(&server), received.stored.len()), (3, 0));
}

#[test]
fn a_newer_stored_token_replaces_an_expired_one() {
    // Ours is good for one call; meanwhile another process stores one that lasts.
    let server = healthy_server(60);
    let request = get_user(&server.host(), &json!({}));
    let first = process(&json!({}), request.clone());
    let newer = with_token(&first.context, "token-9", 3600);
    let mut runner = Runner::live(Env::default());
    let ours = talk_with(&mut runner, json!({}), [Turn::new(request.clone())]);
    assert!(ours.note(0).starts_with("### User:"));
    let received = talk_with(&mut runner, newer, [Turn::new(request)]);
    assert!(received.note(0).starts_with("### User:"));
    assert_eq!(tokens(&server), 2);
    let seen = server.seen();
    let last = seen.last().and_then(|seen| seen.header("authorization"));
    assert_eq!(last, Some("Bearer token-9"));
}

#[test]
fn expires_in_may_be_a_string() {
    let server = Server::start(|seen| {
        if is_token(seen) {
            let body = json!({"access_token": "t", "expires_in": "3600", "scope": [7]});
            return send(200, &body);
        }
        healthy::answer(seen)
    });
    let request = get_user(&server.host(), &json!({}));
    serve([request.clone(), request]);
    assert_eq!(tokens(&server), 1);
}
