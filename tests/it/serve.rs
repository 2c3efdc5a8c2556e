//! The built executable in the two-way mode, `pingone-xsoar serve`: strictly one line one message, calls of the
//! server that wait for exactly one reply line, and the token in the integration context. The test plays the
//! server; PingOne is a server on loopback.

use serde_json::{Value, json};

use crate::{
    http_server::{Answer, HttpServer},
    program::{Ended, Program},
    requests::{
        ACCESS_TOKEN, CLIENT_SECRET, EMMA, ENVIRONMENT, completed, entry, get_emma, path, pingone,
        pong, refusal, refused, request, token_call, user,
    },
};

/// The error marker of servers that run, and that of the published example.
const MARKERS: [&str; 2] = ["[ERROR-fd5a7750-7182-4b38-90ba-091824478903]", "$$##"];

/// XSOAR's server: it keeps an integration context and answers calls.
struct Xsoar {
    /// What `getIntegrationContext` is answered with, one after the other, the last for good.
    contexts: Vec<String>,
    /// The same for `setIntegrationContext`.
    stored: Vec<String>,
    /// What `getLastRun` is answered with.
    last_run: String,
    /// What `setLastRun` is answered with.
    last_run_stored: String,
}

impl Default for Xsoar {
    fn default() -> Self {
        Self {
            contexts: Vec::new(),
            stored: Vec::new(),
            last_run: "{}".to_owned(),
            last_run_stored: "{}".to_owned(),
        }
    }
}

impl Xsoar {
    /// A server of version 6.0 or later that keeps `context`.
    fn keeping(context: &Value) -> Self {
        Self {
            contexts: vec![versioned(context, 7)],
            stored: vec!["null".to_owned()],
            ..Self::default()
        }
    }

    /// The reply to a call.
    fn reply(&mut self, call: &Value) -> String {
        let replies = match (call["type"].as_str(), call["command"].as_str()) {
            (Some("log"), _) => return "null".to_owned(),
            (_, Some("getIntegrationContext")) => &mut self.contexts,
            (_, Some("setIntegrationContext")) => &mut self.stored,
            (_, Some("getLastRun")) => return self.last_run.clone(),
            (_, Some("setLastRun")) => return self.last_run_stored.clone(),
            _ => panic!("XSOAR has no such call: {call}"),
        };
        if replies.len() > 1 {
            replies.remove(0)
        } else {
            replies[0].clone()
        }
    }

    /// Sends a request and answers every call until it is completed. Gives everything that was written.
    /// Between a call and its reply the server asks whether the process lives: its answer has to be the very
    /// next line, so nothing was written without waiting for the reply.
    fn serve(&mut self, program: &mut Program, request: &Value) -> Vec<Value> {
        program.send(&request.to_string());
        let mut messages = Vec::new();
        while messages.last() != Some(&completed()) {
            let message = program.next();
            if is_call(&message) {
                program.send("ping");
                assert_eq!(
                    program.next(),
                    pong(),
                    "something was written before the reply to {message}"
                );
                program.send(&self.reply(&message));
            }
            messages.push(message);
        }
        messages
    }

    /// The same with a process of its own.
    fn serve_alone(&mut self, request: &Value) -> Vec<Value> {
        let mut program = Program::start(&["serve"]);
        let messages = self.serve(&mut program, request);
        program.close();
        assert_end(program.end());
        messages
    }
}

fn is_call(message: &Value) -> bool {
    message["type"] == "log" || message["type"] == "executeCommand"
}

/// The end of a process that said all it had to say.
fn assert_end(ended: Ended) {
    let Ended {
        code,
        messages,
        log,
    } = ended;
    assert_eq!(messages, Vec::<Value>::new());
    assert_eq!(code, Some(0));
    assert_eq!(log, "", "in this mode the log goes to the server");
}

/// The reply of servers since 6.0.
fn versioned(context: &Value, number: u32) -> String {
    json!({"context": context, "version": version(number)}).to_string()
}

fn version(number: u32) -> Value {
    json!({"version": number, "sequenceNumber": 1000 + number, "primaryTerm": 3})
}

fn log_line(level: &str, text: &str) -> Value {
    json!({"type": "log", "command": level, "args": {"args": [text]}})
}

