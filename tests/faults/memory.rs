//! How much memory the process takes when PingOne, or XSOAR, sends what takes far more room in memory than on the wire.
//! Each case is a process of its own, whose peak Linux tells.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use crate::{
    healthy::{self, USER},
    measured::{self, Process},
    server::{PINGONE_JSON, Request, Server, reply},
};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_pingone-xsoar");

/// What a process never passes, whatever PingOne sends; in KiB.
const MAX_PEAK_KIB: u64 = 256 * 1024;
/// The same for a request line of 64 MiB.
const MAX_FOR_A_LINE: u64 = 512 * 1024;
/// A little less than the largest body that is read.
const BODY: usize = 7_900_000;
const LINE: usize = 63 * 1024 * 1024;

/// Makes a JSON value of so many bytes.
type Shape = fn(usize) -> String;

/// What takes much memory.
const SHAPES: &[(&str, Shape)] = &[
    ("objects", |size| list(r#"{"a":0}"#, size)),
    ("empty objects", |size| list("{}", size)),
    ("numbers", |size| list("0", size)),
    ("small texts", |size| list(r#""a""#, size)),
    ("nested lists", |size| {
        list(&["[".repeat(90), "]".repeat(90)].concat(), size)
    }),
    ("a flat object", |size| {
        let members: Vec<String> = (0..size / 11)
            .map(|number| format!("\"{number:06}\":0"))
            .collect();
        format!("{{{}}}", members.join(","))
    }),
    ("a text", |size| format!("\"{}\"", "x".repeat(size))),
    ("a text of line breaks", |size| {
        format!("\"{}\"", r"\n".repeat(size / 2))
    }),
    ("a text of controls", |size| {
        format!("\"{}\"", r"\u0001".repeat(size / 6))
    }),
    ("a text of bars", |size| format!("\"{}\"", "|".repeat(size))),
];

/// A list of equal items.
fn list(item: &str, size: usize) -> String {
    let number = size / (item.len() + 1);
    format!("[{}{item}]", format!("{item},").repeat(number - 1))
}

/// `template` with the shape where it says `HERE`.
fn filled(template: &Value, shape: &str) -> String {
    template.to_string().replace("\"HERE\"", shape)
}

/// Runs a request and gives its peak in KiB and the first entry.
fn peak(request: &Value) -> (u64, Value) {
    let mut process = Process::start(Path::new(EXECUTABLE), &[]);
    let answer: Value = serde_json::from_str(process.ask(&measured::line(request))).expect("JSON");
    let peak = process.peak();
    assert!(process.end().success(), "the exit code");
    (peak, answer["results"][0].clone())
}

fn ids(number: usize) -> Vec<String> {
    (0..number)
        .map(|number| format!("00000000-0000-4000-8000-{number:012}"))
        .collect()
}

/// Where PingOne puts it, what the command is, and the answer to every call but the token's.
struct Place {
    name: &'static str,
    command: &'static str,
    args: Value,
    status: u16,
    template: Value,
    /// Which calls are answered so, by the end of their path; others are answered well.
    at: &'static str,
}

impl Place {
    fn of(
        name: &'static str,
        (command, args): (&'static str, Value),
        at: &'static str,
        template: Value,
    ) -> Self {
        Self {
            name,
            command,
            args,
            status: 200,
            template,
            at,
        }
    }
}

fn with_odd_email() -> Value {
    let mut user = healthy::user();
    user["email"] = json!("HERE");
    user
}

/// A page of a list with one item, or with whatever is here.
fn page(collection: &str, items: &Value) -> Value {
    json!({"_embedded": {collection: items}})
}

/// An answer that is of use for every part of a user.
fn all_parts() -> Value {
    let mut all = with_odd_email();
    all["status"] = json!("OK");
    // Without it, it is no answer about an MFA bypass.
    all["_links"] = json!({});
    let item = json!([{"id": USER, "type": "DIRECT", "name": "HERE"}]);
    for list in [
        "groupMemberships",
        "linkedAccounts",
        "devices",
        "roleAssignments",
        "roles",
        "sessions",
    ] {
        all["_embedded"][list] = item.clone();
    }
    all
}

fn list_of_users() -> Place {
    let mut unlisted = with_odd_email();
    unlisted["username"] = json!("HERE");
    let mut users = page("users", &json!([unlisted, with_odd_email()]));
    users["_links"] = json!({"next": {"href": "?cursor=NUMBER"}});
    let command = ("pingone-list-users", json!({"all_results": "true"}));
    Place::of("a list of users", command, "/users", users)
}

fn places() -> Vec<Place> {
    let ten = json!({"userId": ids(10)});
    let one = json!({"userId": USER});
    let detailed = json!({"userId": USER, "detailed": "true"});
    let named = json!({"username": "emma.sharp"});
    let item = json!([{"id": USER, "type": "DIRECT", "name": "HERE"}]);
    let activity = json!([{
        "id": "a", "source": {"ipAddress": "HERE", "userAgent": "HERE"}, "action": {"type": "OTP.INVALID"},
    }]);
    let refusal = json!({"code": "C", "message": "HERE", "details": "HERE"});
    let token = json!({"access_token": "t", "expires_in": "HERE", "scope": "HERE"});
    let state = json!({"status": "OK", "x": "HERE"});
    let failed = json!({"from": "60 days ago"});
    vec![
        Place::of(
            "sessions of ten users",
            ("pingone-list-sessions", ten.clone()),
            "/sessions",
            page("sessions", &json!("HERE")),
        ),
        Place::of(
            "an item of a list",
            ("pingone-list-mfa-devices", ten.clone()),
            "/devices",
            page("devices", &item),
        ),
        Place::of(
            "an e-mail",
            ("pingone-get-user", one.clone()),
            USER,
            with_odd_email(),
        ),
        Place::of(
            "all parts of a user",
            ("pingone-get-user", detailed),
            "",
            all_parts(),
        ),
        Place::of(
            "a group's name",
            ("pingone-get-groups", named),
            "/memberOfGroups",
            page("groupMemberships", &item),
        ),
        list_of_users(),
        Place::of(
            "activities",
            ("pingone-get-failed-logins", failed),
            "/activities",
            page("activities", &activity),
        ),
        Place::of(
            "a password's state of ten users",
            ("pingone-unlock-password", ten.clone()),
            "/password",
            state,
        ),
        Place {
            status: 400,
            ..Place::of("refusals", ("pingone-lock-user", ten), "", refusal)
        },
        Place::of("the token", ("pingone-get-user", one), "/as/token", token),
    ]
}

fn server(place: &Place, shape: &str) -> Server {
    let (at, status, template) = (place.at, place.status, place.template.clone());
    // As many as the template has share the body.
    let body = filled(&template, shape);
    let number = AtomicUsize::new(0);
    Server::start(move |seen: &Request| {
        let is_token = seen.path().ends_with("/as/token");
        if !seen.path().ends_with(at) || is_token && at != "/as/token" {
            return healthy::answer(seen);
        }
        let number = number.fetch_add(1, Ordering::SeqCst).to_string();
        reply(status, &[], PINGONE_JSON, body.replace("NUMBER", &number))
    })
}

/// Each place and each shape is tried with one of the other kind. `MEMORY_ALL=1` tries all with all, which takes
/// minutes.
const TRIED: &[(&str, &str)] = &[
    ("sessions of ten users", "objects"),
    ("an item of a list", "a text"),
    ("an e-mail", "nested lists"),
    ("all parts of a user", "a text of controls"),
    ("a group's name", "a text of line breaks"),
    ("a list of users", "a flat object"),
    ("activities", "numbers"),
    ("a password's state of ten users", "small texts"),
    ("refusals", "a text of bars"),
    ("the token", "empty objects"),
];

fn is_tried(tried: &[(&str, &str)], place: &str, shape: &str) -> bool {
    std::env::var_os("MEMORY_ALL").is_some() || tried.contains(&(place, shape))
}

#[test]
fn no_answer_of_pingones_takes_more_than_256_mib() {
    let (mut wrong, mut number) = (Vec::new(), 0);
    for place in places() {
        let parts = place.template.to_string().matches("\"HERE\"").count();
        let shapes = SHAPES.iter();
        for (shape, make) in shapes.filter(|(shape, _)| is_tried(TRIED, place.name, shape)) {
            let server = server(&place, &make(BODY / parts));
            let more = json!({"command_timeout": "120", "request_timeout": "60"});
            let request = healthy::request(&server.host(), place.command, &place.args, &more);
            let (peak, entry) = peak(&request);
            let kind = entry["Type"].as_u64();
            if peak > MAX_PEAK_KIB || !matches!(kind, Some(1 | 4)) {
                wrong.push(format!("{}, {shape}: {peak} KiB, {kind:?}", place.name));
            }
            number += 1;
        }
    }
    assert!(number >= TRIED.len(), "a name in the table is wrong");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn oversized_answers_are_errors_that_say_what_to_do() {
    let list = &list_of_users();
    let server = server(list, "0");
    let request = healthy::request(&server.host(), list.command, &list.args, &json!({}));
    let (_, entry) = peak(&request);
    let text = entry["Contents"].as_str().unwrap_or_default();
    assert!(
        text.contains("cannot be used: it has more than 500 pages"),
        "{text}"
    );
    let name = "x".repeat(100_000);
    let number = AtomicUsize::new(0);
    let server = Server::start(move |seen: &Request| {
        if !seen.path().ends_with("/users") {
            return healthy::answer(seen);
        }
        let number = number.fetch_add(1, Ordering::SeqCst);
        let users: Vec<Value> = ids(20)
            .iter()
            .map(|id| json!({"id": id, "nickname": name}))
            .collect();
        let mut page = healthy::page("users", &users);
        page["_links"] = json!({"next": {"href": format!("?cursor={number}")}});
        reply(200, &[], PINGONE_JSON, page.to_string())
    });
    let request = healthy::request(&server.host(), list.command, &list.args, &json!({}));
    let (peak, entry) = peak(&request);
    let text = entry["Contents"].as_str().unwrap_or_default();
    assert!(
        text.contains(
            "cannot be used: its pages are too large together: ask for fewer items at once"
        ),
        "{text}"
    );
    assert!(peak < MAX_PEAK_KIB, "{peak} KiB");
}

/// What is tried of requests: the name of the member, the shape, and whether it is spread over several lines.
const TRIED_LINES: &[(&str, &str)] = &[
    ("params", "nested lists"),
    ("args", "objects"),
    ("args", "a text of line breaks"),
    ("context", "numbers"),
    ("command", "a text"),
];

#[test]
fn no_request_line_takes_more_than_512_mib() {
    let server = Server::start(healthy::answer);
    let mut wrong = Vec::new();
    for place in ["params", "args", "context", "script", "command", "native"] {
        let shapes = SHAPES.iter();
        for (shape, make) in shapes.filter(|(shape, _)| is_tried(TRIED_LINES, place, shape)) {
            let mut request = healthy::get_user(&server.host(), &json!({}));
            match place {
                "params" => request["params"]["credentials"]["password"] = json!("HERE"),
                "args" => request["args"] = json!({"username": "HERE"}),
                "context" => request["context"]["Incidents"] = json!("HERE"),
                other => request[other] = json!("HERE"),
            }
            // One line, and several.
            for text in [request.to_string(), format!("{request:#}")] {
                let line = text.replace("\"HERE\"", &make(LINE)) + "\n";
                let mut process = Process::start(Path::new(EXECUTABLE), &[]);
                let is_answered = process.ask(line.as_bytes()).starts_with("{\"type\":");
                let peak = process.peak();
                if peak > MAX_FOR_A_LINE || !is_answered {
                    wrong.push(format!("{place}, {shape}: {peak} KiB"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
