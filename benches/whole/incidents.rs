//! Fetching incidents: many activities at once, and a fetch without news.

use std::{path::Path, time::Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    events::activity,
    lean::{Answers, LeanServer, Options},
    process::{self, Process},
    table::{Table, mebibytes, milliseconds},
};

const ACTIVITIES: usize = 1000;
const PAGE: usize = 500;
/// Every so many of them become incidents: as many as one fetch may hand over.
const PER_INCIDENT: usize = 5;
/// How often a fetch without news is repeated.
const REPEATS: u16 = 200;
/// The recorded case whose request is sent.
const CASE: &str = "fetch-incidents/document-example";

/// Fetches them and prints what it cost.
pub(crate) fn fetch(out: &mut Table<impl std::io::Write>, executable: &Path, cases: &Path) {
    let case = cases.join(CASE);
    let mut request = process::request(&case, "");
    request["params"]["max_fetch"] = json!("200");
    let environment = request["params"]["environment_id"].as_str();
    let environment = environment.expect("an environment").to_owned();
    let path = format!("/v1/environments/{environment}/activities");

    let mut answers = Answers::recorded(&case);
    let recorded_at = Timestamp::now() - SignedDuration::from_hours(1);
    for page in 0..ACTIVITIES / PAGE {
        let activities: Vec<Value> = (0..PAGE)
            .map(|place| {
                let mut activity = activity(&environment, page * PAGE + place);
                activity["recordedAt"] = json!(recorded_at);
                if place % PER_INCIDENT == 0 {
                    activity["action"]["type"] = json!("ROLE_ASSIGNMENT.CREATED");
                }
                activity
            })
            .collect();
        let mut body = json!({"_embedded": {"activities": activities}, "size": PAGE});
        if (page + 1) * PAGE < ACTIVITIES {
            body["_links"] = json!({"next": {"href": format!("?cursor={}", page + 1)}});
        }
        match page {
            0 => answers.add(&format!("GET {path}"), 200, Some(&body)),
            _ => answers.add(&format!("GET {path}?cursor={page}"), 200, Some(&body)),
        }
    }
    let server = LeanServer::start(answers, Options::default());
    for address in ["api_url", "auth_url"] {
        request["params"][address] = json!(server.url());
    }
    let mut process = Process::start(executable, &[]);
    let answer = process.ask(&process::line(&request));
    let incidents = answer.matches("dbotMirrorId").count();
    assert_eq!(incidents, ACTIVITIES / PER_INCIDENT, "incidents");
    let what = format!("{ACTIVITIES} activities to {incidents} incidents, fresh process");
    let processor = process.processor_time();
    out.row(&format!("{what}: CPU"), "≤ 60 ms", &milliseconds(processor));
    out.row(
        &format!("{what}: peak memory"),
        "≤ 24 MiB",
        &mebibytes(process.peak()),
    );
    assert!(process.end().success(), "the exit code");

    let mut answers = Answers::recorded(&case);
    let nothing = json!({"_embedded": {"activities": []}, "size": 0});
    answers.add(&format!("GET {path}"), 200, Some(&nothing));
    let server = LeanServer::start(answers, Options::default());
    for address in ["api_url", "auth_url"] {
        request["params"][address] = json!(server.url());
    }
    let line = process::line(&request);
    let mut process = Process::start(executable, &[]);
    process.ask_well(&line);
    let before = server.seen().requests;
    let began = Instant::now();
    for _ in 0..REPEATS {
        process.ask_well(&line);
    }
    let wall = began.elapsed() / u32::from(REPEATS);
    let requests = server.seen().requests - before;
    assert_eq!(requests, usize::from(REPEATS), "one request for each");
    out.row(
        "a fetch without news, one request, kept process: wall",
        "",
        &milliseconds(wall),
    );
    assert!(process.end().success(), "the exit code");
}