fn called(command: &str) -> Value {
    log_line("debug", &format!("Command being called is {command}"))
}

fn get_context() -> Value {
    json!({"type": "executeCommand", "command": "getIntegrationContext", "args": {"refresh": true}})
}

/// The arguments of the calls that store the integration context.
fn stored(messages: &[Value]) -> Vec<&Value> {
    messages
        .iter()
        .filter(|message| message["command"] == "setIntegrationContext")
        .map(|message| &message["args"])
        .collect()
}

/// The types of what was written; `get` and `set` are calls about the integration context.
fn names(messages: &[Value]) -> Vec<&'static str> {
    let name = |message: &Value| match (message["type"].as_str(), message["command"].as_str()) {
        (Some("executeCommand"), Some("getIntegrationContext")) => "get",
        (Some("executeCommand"), Some("setIntegrationContext")) => "set",
        (Some("executeCommand"), Some("getLastRun")) => "get last run",
        (Some("executeCommand"), Some("setLastRun")) => "set last run",
        (Some("exception"), _) => "exception",
        (Some("log"), _) => "log",
        (Some("result"), _) => "result",
        (Some("completed"), _) => "completed",
        _ => panic!("unexpected: {message}"),
    };
    messages.iter().map(name).collect()
}

/// The texts of the log lines.
fn logged(messages: &[Value]) -> Vec<String> {
    messages
        .iter()
        .filter(|message| message["type"] == "log")
        .flat_map(|message| {
            let text = message["args"]["args"][0].as_str().unwrap_or_default();
            text.lines().map(str::to_owned)
        })
        .collect()
}

fn assert_success(messages: &[Value]) {
    let result = messages.iter().find(|message| message["type"] == "result");
    let result = result.expect("a result");
    assert_eq!(entry(result)["Type"], 1, "{result}");
}

/// How often a token was asked for.
fn token_requests(server: &HttpServer) -> usize {
    let names = server.calls();
    names.iter().filter(|name| **name == token_call()).count()
}

#[test]
fn log_lines_go_to_the_server_and_wait_for_its_reply() {
    let mut request = refused("abc");
    request["args"]["novelty"] = json!("x");
    let mut messages = Xsoar::keeping(&json!({})).serve_alone(&request);
    // Whether the integration context is read before the id is looked at is of no concern here.
    messages.retain(|message| *message != get_context());
    let refusal = refusal("abc");
    let text = entry(&refusal)["Contents"].as_str().expect("a text");
    assert_eq!(
        messages,
        [
            called("pingone-get-user"),
            log_line(
                "info",
                &format!("pingone-get-user has no argument \"novelty\"; it is ignored\n{text}")
            ),
            refusal.clone(),
            completed(),
        ]
    );
}

#[test]
fn a_fresh_token_is_stored_beside_what_was_there() {
    let server = pingone();
    let other = json!({"deep": [1, null, "ä"]});
    let mut xsoar = Xsoar::keeping(&json!({"other": other, "pingone_token": "not a token"}));
    let messages = xsoar.serve_alone(&get_emma(&server));
    assert_success(&messages);
    assert_eq!(
        names(&messages),
        ["get", "set", "log", "result", "completed"]
    );
    assert_eq!(messages[0], get_context());
    assert_eq!(
        logged(&messages),
        ["Command being called is pingone-get-user"]
    );
    let [stored] = stored(&messages)[..] else {
        panic!("stored more than once")
    };
    assert_eq!(
        stored["version"],
        version(7),
        "the version that was read is given back"
    );
    assert_eq!(stored["sync"], json!(true));
    assert_eq!(stored["value"]["other"], other);
    assert_eq!(
        stored["value"].as_object().map(serde_json::Map::len),
        Some(2),
        "{stored}"
    );
    // XSOAR's own helpers expect texts as values.
    let token = stored["value"]["pingone_token"].as_str().expect("a text");
    assert!(token.contains(ACCESS_TOKEN));
    assert!(
        !stored.to_string().contains(CLIENT_SECRET) && !token.contains("the-client"),
        "the client secret is stored: {token}"
    );
}

