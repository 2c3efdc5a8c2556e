//! Worker applications that authenticate by a signed JWT: what is sent, what is stored, and what an echo reveals.

use std::sync::Mutex;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use pingone::private_key::PrivateKey;
use pingone_xsoar::{env::Env, run::Runner};
use serde_json::{Value, json};

use crate::{
    conversation::{Received, Turn, talk_with},
    healthy::{self, CLIENT, CLIENT_SECRET, ENVIRONMENT, get_user},
    server::{Request, Server, json as send, reply},
};

/// The example keys of RFC 7515, appendices A.3 and A.2.
const P256: &str = include_str!("../../crates/pingone/test_keys/rfc7515-a3.pkcs8.pem");
const RSA: &str = include_str!("../../crates/pingone/test_keys/rfc7515-a2.pkcs1.pem");

const FORM: &str = "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=";

fn with_key(algorithm: &str, pem: &str) -> Value {
    json!({
        "credentials": {"identifier": CLIENT, "password": ""},
        "client_authentication": format!("Private key JWT ({algorithm})"),
        "private_key": {"password": pem},
    })
}

/// One process that begins with this integration context and serves one request.
fn process(context: &Value, request: Value) -> Received {
    let mut runner = Runner::live(Env::default());
    talk_with(&mut runner, context.clone(), [Turn::new(request)])
}

fn once(server: &Server, params: &Value) -> Received {
    process(&json!({}), get_user(&server.host(), params))
}

fn token_requests(server: &Server) -> Vec<Request> {
    let seen = server.seen().into_iter();
    seen.filter(|seen| seen.path().ends_with("/as/token"))
        .collect()
}

/// The assertion in a token request, which has nothing else.
fn assertion(request: &Request) -> String {
    assert_eq!(request.header("authorization"), None);
    let body = request.body_text();
    assert!(!body.contains(CLIENT_SECRET), "{body}");
    body.strip_prefix(FORM)
        .unwrap_or_else(|| panic!("{body}"))
        .to_owned()
}

