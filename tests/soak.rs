//! Many requests through one process: nothing grows, nothing is asked for twice, no connection is made anew.
//! Counts and memory only; time is the business of `benches/whole`.

#[path = "../benches/whole/lean.rs"]
#[expect(dead_code, reason = "the benchmarks use all of it")]
mod lean;
#[path = "../benches/whole/process.rs"]
#[expect(dead_code, reason = "the benchmarks use all of it")]
mod process;

use std::path::{Path, PathBuf};

use lean::{Answers, LeanServer, Options, Seen};
use process::Process;
use serde_json::{Value, json};

const EXECUTABLE: &str = env!("CARGO_BIN_EXE_pingone-xsoar");

/// Requests before memory is measured for the first time: what is kept for good is there by then.
const WARM: usize = 1_000;
/// Requests in all.
const ALL: usize = 7_000;
/// How much memory may grow between the two measurements, in KiB: slack for the allocator and the kernel, which
/// need some 30. Thirty bytes kept for each request would be more than this.
const TOLERANCE: u64 = 175;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("test_data")
        .join(name)
}

#[test]
fn many_requests_leave_nothing_behind() {
    // Commands that look, that change, that fail at PingOne, that are refused before.
    let cases = [
        "pingone-get-user/document-example",
        "pingone-unlock-user/document-example",
        "pingone-get-groups/document-example",
        "pingone-set-password/document-example",
        "pingone-add-to-group/document-example",
        "pingone-remove-from-group/document-example",
        "pingone-read-password-state/document-example",
        "pingone-get-user/document-example",
        "pingone-get-user/user-id-malformed",
    ];
    let mut answers = Answers::default();
    for name in cases {
        answers.add_recorded(&case(name));
    }
    let server = LeanServer::start(answers, Options::default());
    let mut lines: Vec<Vec<u8>> = cases
        .iter()
        .map(|name| process::line(&process::request(&case(name), &server.url())))
        .collect();
    lines.push(b"no request\n".to_vec());
    // For the server this is a call without an answer: 400, with the name in its text, another one each time.
    let mut unknown = process::request(&case(cases[0]), &server.url());
    // As large as those that XSOAR's server sends.
    let mut large = unknown.clone();
    large["script"] = json!("    return_results(\"done\")\n".repeat(18_000));
    let large = process::line(&large);

    let mut process = Process::start(Path::new(EXECUTABLE), &[]);
    let (mut notes, mut errors, mut exceptions) = (0, 0, 0);
    let mut warm = 0;
    for number in 0..ALL {
        if number == WARM {
            warm = process.resident();
        }
        let answer = match number % 100 {
            50 => process.ask(&large),
            75 => {
                unknown["args"]["username"] = json!(format!("nobody-{number}"));
                process.ask(&process::line(&unknown))
            }
            other => process.ask(&lines[other % lines.len()]),
        };
        let message: Value = serde_json::from_str(answer).expect("an answer is JSON");
        match (
            message["type"].as_str(),
            message["results"][0]["Type"].as_u64(),
        ) {
            (Some("result"), Some(1)) => notes += 1,
            (Some("result"), Some(4)) => errors += 1,
            (Some("exception"), None) => exceptions += 1,
            _ => panic!("request {number} was answered by {message}"),
        }
    }
    let end = process.resident();
    assert!(process.end().success(), "the exit code");
    let Seen {
        requests,
        connections,
        ..
    } = server.seen();

    // Of 100 requests 10 are no requests, 10 have a malformed id, one (the 75th, else a command that changes
    // something) names somebody whom the server does not know.
    assert_eq!(
        (notes, errors, exceptions),
        (ALL / 100 * 79, ALL / 100 * 11, ALL / 100 * 10),
        "notes, error entries, exceptions"
    );
    // One connection, and one more for two look-ups at once.
    assert!(
        connections <= 3,
        "{connections} connections for {requests} calls"
    );
    let growth = end.saturating_sub(warm);
    // For whoever runs it with `--nocapture`; otherwise it is shown when the test fails.
    report(&format!(
        "memory after {WARM} requests {warm} KiB, after {ALL} {end} KiB; {requests} calls on {connections} connections"
    ));
    assert!(
        growth <= TOLERANCE,
        "memory grew by {growth} KiB from request {WARM} to request {ALL}; {TOLERANCE} are allowed. \
         Look for something that is kept for each request or each connection"
    );
}

#[test]
fn a_warm_process_asks_for_no_more_than_it_needs() {
    for (name, requests) in [
        ("test-module/document-example", 1),
        ("pingone-get-user/document-example", 1),
        ("pingone-get-user/by-user-id", 1),
        ("pingone-create-user/document-example", 1),
        ("pingone-unlock-user/document-example", 2),
        ("pingone-activate-user/document-example", 2),
        ("pingone-deactivate-user/document-example", 2),
        ("pingone-set-password/document-example", 2),
        ("pingone-password-force-change/document-example", 2),
        ("pingone-read-password-state/document-example", 2),
        ("pingone-get-groups/document-example", 2),
        ("pingone-delete-user/document-example", 2),
        ("pingone-delete-user/by-user-id", 1),
        ("pingone-add-to-group/by-both-ids", 1),
    ] {
        assert_eq!(
            warm(name, 1),
            (requests, 0),
            "{name}: requests and new connections"
        );
    }
}

#[test]
fn user_and_group_are_looked_up_at_once() {
    for name in [
        "pingone-add-to-group/document-example",
        "pingone-remove-from-group/document-example",
    ] {
        assert_eq!(
            warm(name, 2),
            (3, 0),
            "{name}: requests and new connections"
        );
    }
}

/// Requests and new connections of a recorded case's second run in one process. `at_once` is how many look-ups
/// have to come together: none of them gets an answer before that.
fn warm(name: &str, at_once: usize) -> (usize, usize) {
    let server = LeanServer::start(Answers::recorded(&case(name)), Options::default());
    let line = process::line(&process::request(&case(name), &server.url()));
    let mut process = Process::start(Path::new(EXECUTABLE), &[]);
    // The first run asks for the token, and opens as many connections as one command needs at once.
    server.wait_for_concurrent(at_once);
    process.ask_well(&line);
    let before = server.seen();
    server.wait_for_concurrent(at_once);
    process.ask_well(&line);
    let seen = server.seen();
    assert_eq!(
        seen.most_at_once, at_once,
        "{name}: the most requests at once"
    );
    assert!(process.end().success(), "the exit code");
    let Seen {
        requests,
        connections,
        ..
    } = seen.since(before);
    (requests, connections)
}

fn report(text: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr(), "{text}"));
}