#[test]
fn a_server_before_six_gives_the_bare_context_and_gets_no_version() {
    let server = pingone();
    for (reply, other) in [
        (json!({"other": "kept"}), true),
        (json!({}), false),
        (Value::Null, false),
    ] {
        let mut xsoar = Xsoar {
            contexts: vec![reply.to_string()],
            stored: vec!["{}".to_owned()],
            ..Xsoar::default()
        };
        let messages = xsoar.serve_alone(&get_emma(&server));
        assert_success(&messages);
        let [stored] = stored(&messages)[..] else {
            panic!("{messages:?}")
        };
        let members: Vec<&String> = stored.as_object().expect("arguments").keys().collect();
        assert_eq!(members, ["value"]);
        assert!(stored["value"]["pingone_token"].is_string());
        assert_eq!(stored["value"]["other"].as_str(), other.then_some("kept"));
    }
}

#[test]
fn a_version_conflict_is_resolved_by_rereading() {
    for marker in MARKERS {
        let server = pingone();
        let mut xsoar = Xsoar {
            contexts: vec![
                versioned(&json!({"other": "old"}), 1),
                versioned(&json!({"other": "new"}), 2),
            ],
            stored: vec![format!("{marker}version conflict"), "{}".to_owned()],
            ..Xsoar::default()
        };
        let messages = xsoar.serve_alone(&get_emma(&server));
        assert_success(&messages);
        assert_eq!(
            names(&messages),
            ["get", "set", "get", "set", "log", "result", "completed"]
        );
        let attempts: Vec<(&Value, &Value)> = stored(&messages)
            .into_iter()
            .map(|stored| (&stored["value"]["other"], &stored["version"]))
            .collect();
        assert_eq!(
            attempts,
            [(&json!("old"), &version(1)), (&json!("new"), &version(2))],
            "what the other process wrote is kept"
        );
    }
}

#[test]
fn a_context_that_cannot_be_written_costs_nothing_but_the_token() {
    let server = pingone();
    let mut xsoar = Xsoar::keeping(&json!({}));
    // A server may show what it refused.
    xsoar.stored = vec![format!("{}refused: {ACCESS_TOKEN}", MARKERS[0])];
    let messages = xsoar.serve_alone(&get_emma(&server));
    assert_success(&messages);
    assert_eq!(stored(&messages).len(), 3, "three tries");
    assert_eq!(
        logged(&messages),
        [
            "Command being called is pingone-get-user",
            "Cannot cache the access token: refused: <XX_REPLACED>"
        ]
    );
}

#[test]
fn a_context_that_cannot_be_read_costs_nothing_but_the_token() {
    for marker in MARKERS {
        let server = pingone();
        let mut xsoar = Xsoar::keeping(&json!({}));
        xsoar.contexts = vec![format!("{marker}no such instance")];
        let messages = xsoar.serve_alone(&get_emma(&server));
        assert_success(&messages);
        assert_eq!(
            names(&messages),
            ["get", "get", "log", "log", "result", "completed"]
        );
        assert_eq!(
            logged(&messages),
            [
                "Command being called is pingone-get-user",
                "Cannot read the integration context: no such instance",
                "Cannot cache the access token: no such instance"
            ]
        );
    }
}

#[test]
fn odd_replies_are_harmless() {
    for reply in [
        "7",
        "[]",
        "\"text\"",
        "",
        "{",
        "true",
        r#"{"context":7,"version":1}"#,
    ] {
        let server = pingone();
        let mut xsoar = Xsoar::keeping(&json!({}));
        xsoar.contexts = vec![reply.to_owned()];
        let messages = xsoar.serve_alone(&get_emma(&server));
        assert_success(&messages);
        assert_eq!(
            stored(&messages),
            Vec::<&Value>::new(),
            "what cannot be read must not be overwritten: {reply}"
        );
    }
}

#[test]
fn the_test_button_leaves_the_integration_context_alone() {
    let server = pingone();
    server.on(
        "GET",
        &path("/users?limit=1"),
        Answer::json(200, &json!({"_embedded": {"users": []}})),
    );
    let test = request(&server.url(), "test-module", &json!({}));
    let messages = Xsoar::keeping(&json!({})).serve_alone(&test);
    assert_eq!(messages[0], called("test-module"));
    assert_eq!(names(&messages), ["log", "result", "completed"]);
    assert_eq!(entry(&messages[1])["Contents"], "ok");
}

