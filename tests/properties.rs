//! Property tests of the whole way, from request lines and API bodies to protocol lines: whatever comes in, each
//! request is answered once, in protocol lines, without a panic and without a secret. The pure parts have their
//! own properties beside their code.

use std::{io::Cursor, rc::Rc};

use pingone::tape::{Exchange, Tape};
use pingone_xsoar::{
    access,
    run::Runner,
    server::{Input, Server},
    session, stdin,
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

const ENVIRONMENT: &str = "b4f5e266-a946-4f77-9cc5-5dc91b046431";
const USER: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";
const SECRET: &str = "canary-client-secret";
const TOKEN: &str = "canary-access-token";

/// Everything that the session writes for `input`, with `exchanges` in the place of PingOne.
fn answers(input: Vec<u8>, exchanges: Value) -> Vec<Value> {
    let exchanges: Vec<Exchange> = serde_json::from_value(exchanges).expect("exchanges");
    let mut runner = Runner::replay(Rc::new(Tape::new(exchanges)));
    let mut server = Server::new(
        Input::Silent(stdin::requests(Cursor::new(input))),
        Vec::new(),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime
        .block_on(session::serve(&mut server, &mut runner))
        .expect("writing to memory");
    let output = String::from_utf8(server.into_output()).expect("UTF-8");
    assert!(output.is_empty() || output.ends_with('\n'));
    assert!(
        !output.contains(SECRET) && !output.contains(TOKEN),
        "a secret came out: {output}"
    );
    output
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is one JSON document"))
        .collect()
}

/// The types of the messages, in order.
fn kinds(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message["type"].as_str().expect("a type"))
        .collect()
}

fn request(command: &str, args: &Value) -> Vec<u8> {
    let credentials = json!({"identifier": "client", "password": SECRET});
    let params = json!({"environment_id": ENVIRONMENT, "region": "EU", "credentials": credentials, "max_retries": 1});
    let mut line = json!({"command": command, "params": params, "args": args}).to_string();
    line.push('\n');
    line.into_bytes()
}

fn token_exchange() -> Value {
    json!({
        "request": {
            "method": "POST",
            "url": format!("https://auth.pingone.eu/{ENVIRONMENT}/as/token"),
            "headers": {"authorization": "Basic", "content-type": "application/x-www-form-urlencoded"},
            "text": "grant_type=client_credentials",
        },
        "response": {"status": 200, "json": {"access_token": TOKEN, "expires_in": 3600}},
    })
}

fn read_exchange(response: &Value) -> Value {
    let url = format!("https://api.pingone.eu/v1/environments/{ENVIRONMENT}/users/{USER}");
    json!({"request": {"method": "GET", "url": url, "headers": {"authorization": "Bearer"}}, "response": response})
}

/// The entry of a `pingone-get-user` whose call is answered by `response`.
fn entry_for(response: &Value) -> Value {
    let input = request("pingone-get-user", &json!({"userId": USER}));
    // A status that is tried again finds the same answer again.
    let messages = answers(
        input,
        json!([
            token_exchange(),
            read_exchange(response),
            read_exchange(response)
        ]),
    );
    assert_eq!(kinds(&messages), ["result", "completed"]);
    let entries = messages[0]["results"].as_array().expect("entries");
    assert_eq!(entries.len(), 1);
    entries[0].clone()
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        Just(Value::from(format!("x{SECRET}x{TOKEN}"))),
        Just(Value::from(USER)),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((member_name(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Names that the code looks at, and others.
fn member_name() -> impl Strategy<Value = String> {
    let known = [
        "id",
        "username",
        "name",
        "given",
        "account",
        "status",
        "email",
        "enabled",
        "_embedded",
        "users",
        "_links",
        "next",
        "href",
        "code",
        "message",
        "details",
        "innerError",
        "unsatisfiedRequirements",
        "environment",
        "population",
        SECRET,
    ];
    prop_oneof![
        4 => proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ]
}

fn command_name() -> impl Strategy<Value = String> {
    let known: Vec<String> = pingone_xsoar::commands::NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    prop_oneof![9 => proptest::sample::select(known), 1 => any::<String>()]
}

/// What is given as no secret, such as a username, is shown as it was given: `crates/pingone/src/secrets.rs` tells why.
fn without_secrets(value: &Value) -> Value {
    let text = value.to_string().replace(SECRET, "").replace(TOKEN, "");
    serde_json::from_str(&text).expect("JSON without the secrets' letters")
}

fn args() -> impl Strategy<Value = Value> {
    let known = [
        "username",
        "userId",
        "groupName",
        "groupId",
        "password",
        "populationId",
        "given",
        "Type",
        "type",
        "region",
        "email",
        "deviceId",
        "sessionId",
        "keepDeviceIds",
        "steps",
        "record",
        "until",
        "duration",
        "from",
        "filter",
        "limit",
        "next_token",
        "enabled",
        "dryRun",
        "debug-mode",
    ];
    let value = prop_oneof![3 => any::<String>().prop_map(Value::from), 2 => json_value().prop_map(|value| without_secrets(&value)), 1 => Just(Value::from(USER))];
    vec((proptest::sample::select(known.to_vec()), value), 0..6).prop_map(|args| {
        args.into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

proptest! {
    /// Any bytes: the process goes on, and every `exception` and every `result` is followed by `completed`.
    #[test]
    fn any_input_is_answered_in_protocol_lines(input in vec(any::<u8>(), 0..300)) {
        let messages = answers(input, json!([]));
        for pair in kinds(&messages).chunks(2) {
            prop_assert!(pair.len() == 2 && pair[1] == "completed" || pair[0] == "pong");
        }
    }

    /// Any command with any arguments: one answer, whose last entry is an error, since the recording has no such call.
    /// Before it may stand what a command for several users has to say of each.
    #[test]
    fn any_arguments_are_answered_once(command in command_name(), args in args()) {
        let messages = answers(request(&command, &args), json!([token_exchange()]));
        if access::is_fetch(&command) {
            // Its error is not an entry.
            prop_assert_eq!(kinds(&messages), ["exception", "completed"]);
            return Ok(());
        }
        prop_assert_eq!(kinds(&messages), ["result", "completed"]);
        let entries = messages[0]["results"].as_array().cloned().unwrap_or_default();
        let Some((entry, notes)) = entries.split_last() else {
            return Err(TestCaseError::fail("no entry"));
        };
        prop_assert!(notes.len() < 2 && notes.iter().all(|note| note["Type"] == 1));
        prop_assert_eq!(&entry["Type"], 4);
        prop_assert!(entry["Contents"].as_str().is_some_and(|text| text.starts_with("Failed to execute ")));
    }

    /// Any parameters: one error entry, since none of them leads to a recorded call.
    #[test]
    fn any_parameters_are_answered_once(
        names in vec(proptest::sample::select(pingone_xsoar::manifest::PARAMETERS.iter().map(|parameter| parameter.name).collect::<Vec<_>>()), 0..8),
        values in vec(json_value(), 8),
    ) {
        let params: serde_json::Map<String, Value> = names.into_iter().map(str::to_owned).zip(values).collect();
        let mut line = json!({"command": "test-module", "params": params, "args": {}}).to_string();
        line.push('\n');
        let messages = answers(line.into_bytes(), json!([]));
        prop_assert_eq!(kinds(&messages), ["result", "completed"]);
        prop_assert_eq!(&messages[0]["results"][0]["Type"], 4);
    }

    /// Any JSON body with any status: one entry, with a context only where PingOne answered with this user.
    #[test]
    fn any_body_gives_one_entry_without_panicking(status in prop_oneof![Just(200u16), 200u16..600], body in json_value()) {
        let entry = entry_for(&json!({"status": status, "json": body}));
        let is_user = body.get("id").and_then(Value::as_str).is_some_and(|id| id.parse::<pingone::id::UserId>().is_ok());
        if entry["Type"] == 1 {
            prop_assert!((200..300).contains(&status) && is_user);
        } else {
            prop_assert_eq!(&entry["Type"], 4);
            prop_assert_eq!(&entry["EntryContext"], &Value::Null);
        }
    }

    /// Any text as a body, with any content type.
    #[test]
    fn any_text_gives_one_entry_without_panicking(status in 200u16..600, body in any::<String>(), content_type in "[a-z/+;= -]{0,20}") {
        let entry = entry_for(&json!({"status": status, "headers": {"content-type": content_type}, "text": body}));
        prop_assert_eq!(&entry["Type"], 4);
    }
}
