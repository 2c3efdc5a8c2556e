//! The built executable in the one-way mode: requests on stdin, answers on stdout, the log on stderr, and
//! nobody who answers. The two-way mode is in `serve.rs`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    http_server::Answer,
    program::{self, Program},
    requests::{
        ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, EMMA, POPULATION, completed, entry, get_emma, path,
        pingone, pong, refusal, refused, request, token_call, user,
    },
};

/// Asserts that a message says that something was no request.
fn assert_exception(message: &Value) {
    let reason = message["args"]["exception"].as_str().unwrap_or_default();
    assert!(
        message["type"] == "exception"
            && reason.starts_with("The input line is not an XSOAR request: "),
        "{message}"
    );
}

#[test]
fn ping_is_answered_by_pong() {
    let ended = Program::answer(&[], "ping\nping\r\n");
    assert_eq!(ended.messages, [pong(), pong()]);
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.log, "");
}

#[test]
fn requests_are_answered_in_order_and_each_is_completed() {
    let input = format!(
        "{}\nping\n{}\n{}\n",
        refused("one"),
        refused("two"),
        refused("three")
    );
    let ended = Program::answer(&[], &input);
    assert_eq!(
        ended.messages,
        [
            refusal("one"),
            completed(),
            pong(),
            refusal("two"),
            completed(),
            refusal("three"),
            completed()
        ]
    );
    assert_eq!(ended.code, Some(0));
}

#[test]
fn an_answer_comes_while_stdin_is_open() {
    let mut program = Program::start(&[]);
    for id in ["one", "two"] {
        program.send(&refused(id).to_string());
        assert_eq!(program.next(), refusal(id));
        assert_eq!(program.next(), completed());
    }
    program.close();
    assert_eq!(program.end().code, Some(0));
}