#[test]
fn a_fetch_stores_its_last_run_after_the_answer() {
    for (reply, warns) in [("{}", false), ("null", false), ("", true), ("ok", true)] {
        let server = pingone();
        let nothing = json!({"_embedded": {"activities": []}});
        server.on("GET", &path("/activities"), Answer::json(200, &nothing));
        let mut xsoar = Xsoar::keeping(&json!({}));
        xsoar.last_run_stored = reply.to_owned();
        let fetch = request(&server.url(), "fetch-incidents", &json!({}));
        let messages = xsoar.serve_alone(&fetch);
        let mut names = names(&messages);
        names.retain(|name| !["get", "set"].contains(name));
        let mut wanted = vec!["get last run", "log", "result", "set last run"];
        wanted.extend(warns.then_some("log"));
        wanted.push("completed");
        assert_eq!(names, wanted);
    }
}

#[test]
fn a_fetch_without_its_last_run_is_an_exception() {
    for reply in [
        format!("{}no instance", MARKERS[0]),
        "[]".to_owned(),
        "{".to_owned(),
    ] {
        let server = pingone();
        let mut xsoar = Xsoar::keeping(&json!({}));
        xsoar.last_run = reply;
        let fetch = request(&server.url(), "fetch-incidents", &json!({}));
        let messages = xsoar.serve_alone(&fetch);
        let names = names(&messages);
        assert_eq!(names[names.len() - 2..], ["exception", "completed"]);
        assert!(!names.contains(&"set last run") && !names.contains(&"result"));
        let text = &messages[messages.len() - 2]["args"]["exception"];
        let text = text.as_str().expect("a text");
        assert!(
            text.starts_with(
                "Failed to execute fetch-incidents command. Error: Cannot read the last run: "
            ),
            "{text}"
        );
    }
}

/// What a first process leaves in the integration context.
fn context_after_one_process(server: &HttpServer) -> Value {
    let messages = Xsoar::keeping(&json!({})).serve_alone(&get_emma(server));
    stored(&messages)[0]["value"].clone()
}

#[test]
fn a_second_process_uses_the_stored_token() {
    let server = pingone();
    let context = context_after_one_process(&server);
    for reply in [versioned(&context, 9), context.to_string()] {
        let mut xsoar = Xsoar::keeping(&json!({}));
        xsoar.contexts = vec![reply];
        let messages = xsoar.serve_alone(&get_emma(&server));
        assert_success(&messages);
        assert_eq!(names(&messages), ["get", "log", "result", "completed"]);
    }
    assert_eq!(token_requests(&server), 1);
    let calls = server.requests();
    assert_eq!(
        calls
            .last()
            .and_then(|call| call.header("authorization").map(str::to_owned)),
        Some(format!("Bearer {ACCESS_TOKEN}"))
    );
}

