//! The response decoder: any answer of the API, through client and command, becomes one entry, or a table and what
//! failed. The first two bytes choose the command and the status; the rest is the body.
#![no_main]

use std::{io::Cursor, rc::Rc};

use libfuzzer_sys::fuzz_target;
use pingone::tape::{Exchange, Tape};
use pingone_xsoar::{
    run::Runner,
    server::{Input, Server},
    session, stdin,
};
use serde_json::{Value, json};

const API: &str = "https://api.pingone.eu/v1/environments/b4f5e266-a946-4f77-9cc5-5dc91b046431";
const USER: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";

fuzz_target!(|input: &[u8]| {
    let [choice, status, body @ ..] = input else {
        return;
    };
    let user = json!({"userId": USER});
    let (command, args, method, path) = match choice % 7 {
        0 => ("pingone-get-user", user, "GET", format!("users/{USER}")),
        1 => (
            "pingone-get-user",
            json!({"username": "emma.sharp"}),
            "GET",
            "users?filter=username%20eq%20%22emma.sharp%22".to_owned(),
        ),
        2 => (
            "pingone-delete-user",
            user,
            "DELETE",
            format!("users/{USER}"),
        ),
        3 => (
            "pingone-list-sessions",
            user,
            "GET",
            format!("users/{USER}/sessions"),
        ),
        4 => (
            "pingone-list-mfa-devices",
            user,
            "GET",
            format!("users/{USER}/devices"),
        ),
        5 => (
            "pingone-list-users",
            json!({"limit": "3"}),
            "GET",
            "users?limit=3".to_owned(),
        ),
        _ => (
            "pingone-list-populations",
            json!({"limit": "3"}),
            "GET",
            "populations?limit=3".to_owned(),
        ),
    };
    let status = [200, 201, 204, 400, 403, 404, 415][usize::from(*status) % 7];
    let exchanges: Vec<Exchange> = serde_json::from_value(json!([
        {
            "request": {
                "method": "POST",
                "url": "https://auth.pingone.eu/b4f5e266-a946-4f77-9cc5-5dc91b046431/as/token",
                "headers": {"authorization": "Basic", "content-type": "application/x-www-form-urlencoded"},
                "text": "grant_type=client_credentials"
            },
            "response": {"status": 200, "json": {"access_token": "t", "expires_in": 3600}}
        },
        {
            "request": {"method": method, "url": format!("{API}/{path}"), "headers": {"authorization": "Bearer"}},
            "response": {"status": status, "text": String::from_utf8_lossy(body)}
        }
    ]))
    .expect("the exchanges are well formed");
    let params = json!({
        "environment_id": "b4f5e266-a946-4f77-9cc5-5dc91b046431",
        "region": "EU",
        "credentials": {"identifier": "client", "password": "secret-of-the-client"}
    });
    let request = json!({"command": command, "params": params, "args": args}).to_string();
    let mut runner = Runner::replay(Rc::new(Tape::new(exchanges)));
    let mut server = Server::new(
        Input::Silent(stdin::requests(Cursor::new(request.into_bytes()))),
        Vec::new(),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime
        .block_on(session::serve(&mut server, &mut runner))
        .expect("writing to memory");
    let lines = server.into_output();
    let first = lines
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let message: Value = serde_json::from_slice(first).expect("a protocol line");
    let entries = message["results"].as_array().map_or(0, Vec::len);
    assert!((1..=2).contains(&entries), "{message}");
    // A panic inside the command would have become an entry; here it must not hide.
    assert!(!message.to_string().contains("The integration has a bug"));
});