#[test]
fn a_native_request_ends_the_process_while_stdin_is_open() {
    let mut program = Program::start(&[]);
    let mut native = refused("one");
    native["native"] = json!(true);
    program.send(&native.to_string());
    let ended = program.end();
    assert_eq!(ended.messages, [refusal("one"), completed()]);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn the_process_ends_with_its_input() {
    let ended = Program::answer(&[], "");
    assert_eq!((ended.messages.len(), ended.code), (0, Some(0)));
    // The last line needs no newline.
    let ended = Program::answer(&[], &refused("one").to_string());
    assert_eq!(ended.messages, [refusal("one"), completed()]);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn malformed_requests_are_errors_and_the_next_line_is_served() {
    for garbage in [
        "hello",
        "[]",
        r#"["test-module"]"#,
        r#""test-module""#,
        "{}",
        r#"{"command":7}"#,
        r#"{"command":"test-module","args":"none"}"#,
        r#"{"command":"test-module"}}"#,
        "\u{fffd}",
    ] {
        let ended = Program::answer(&[], &format!("{garbage}\n{}\n", refused("next")));
        let [exception, rest @ ..] = &ended.messages[..] else {
            panic!("{garbage}: no answer");
        };
        assert_exception(exception);
        assert_eq!(
            rest,
            [completed(), refusal("next"), completed()],
            "{garbage}"
        );
        assert_eq!(ended.code, Some(0), "{garbage}");
    }
}

#[test]
fn a_request_may_be_spread_over_lines() {
    let pretty = serde_json::to_string_pretty(&refused("one")).expect("JSON");
    let ended = Program::answer(&[], &format!("{pretty}\n{pretty}"));
    assert_eq!(
        ended.messages,
        [refusal("one"), completed(), refusal("one"), completed()]
    );
}

#[test]
fn a_broken_join_is_told_and_the_newest_line_is_read_afresh() {
    let input = format!("{{\"command\": \"lost\",\n{}\n", refused("kept"));
    let ended = Program::answer(&[], &input);
    assert_exception(&ended.messages[0]);
    assert_eq!(
        ended.messages[1..],
        [completed(), refusal("kept"), completed()]
    );
    // The input ends in the middle of a request.
    let ended = Program::answer(&[], "{\"command\":\n");
    assert_exception(&ended.messages[0]);
    assert_eq!(ended.messages[1..], [completed()]);
    assert_eq!(ended.code, Some(0));
}

#[test]
fn a_request_with_the_servers_script_is_served() {
    let mut large = refused("one");
    large["script"] = json!("import demistomock as demisto  # ä\n\t\"quoted\"\n".repeat(10_000));
    let line = large.to_string();
    assert!(line.len() > 490_000, "{} bytes", line.len());
    let ended = Program::answer(&[], &format!("{line}\n{line}\n"));
    assert_eq!(
        ended.messages,
        [refusal("one"), completed(), refusal("one"), completed()]
    );
}

#[test]
fn blank_lines_and_a_byte_order_mark_are_ignored() {
    let input = format!("\u{feff}{}\r\n\n \t\r\nping\n\n", refused("one"));
    let ended = Program::answer(&[], &input);
    assert_eq!(ended.messages, [refusal("one"), completed(), pong()]);
}

#[test]
fn closed_stdout_ends_the_process_quietly() {
    let (code, log) = program::unread("ping\nping\nping\n");
    assert_eq!(log, "");
    assert_eq!(code, Some(1));
}

#[test]
fn one_way_mode_never_calls_the_server() {
    let server = pingone();
    let mut program = Program::start(&[]);
    for _ in 0..2 {
        program.send(&get_emma(&server).to_string());
        let result = program.next();
        assert_eq!(entry(&result)["Type"], 1, "{result}");
        assert_eq!(program.next(), completed());
    }
    program.close();
    let ended = program.end();
    assert_eq!(ended.messages, Vec::<Value>::new());
    assert_eq!(ended.log, "", "nothing to tell");
    // One token serves both.
    let read = format!("GET {}", path(&format!("/users/{EMMA}")));
    assert_eq!(server.calls(), [token_call(), read.clone(), read]);
}

#[test]
fn requests_to_pingone_carry_the_required_headers() {
    let server = pingone();
    let ended = Program::answer(&[], &get_emma(&server).to_string());
    assert_eq!(entry(&ended.messages[0])["Type"], 1);
    let calls = server.requests();
    let [token, read] = &calls[..] else {
        panic!("{calls:?}")
    };
    // RFC 6749, section 2.3.1: both parts are encoded before they become Basic.
    let [_, basic] = basic_forms();
    assert_eq!(
        token.header("authorization"),
        Some(&*format!("Basic {basic}"))
    );
    assert_eq!(
        token.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(token.body_text(), "grant_type=client_credentials");
    assert_eq!(
        read.header("authorization"),
        Some(&*format!("Bearer {ACCESS_TOKEN}"))
    );
    assert!(read.body.is_empty());
    assert!(
        read.header("user-agent")
            .is_some_and(|agent| agent.starts_with("pingone-xsoar/")),
        "{read:?}"
    );
    assert_eq!(
        token.connection, read.connection,
        "one host, one connection"
    );
}

/// Forms in which an answer may hold a secret: as it is, in JSON, in base64, in a URL.
fn forms(secret: &str) -> [String; 4] {
    let json = json!(secret).to_string();
    [
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        STANDARD.encode(secret),
        secret
            .replace('/', "%2F")
            .replace(' ', "%20")
            .replace('"', "%22")
            .replace('+', "%2B"),
    ]
}

/// What stands in the Authorization header of the token request, and what would without encoding both parts.
fn basic_forms() -> [String; 2] {
    let [plain, _, _, encoded] = forms(CLIENT_SECRET);
    [plain, encoded].map(|secret| STANDARD.encode(format!("{CLIENT_ID}:{secret}")))
}

#[test]
fn no_secret_comes_out_even_if_pingone_echoes_it() {
    const NEW_PASSWORD: &str = r#"correct horse/"battery"+"#;
    let server = pingone();
    let echoed: Vec<String> = [CLIENT_SECRET, ACCESS_TOKEN, NEW_PASSWORD]
        .iter()
        .flat_map(|secret| forms(secret))
        .chain(basic_forms())
        .collect();
    let found = json!({"_embedded": {"users": [user(EMMA, "emma.sharp")]}});
    server.on("GET", &path("/users?filter="), Answer::json(200, &found));
    let body = json!({
        "id": "7b1f", "code": "INVALID_DATA", "message": echoed.join(" ; "),
        "details": [{"target": "password", "message": echoed.join(" ; "), "code": "INVALID_VALUE"}],
    });
    server.on(
        "PUT",
        &path(&format!("/users/{EMMA}/password")),
        Answer::json(400, &body).with_header("correlation-id", &format!("c-1 {ACCESS_TOKEN}")),
    );
    let args = json!({"username": "emma.sharp", "password": NEW_PASSWORD, "note": NEW_PASSWORD});
    let request = request(&server.url(), "pingone-set-password", &args);
    let ended = Program::answer(&[], &request.to_string());
    let contents = entry(&ended.messages[0])["Contents"]
        .as_str()
        .unwrap_or_default();
    assert!(
        contents.contains(
            "Error in API call [400] - Bad Request\nINVALID_DATA: <XX_REPLACED> ; <XX_REPLACED>"
        ) && contents.ends_with("\nCorrelation id: c-1 <XX_REPLACED>"),
        "the echo reached the entry: {contents}"
    );
    assert!(
        ended
            .log
            .contains("info: pingone-set-password has no argument \"note\"; it is ignored\n")
            && ended.log.contains("Error in API call [400]"),
        "the error reached the log: {}",
        ended.log
    );
    for form in echoed {
        assert!(
            !contents.contains(&form),
            "{form} is in the entry: {contents}"
        );
        assert!(
            !ended.log.contains(&form),
            "{form} is in the log: {}",
            ended.log
        );
    }
}

/// PingOne, or whoever stands before it, closes connections that idle. The next request of the same process
/// must not be sent into a closed one: it would be lost, and a create is not sent twice. Worst is a process that
/// had no time to look at its connections in between: one request keeps it busy with its log, which nobody
/// reads, while the connection is closed and the next request waits.
#[test]
fn a_post_after_an_idle_connection_was_closed_arrives_once() {
    let server = pingone();
    let created = "9bc53389-f806-47b6-9480-ab1e3c6269b5";
    server.on(
        "POST",
        &path("/users"),
        Answer::json(201, &user(created, "richard.smith")),
    );
    let args = json!({"username": "richard.smith", "populationId": POPULATION});
    let create = request(&server.url(), "pingone-create-user", &args);
    let assert_created = |result: &Value| {
        let text = entry(result)["HumanReadable"].as_str().unwrap_or_default();
        assert!(
            text.starts_with("### PingOne user created: richard.smith\n"),
            "{result}"
        );
    };
    let mut program = Program::start_unlogged(&[]);
    program.send(&create.to_string());
    assert_created(&program.next());
    assert_eq!(program.next(), completed());

    let mut busy = refused("busy");
    // The log tells of an unknown argument, here with more than a pipe holds.
    busy["args"]["x".repeat(1 << 20)] = json!(1);
    program.send(&format!("{busy}\n{create}"));
    let begun = "info: pingone-get-user has no argument \"xxx";
    assert_eq!(program.read_log(begun.len()), begun);
    server.close_connections();
    program.log();
    assert_eq!(program.next(), refusal("busy"));
    assert_eq!(program.next(), completed());
    assert_created(&program.next());
    assert_eq!(program.next(), completed());

    let post = format!("POST {}", path("/users"));
    let calls: Vec<(String, usize)> = server
        .requests()
        .into_iter()
        .map(|call| (call.call(), call.connection))
        .collect();
    assert_eq!(calls, [(token_call(), 0), (post.clone(), 0), (post, 1)]);
}

#[test]
fn operations_without_a_body_say_so() {
    let server = pingone();
    let found = json!({"_embedded": {"users": [user(EMMA, "emma.sharp")]}});
    server.on("GET", &path("/users?filter="), Answer::json(200, &found));
    server.on(
        "POST",
        &path(&format!("/users/{EMMA}/password")),
        Answer::empty(204),
    );
    // The answer does not tell the new state, so it is asked for.
    server.on(
        "GET",
        &path(&format!("/users/{EMMA}/password")),
        Answer::json(200, &json!({"status": "MUST_CHANGE_PASSWORD"})),
    );
    let request = request(
        &server.url(),
        "pingone-password-force-change",
        &json!({"username": "emma.sharp"}),
    );
    let ended = Program::answer(&[], &request.to_string());
    assert_eq!(
        entry(&ended.messages[0])["HumanReadable"],
        "emma.sharp password was set to force change."
    );
    let calls = server.requests();
    let call = calls.iter().rfind(|call| call.method == "POST");
    let call = call.expect("the forced change");
    assert_eq!(
        call.header("content-type"),
        Some("application/vnd.pingidentity.password.forceChange")
    );
    assert_eq!(call.header("content-length"), Some("0"));
}

#[test]
fn command_line_options_do_not_disturb_the_protocol() {
    let help = program::run(&["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&help.stdout).contains("replay"));
    let unknown = program::run(&["reply"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(unknown.stdout.is_empty());
    let stderr = String::from_utf8_lossy(&unknown.stderr);
    assert!(stderr.contains("replay"), "a suggestion: {stderr}");
    let superfluous = program::run(&["serve", "now"]);
    assert!(!superfluous.status.success() && superfluous.stdout.is_empty());
}