/// Part `number` of a JWT.
fn part(assertion: &str, number: usize) -> Value {
    let part = assertion.split('.').nth(number).expect("three parts");
    let bytes = URL_SAFE_NO_PAD.decode(part).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn every_method_sends_its_assertion_and_nothing_else() {
    let secret = json!({"client_authentication": "Client secret JWT (HS256)"});
    for (params, algorithm) in [
        (secret, "HS256"),
        (with_key("RS256", RSA), "RS256"),
        (with_key("RS384", RSA), "RS384"),
        (with_key("RS512", RSA), "RS512"),
        (with_key("ES256", P256), "ES256"),
    ] {
        let server = Server::start(healthy::answer);
        let received = once(&server, &params);
        assert!(received.note(0).starts_with("### User:"), "{algorithm}");
        let requests = token_requests(&server);
        let [request] = requests.as_slice() else {
            panic!("{algorithm}: not one token request");
        };
        let assertion = assertion(request);
        assert_eq!(part(&assertion, 0), json!({"alg": algorithm, "typ": "JWT"}));
        let claims = part(&assertion, 1);
        let url = format!("http://{}/{ENVIRONMENT}/as/token", server.host());
        assert_eq!(
            (&claims["iss"], &claims["sub"], &claims["aud"]),
            (&json!(CLIENT), &json!(CLIENT), &json!(url))
        );
        let seconds = |name: &str| claims[name].as_i64().expect("seconds");
        assert_eq!(seconds("exp") - seconds("iat"), 300);
    }
}

#[test]
fn a_refused_assertion_is_sent_once() {
    for description in [
        "Request denied: Unsupported authentication method (Correlation ID: 1)",
        "Request denied: Invalid client credentials (Correlation ID: 1)",
    ] {
        let server = Server::start(move |_| {
            send(
                401,
                &json!({"error": "invalid_client", "error_description": description}),
            )
        });
        let received = once(&server, &with_key("ES256", P256));
        let text = received.error(0);
        assert!(
            text.contains(description) && text.contains("is Private Key JWT and that its JWKS"),
            "{text}"
        );
        assert_eq!(server.seen().len(), 1, "the secret is no alternative");
    }
}

/// A machine whose clock shows ten o'clock in the morning of 4 March 2026, and which does not really wait.
fn at_ten(request: Value) -> Received {
    let date = "2026-03-04T10:00:00Z".parse().expect("a time");
    let mut runner = Runner::with_simulated_waits(Env::default(), date);
    talk_with(&mut runner, json!({}), [Turn::new(request)])
}

#[test]
fn each_attempt_has_an_assertion_of_its_own() {
    let first = Mutex::new(None);
    let server = Server::start(move |seen| {
        let mut first = first.lock().expect("no panic");
        match first.as_ref() {
            None => {
                *first = Some(seen.body_text());
                reply(503, &[("Retry-After", "290")], "", "")
            }
            Some(first) => {
                let said = [first, &seen.body_text()].map(|body| body.replace(FORM, ""));
                send(
                    400,
                    &json!({"error": "odd", "error_description": said.join(" ")}),
                )
            }
        }
    });
    let mut params = with_key("ES256", P256);
    params["command_timeout"] = json!("600");
    let received = at_ten(get_user(&server.host(), &params));
    let sent = token_requests(&server);
    let [first, second] = sent.as_slice() else {
        panic!("not two attempts: {received:?}");
    };
    let [first, second] = [first, second].map(assertion);
    let [claims, later] = [&first, &second].map(|assertion| part(assertion, 1));
    assert_ne!(claims["jti"], later["jti"]);
    let seconds = |claims: &Value| claims["iat"].as_i64().expect("seconds");
    assert!(seconds(&later) >= seconds(&claims) + 290, "{later}");
    assert!(received.error(0).contains("<XX_REPLACED>"));
    for part in [first, second]
        .iter()
        .flat_map(|assertion| assertion.split('.'))
    {
        assert!(!received.everything_shown().contains(part), "{part}");
    }
}

#[test]
fn a_refused_assertion_is_told_with_the_wrong_clock() {
    let secret = json!({"client_authentication": "Client secret JWT (HS256)"});
    for (date, told) in [
        ("Wed, 04 Mar 2026 10:07:30 GMT", Some("7 minutes behind")),
        ("Wed, 04 Mar 2026 07:00:00 GMT", Some("3 hours ahead of")),
        ("Wed, 04 Mar 2026 10:00:40 GMT", None),
        ("soon", None),
    ] {
        let server = Server::start(move |_| {
            let body = json!({"error": "invalid_client", "error_description": "Request denied"});
            reply(401, &[("Date", date)], "application/json", body.to_string())
        });
        for (params, is_signed) in [
            (with_key("ES256", P256), true),
            (secret.clone(), true),
            (json!({}), false),
        ] {
            let received = at_ten(get_user(&server.host(), &params));
            let (text, told) = (received.error(0), told.filter(|_| is_signed));
            let told = told.map(|told| format!("\nThis machine's clock is {told} PingOne's.\n"));
            assert_eq!(
                text.contains("This machine's clock"),
                told.is_some(),
                "{text}"
            );
            assert!(told.is_none_or(|told| text.contains(&told)), "{text}");
        }
    }
}

#[test]
fn a_token_is_found_again_by_its_key_alone() {
    let server = Server::start(healthy::answer);
    let request = |params: &Value| get_user(&server.host(), params);
    let key = with_key("ES256", P256);
    let first = process(&json!({}), request(&key));
    assert_eq!(first.stored.len(), 1);
    let stored = first.context.to_string();
    for line in P256.lines() {
        assert!(!stored.contains(line), "{stored}");
    }
    assert!(!stored.contains("eyJ"), "an assertion: {stored}");

    let same = with_key("ES256", &P256.replace('\n', " "));
    let second = process(&first.context, request(&same));
    assert!(second.note(0).starts_with("### User:"));
    assert_eq!(token_requests(&server).len(), 1);

    let another = PrivateKey::generate_pem().expect("a key");
    let mut renamed = key.clone();
    renamed["key_id"] = json!("another");
    for (number, params) in [with_key("ES256", &another), renamed, json!({})]
        .iter()
        .enumerate()
    {
        process(&first.context, request(params));
        assert_eq!(token_requests(&server).len(), 2 + number);
    }
}

#[test]
fn an_echo_reveals_neither_key_nor_assertion() {
    for (algorithm, pem) in [("ES256", P256), ("RS256", RSA)] {
        for echoes_token_request in [true, false] {
            let server = Server::start(move |seen| {
                let body = seen.body_text();
                let assertion = body.strip_prefix(FORM).unwrap_or_default();
                let said = [assertion, &STANDARD.encode(assertion), pem].join(" ");
                if assertion.is_empty() {
                    let details = json!([{"message": pem.replace('\n', " ")}]);
                    send(
                        400,
                        &json!({"code": "ODD", "message": said, "details": details}),
                    )
                } else if echoes_token_request {
                    send(400, &json!({"error": "odd", "error_description": said}))
                } else {
                    healthy::answer(seen)
                }
            });
            let mut request = get_user(&server.host(), &with_key(algorithm, pem));
            request["args"]["debug-mode"] = json!("true");
            let received = process(&json!({}), request);
            received.error(0);
            let shown = received.everything_shown();
            assert!(shown.contains("<XX_REPLACED>"), "{shown}");
            for line in pem.lines().filter(|line| !line.starts_with('-')) {
                assert!(!shown.contains(line), "{shown}");
            }
            let sent = token_requests(&server);
            for part in assertion(&sent[0]).split('.') {
                assert!(!shown.contains(part), "{shown}");
                assert!(!shown.contains(&STANDARD.encode(part)), "{shown}");
            }
        }
    }
}
