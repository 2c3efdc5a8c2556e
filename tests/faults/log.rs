//! The log: no secret in it, whoever brings it there, nothing that a terminal obeys, and in debug mode every call.

use pingone_xsoar::{env::Env, run::Runner};
use serde_json::{Value, json};

use crate::{
    conversation::{Received, Turn, talk, talk_with},
    healthy::{self, CLIENT_SECRET, ENVIRONMENT, TOKEN, USER, get_user},
    process,
    server::{Answer, Server, Step, json as send},
};

const CALLED: &str = "Command being called is pingone-get-user";

fn once(request: Value) -> Received {
    talk(Env::default(), [Turn::new(request)])
}

#[test]
fn an_error_marker_in_a_stored_value_is_plain_text() {
    for marker in ["$$##", "[ERROR-fd5a7750-7182-4b38-90ba-091824478903]"] {
        let server = Server::start(healthy::answer);
        let note = format!("{TOKEN} {marker} {TOKEN}");
        let received = talk_with(
            &mut Runner::live(Env::default()),
            json!({"note": note}),
            [Turn::new(get_user(&server.host(), &json!({})))],
        );
        assert!(received.note(0).starts_with("### User:"));
        assert_eq!(received.log, [CALLED]);
        assert_eq!(received.context["note"], json!(note));
        assert!(
            received.context["pingone_token"].is_string(),
            "it is stored"
        );
    }
}

/// Requests in which somebody put the client secret where it does not belong.
fn misplaced_secrets(host: &str) -> Vec<Value> {
    let ask = |command: &str, args: Value| healthy::request(host, command, &args, &json!({}));
    vec![
        ask("pingone-get-user", json!({"username": CLIENT_SECRET})),
        ask("pingone-get-user", json!({"userId": CLIENT_SECRET})),
        ask(
            "pingone-get-user",
            json!({"userId": USER, CLIENT_SECRET: "x"}),
        ),
        ask(
            "pingone-list-users",
            json!({"population": CLIENT_SECRET, "limit": CLIENT_SECRET}),
        ),
        ask(CLIENT_SECRET, json!({})),
    ]
}

#[test]
fn a_secret_in_an_argument_is_not_logged() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "GET" if seen.target.contains("filter=") => send(200, &healthy::page("users", &[])),
        _ => healthy::answer(seen),
    });
    for request in misplaced_secrets(&server.host()) {
        let received = once(request.clone());
        let log = received.log.join("\n");
        assert!(!log.contains(CLIENT_SECRET), "{log}");
        let ended = process::run(&[], format!("{request}\n").as_bytes());
        assert!(!ended.stderr.contains(CLIENT_SECRET), "{}", ended.stderr);
    }
    let unknown = &misplaced_secrets(&server.host())[0];
    assert_eq!(
        once(unknown.clone()).log[1],
        "Failed to execute pingone-get-user command. Error: Failed to find user for <XX_REPLACED> username."
    );
}

#[test]
fn log_lines_cannot_control_a_terminal() {
    let server = Server::start(|seen| match seen.method.as_str() {
        "GET" => send(
            400,
            &json!({"code": "X\u{9b}2J", "message": "\u{1b}]0;owned\u{7}\r\u{202e}txt"}),
        ),
        _ => healthy::answer(seen),
    });
    let request = get_user(&server.host(), &json!({}));
    let ended = process::run(&[], format!("{request}\n").as_bytes());
    let shown = "X\\u{9b}2J: \\u{1b}]0;owned\\u{7}\\u{d}\\u{202e}txt\n";
    assert!(ended.stderr.contains(shown), "{}", ended.stderr);
    let is_obeyed = |one: char| (one.is_control() && one != '\n') || one == '\u{202e}';
    assert!(!ended.stderr.contains(is_obeyed), "{:?}", ended.stderr);
}

/// A log of calls with the seconds taken out, which differ.
fn calls(received: &Received) -> Vec<String> {
    let lines = received.log.iter().flat_map(|text| text.lines());
    lines
        .skip_while(|line| *line != "Calls to PingOne:")
        .skip(1)
        .map(|call| {
            let (call, rest) = call.split_once(", attempt ").expect("which attempt");
            let (number, rest) = rest.split_once(", ").expect("how long");
            let (seconds, outcome) = rest.split_once(" s: ").expect("what came");
            assert!(
                seconds.parse::<f64>().is_ok_and(|seconds| seconds < 10.0),
                "{seconds}"
            );
            format!("{call} #{number} {outcome}")
        })
        .collect()
}

fn debugged(mut request: Value) -> Value {
    request["context"]["IsDebug"] = json!(true);
    request
}

fn token_call() -> String {
    format!("POST /{ENVIRONMENT}/as/token #1 200")
}

fn user_call() -> String {
    format!("GET {}/users/{USER}", healthy::base())
}

#[test]
fn debug_mode_logs_every_call_and_no_secret() {
    let server = Server::start(healthy::answer);
    let usual = get_user(&server.host(), &json!({}));
    assert_eq!(once(usual.clone()).log, [CALLED], "not without being asked");
    let mut by_argument = usual.clone();
    by_argument["args"]["debug-mode"] = json!("true");
    for request in [debugged(usual), by_argument] {
        let received = once(request.clone());
        assert_eq!(
            received.log.len(),
            1,
            "one round trip for all of them: {:?}",
            received.log
        );
        assert_eq!(
            calls(&received),
            [token_call(), format!("{} #1 200", user_call())]
        );
        let ended = process::run(&[], format!("{request}\n").as_bytes());
        let lines: Vec<&str> = ended.stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{}", ended.stderr);
        assert!(lines[1].starts_with(&format!("debug: {}, attempt 1, ", user_call())));
        for secret in [CLIENT_SECRET, TOKEN] {
            assert!(!received.log.join("\n").contains(secret) && !ended.stderr.contains(secret));
        }
    }
}

/// Answers the token request; everything else as `answer` says.
fn after_the_token(answer: fn() -> Answer) -> Server {
    Server::start(move |seen| match seen.method.as_str() {
        "POST" => healthy::answer(seen),
        _ => answer(),
    })
}

#[test]
fn debug_mode_logs_the_calls_of_a_command_that_fails_too() {
    let refuses = after_the_token(|| send(503, &json!({})));
    let more = json!({"max_retries": "1"});
    let received = once(debugged(get_user(&refuses.host(), &more)));
    assert!(received.error(0).contains("[503]"));
    let tries = [1, 2].map(|number| format!("{} #{number} 503", user_call()));
    assert_eq!(
        calls(&received),
        [vec![token_call()], tries.to_vec()].concat()
    );

    let holds = after_the_token(|| vec![Step::Hold]);
    for (more, end) in [
        (
            json!({"request_timeout": "0.2", "max_retries": "0"}),
            "in time",
        ),
        (
            json!({"command_timeout": "0.3", "max_retries": "5"}),
            "in time",
        ),
    ] {
        let received = once(debugged(get_user(&holds.host(), &more)));
        assert!(received.error(0).contains(end), "{}", received.error(0));
        let calls = calls(&received);
        assert_eq!(calls.first(), Some(&token_call()));
        let last = calls.last().expect("a call");
        assert!(last.starts_with(&format!("{} #", user_call())), "{last}");
        assert!(last.contains("did not answer"), "{last}");
    }
}