#[test]
fn a_second_process_knows_which_verification_is_pending() {
    const ID: &str = "3f0d9c1e-6b52-4a57-9d0e-8c1f7a2b4d60";
    // Routes match by prefix, so the longer address comes first.
    let server = HttpServer::start();
    let phone =
        json!({"id": "66c529e8-1cb3-4ef8-80cd-199f895b7001", "type": "MOBILE", "status": "ACTIVE"});
    let devices = json!({"_embedded": {"devices": [phone]}, "count": 1, "size": 1});
    server.on(
        "GET",
        &path(&format!("/users/{EMMA}/devices")),
        Answer::json(200, &devices),
    );
    let token = json!({"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 3600});
    server.on(
        "POST",
        &format!("/{ENVIRONMENT}/as/token"),
        Answer::json(200, &token),
    );
    let push = json!({"id": ID, "user": {"id": EMMA}, "status": "PUSH_CONFIRMATION_REQUIRED"});
    for method in ["POST", "GET"] {
        server.on(
            method,
            &format!("/{ENVIRONMENT}/deviceAuthentications"),
            Answer::json(200, &push),
        );
    }
    let ask = request(
        &server.url(),
        "pingone-verify-push",
        &json!({"userId": EMMA, "wait": "false"}),
    );
    let first = Xsoar::keeping(&json!({"other": 1})).serve_alone(&ask);
    assert_success(&first);
    let context = stored(&first)[0]["value"].clone();
    assert_eq!(context["other"], 1);

    let second = Xsoar::keeping(&context).serve_alone(&ask);
    assert_eq!(stored(&second), Vec::<&Value>::new(), "nothing is new");
    let result = second.iter().find(|message| message["type"] == "result");
    let text = entry(result.expect("a result"))["Contents"].to_string();
    assert!(
        text.contains(&format!(
            "The verification {ID} of this user is still pending"
        )),
        "{text}"
    );
    let calls = server.calls();
    let sent = calls
        .iter()
        .filter(|call| call.starts_with("POST") && call.ends_with("/deviceAuthentications"));
    assert_eq!(sent.count(), 1);
}

#[test]
fn the_stored_token_is_not_used_with_changed_settings() {
    let server = pingone();
    let context = context_after_one_process(&server);
    let mut tokens = 1;
    for (parameter, field, value, other_token) in [
        ("credentials", "password", "another-secret".to_owned(), true),
        (
            "credentials",
            "identifier",
            "another-client".to_owned(),
            true,
        ),
        // A slash at the end of an address makes no difference, here either.
        ("auth_url", "", format!("{}/", server.url()), false),
    ] {
        let mut request = get_emma(&server);
        let parameter = &mut request["params"][parameter];
        if field.is_empty() {
            *parameter = json!(value);
        } else {
            parameter[field] = json!(value);
        }
        let messages = Xsoar::keeping(&context).serve_alone(&request);
        assert_success(&messages);
        tokens += usize::from(other_token);
        assert_eq!(token_requests(&server), tokens, "{value}");
        assert_eq!(stored(&messages).len(), usize::from(other_token), "{value}");
    }
}

#[test]
fn a_stored_token_that_pingone_refuses_is_replaced() {
    let server = pingone();
    let context = context_after_one_process(&server);
    let refused =
        json!({"code": "INVALID_TOKEN", "message": "The request could not be completed."});
    let emma = path(&format!("/users/{EMMA}"));
    server.on("GET", &emma, Answer::json(401, &refused));
    server.on("GET", &emma, Answer::json(200, &user(EMMA, "emma.sharp")));
    let messages = Xsoar::keeping(&context).serve_alone(&get_emma(&server));
    assert_success(&messages);
    assert_eq!(token_requests(&server), 2);
    assert_eq!(stored(&messages).len(), 1, "the new one takes its place");
    assert_eq!(
        logged(&messages),
        [
            "Command being called is pingone-get-user",
            "PingOne refused the access token; asking for a new one"
        ]
    );
}

#[test]
fn one_process_asks_for_the_context_once() {
    let server = pingone();
    let mut xsoar = Xsoar::keeping(&json!({}));
    let mut program = Program::start(&["serve"]);
    let first = xsoar.serve(&mut program, &get_emma(&server));
    assert_eq!(names(&first), ["get", "set", "log", "result", "completed"]);
    let second = xsoar.serve(&mut program, &get_emma(&server));
    assert_eq!(names(&second), ["log", "result", "completed"]);
    program.close();
    assert_end(program.end());
}

#[test]
fn stdin_closed_instead_of_a_reply_ends_the_process() {
    let server = pingone();
    // How many calls are answered before stdin is closed: reading, storing, the log line.
    for answered in 0..3 {
        let mut xsoar = Xsoar::keeping(&json!({}));
        let mut program = Program::start(&["serve"]);
        program.send(&get_emma(&server).to_string());
        for _ in 0..answered {
            let call = program.next();
            assert!(is_call(&call), "{call}");
            program.send(&xsoar.reply(&call));
        }
        let unanswered = program.next();
        assert!(is_call(&unanswered), "{unanswered}");
        program.close();
        let ended = program.end();
        assert_eq!(ended.code, Some(0), "after {answered} replies");
        let [.., result, last] = &ended.messages[..] else {
            panic!("after {answered} replies: {:?}", ended.messages)
        };
        assert_eq!(entry(result)["Type"], 1, "the command was carried out");
        assert_eq!(*last, completed());
    }
}

#[test]
fn one_line_is_one_message() {
    let mut program = Program::start(&["serve"]);
    program.send("ping");
    assert_eq!(program.next(), pong());
    program.send("");
    for line in ["{\"command\":", "\"test-module\"}"] {
        program.send(line);
        let exception = program.next();
        assert_eq!(exception["type"], "exception", "{exception}");
        assert_eq!(program.next(), completed());
    }
    let messages = Xsoar::keeping(&json!({})).serve(&mut program, &refused("abc"));
    assert!(messages.contains(&refusal("abc")), "{messages:?}");
    program.close();
    assert_end(program.end());
}

#[test]
fn a_native_request_ends_the_process() {
    let mut program = Program::start(&["serve"]);
    let mut native = refused("abc");
    native["native"] = json!(true);
    let messages = Xsoar::keeping(&json!({})).serve(&mut program, &native);
    assert!(messages.contains(&refusal("abc")), "{messages:?}");
    // Stdin is still open.
    assert_end(program.end());
}

#[test]
fn no_secret_is_sent_to_the_server_but_the_stored_token() {
    let server = pingone();
    let echo =
        json!({"code": "INVALID_DATA", "message": format!("{CLIENT_SECRET} {ACCESS_TOKEN}")});
    server.on(
        "GET",
        &path(&format!("/users/{EMMA}")),
        Answer::json(200, &echo),
    );
    server.on(
        "GET",
        &path(&format!("/users/{EMMA}")),
        Answer::json(400, &echo),
    );
    let mut program = Program::start(&["serve"]);
    let mut xsoar = Xsoar::keeping(&json!({}));
    let mut messages = Vec::new();
    for _ in 0..3 {
        messages.extend(xsoar.serve(&mut program, &get_emma(&server)));
    }
    program.close();
    assert_end(program.end());
    assert!(
        messages
            .iter()
            .any(|message| message.to_string().contains("<XX_REPLACED>")),
        "the echo came through: {messages:?}"
    );
    for message in messages {
        let text = message.to_string();
        let may_hold_token = message["command"] == "setIntegrationContext";
        assert!(may_hold_token || !text.contains(ACCESS_TOKEN), "{text}");
        assert!(!text.contains("the-client"), "{text}");
    }
}

/// A request that has so many seconds.
fn within(mut request: Value, seconds: u64) -> Value {
    request["params"]["command_timeout"] = json!(seconds.to_string());
    request
}

#[test]
fn a_server_that_never_replies_does_not_block_a_command() {
    let server = pingone();
    let mut program = Program::start(&["serve"]);
    // Half of the command's time is waited, and no call follows the one that got no reply.
    let began = std::time::Instant::now();
    program.send(&within(get_emma(&server), 4).to_string());
    assert_eq!(program.next(), get_context());
    let result = program.next();
    let waited = began.elapsed().as_secs();
    assert_eq!(entry(&result)["Type"], 1, "{result}");
    assert!((2..4).contains(&waited), "{waited} s");
    assert_eq!(program.next(), completed());
    // The reply comes after all, and is taken for no request.
    program.send(&versioned(&json!({"pingone_token": "late"}), 3));
    program.send("ping");
    assert_eq!(program.next(), pong());
    // From then on the server is asked again. A reply that comes late is not the answer of the next call.
    let messages = Xsoar::keeping(&json!({})).serve(&mut program, &get_emma(&server));
    assert_eq!(names(&messages), ["log", "result", "completed"]);
    program.close();
    let ended = program.end();
    assert_eq!((ended.code, ended.messages), (Some(0), Vec::new()));
    assert!(
        ended
            .log
            .contains("Cannot read the integration context: the server did not reply within 2 s"),
        "{}",
        ended.log
    );
}

#[test]
fn a_request_in_the_place_of_a_reply_is_a_request() {
    let server = pingone();
    let mut program = Program::start(&["serve"]);
    program.send(&get_emma(&server).to_string());
    assert_eq!(program.next(), get_context());
    program.send(&refused("abc").to_string());
    let result = program.next();
    assert_eq!(entry(&result)["Type"], 1, "{result}");
    assert_eq!(program.next(), completed());
    assert_eq!(program.next(), refusal("abc"));
    assert_eq!(program.next(), completed());
    program.close();
    let ended = program.end();
    assert_eq!(ended.code, Some(0));
    assert!(!ended.log.contains(CLIENT_SECRET), "{}", ended.log);
}
