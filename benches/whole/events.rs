//! Many audit activities pushed to a collector by one command: how fast, and in how much memory.

use std::{path::Path, time::Instant};

use serde_json::{Value, json};

use crate::{
    lean::{Answers, LeanServer, Options},
    process::{self, Process},
    table::{Table, mebibytes, milliseconds},
};

const EVENTS: usize = 100_000;
const PAGE: usize = 500;
/// The recorded case whose request is sent.
const CASE: &str = "pingone-get-events/pushed";

/// Pushes all of them and prints what it cost.
pub(crate) fn push(out: &mut Table<impl std::io::Write>, executable: &Path, cases: &Path) {
    let case = cases.join(CASE);
    let mut answers = Answers::recorded(&case);
    let mut request = process::request(&case, "");
    request["args"]["since"] = json!("2026-03-04T00:00:00Z");
    request["args"]["to"] = json!("2026-03-05T00:00:00Z");
    let environment = request["params"]["environment_id"]
        .as_str()
        .expect("an environment")
        .to_owned();
    let path = format!("/v1/environments/{environment}/activities");
    let filter = "recordedAt%20ge%20%222026-03-04T00%3A00%3A00.000Z%22%20and%20recordedAt%20lt%20%222026-03-05T00%3A00%3A00.000Z%22";
    for page in 0..EVENTS / PAGE {
        let call = match page {
            0 => format!("GET {path}?limit={PAGE}&filter={filter}"),
            _ => format!("GET {path}?cursor={page}"),
        };
        let activities: Vec<Value> = (0..PAGE)
            .map(|place| activity(&environment, page * PAGE + place))
            .collect();
        let mut body = json!({"_embedded": {"activities": activities}, "size": PAGE});
        if (page + 1) * PAGE < EVENTS {
            body["_links"] = json!({"next": {"href": format!("?cursor={}", page + 1)}});
        }
        answers.add(&call, 200, Some(&body));
    }
    let accepted = json!({"error": "false"});
    answers.add("POST /logs/v1/event", 200, Some(&accepted));
    let server = LeanServer::start(answers, Options::default());
    for address in ["api_url", "auth_url", "xsiam_url"] {
        request["params"][address] = json!(server.url());
    }
    let mut process = Process::start(executable, &[]);
    let began = Instant::now();
    let answer = process.ask(&process::line(&request));
    let wall = began.elapsed();
    assert!(
        answer.contains(&format!("### {EVENTS} events pushed")),
        "{answer}"
    );
    let what = format!("{EVENTS} events pushed");
    out.row(&format!("{what}: wall"), "", &milliseconds(wall));
    let processor = process.processor_time();
    out.row(
        &format!("{what}: CPU"),
        "≤ 5 s, for 20,000 a second",
        &milliseconds(processor),
    );
    out.row(
        &format!("{what}: peak memory"),
        "≤ 32 MiB",
        &mebibytes(process.peak()),
    );
    assert!(process.end().success(), "the exit code");
}

/// An activity in the shape of a real one, of some 1,300 bytes.
pub(crate) fn activity(environment: &str, number: usize) -> Value {
    let id = format!("2710d862-fac9-42ae-88be-{number:012}");
    let api = format!("https://api.pingone.eu/v1/environments/{environment}");
    let user = "a8890eb9-38ea-469a-bc00-b64be7903633";
    let environment = json!({"id": environment});
    let population = json!({"id": "4cd45bdb-0eb2-42fe-8475-4bcd908269f1"});
    let user = json!({
        "type": "USER", "id": user, "name": "emma.sharp", "environment": environment,
        "population": population, "href": format!("{api}/users/{user}"),
    });
    json!({
        "_links": {"self": {"href": format!("{api}/activities/{id}")}},
        "id": id,
        "recordedAt": "2026-03-04T10:15:30.120Z",
        "createdAt": "2026-03-04T10:15:30.402Z",
        "correlationId": "84a9bd77-d0f1-4be6-a7d4-91cceb5cde34",
        "internalCorrelation": {"sessionId": "dcaef911-eed7-5e4b-9f31-4c7388217144", "transactionId": id},
        "actors": {"client": {"id": "adminui", "name": "adminui", "type": "CLIENT"}, "user": user},
        "source": {"ipAddress": "198.51.100.23", "userAgent": "Mozilla/5.0 (X11; Linux x86_64)"},
        "action": {"type": "USER.ACCESS_ALLOWED", "description": "User Access Allowed"},
        "resources": [user],
        "result": {"status": "SUCCESS", "description": "Passed role access control"},
    })
}
