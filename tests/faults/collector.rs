//! The HTTP collector that events are pushed to: what it is sent, what its answers mean, and that its key goes nowhere
//! else. `test_data/pingone-get-events` has the single answers; here are those that take a real connection or much data.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use pingone_xsoar::env::Env;
use serde_json::{Value, json};

use crate::{
    conversation::{Received, Turn, talk, talk_without_waits},
    healthy,
    measured::{self, Process},
    server::{Answer, PINGONE_JSON, Request, Server, Step, json as send, reply},
};

const KEY: &str = "key-of-the-collector";
const PATH: &str = "/logs/v1/event";

/// A collector that answers as `script` says, by the number of the request.
struct Collector {
    server: Server,
    taken: Arc<Mutex<Vec<Vec<Value>>>>,
}

impl Collector {
    fn start(script: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let number = AtomicUsize::new(0);
        let batches = Arc::clone(&taken);
        let server = Server::start(move |seen: &Request| {
            let lines = lines(&seen.body);
            batches.lock().expect("no panic").push(lines);
            script(number.fetch_add(1, Ordering::SeqCst))
        });
        Self { server, taken }
    }

    fn params(&self) -> Value {
        json!({
            "xsiam_url": format!("http://{}", self.server.host()),
            "xsiam_key": {"identifier": "", "password": KEY},
        })
    }

    /// The ids of the events in each request.
    fn ids(&self) -> Vec<Vec<String>> {
        let taken = self.taken.lock().expect("no panic");
        let id = |event: &Value| event["id"].as_str().unwrap_or_default().to_owned();
        taken
            .iter()
            .map(|batch| batch.iter().map(id).collect())
            .collect()
    }
}

/// The events in a gzip file.
fn lines(body: &[u8]) -> Vec<Value> {
    assert_eq!(body[..3], [0x1f, 0x8b, 8], "a gzip file");
    let inflated = miniz_oxide::inflate::decompress_to_vec(&body[10..body.len() - 8]);
    let text = String::from_utf8(inflated.expect("a deflate stream")).expect("UTF-8");
    assert!(text.len() <= 5_000_000, "{} bytes", text.len());
    let lines: Vec<Value> = text
        .split('\n')
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert!(
        lines.len() == 1 || text.len() <= 1_000_000,
        "{} bytes",
        text.len()
    );
    lines
}

fn accepted() -> Answer {
    reply(200, &[], "application/json", r#"{"error":"false"}"#)
}

fn activity(number: usize, extra: &str) -> Value {
    json!({
        "id": format!("a-{number}"),
        "recordedAt": "2026-03-04T10:00:00.000Z",
        "action": {"type": "USER.UPDATED"},
        "extra": extra,
    })
}

/// A PingOne with these activities, on pages of 500.
fn pingone(activities: Vec<Value>) -> Server {
    Server::start(move |seen: &Request| {
        if !seen.path().ends_with("/activities") {
            return healthy::answer(seen);
        }
        let cursor = seen.target.split_once("cursor=").map(|(_, page)| page);
        let page: usize = cursor.and_then(|page| page.parse().ok()).unwrap_or(0);
        let rest = &activities[(page * 500).min(activities.len())..];
        let mut body = healthy::page("activities", &rest[..rest.len().min(500)]);
        if rest.len() > 500 {
            body["_links"] = json!({"next": {"href": format!("?cursor={}", page + 1)}});
        }
        send(200, &body)
    })
}

fn push(pingone: &Server, params: &Value) -> Value {
    let args = json!({"should_push_events": "true"});
    healthy::request(&pingone.host(), "pingone-get-events", &args, params)
}

/// Pushes the activities, and checks that the key is shown nowhere and was not sent to PingOne.
fn pushed(activities: Vec<Value>, params: &Value) -> Received {
    let pingone = pingone(activities);
    let received = talk_without_waits(Env::default(), [Turn::new(push(&pingone, params))]);
    assert_secret(&received, &pingone);
    received
}

fn assert_secret(received: &Received, pingone: &Server) {
    let shown = received.everything_shown();
    assert!(!shown.contains(KEY), "{shown}");
    for seen in pingone.seen() {
        assert!(!format!("{seen:?}").contains(KEY), "{seen:?}");
    }
}

#[test]
fn the_key_goes_to_the_collector_and_the_token_does_not() {
    let collector = Collector::start(|_| accepted());
    let received = pushed(vec![activity(1, "")], &collector.params());
    assert!(received.note(0).starts_with("### 1 event pushed"));
    let seen = collector.server.seen();
    let [request] = &seen[..] else {
        panic!("one request: {seen:?}")
    };
    assert_eq!(request.call(), format!("POST {PATH}"));
    for (name, value) in [
        ("authorization", KEY),
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ] {
        assert_eq!(request.header(name), Some(value), "{name}");
    }
    let event = &collector.taken.lock().expect("no panic")[0][0];
    assert_eq!(event["_time"], "2026-03-04T10:00:00.000Z");
    assert_eq!(event["source_log_type"], "activity");
    assert!(!format!("{request:?}{event}").contains(healthy::TOKEN));
}

#[test]
fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(|_| accepted());
    let location = format!("http://{}{PATH}", elsewhere.host());
    for status in [301, 302, 307, 308] {
        let location = location.clone();
        let collector =
            Collector::start(move |_| reply(status, &[("Location", &location)], "text/plain", ""));
        let received = pushed(vec![activity(1, "")], &collector.params());
        let error = received.error(0);
        assert!(
            error.contains("Redirects are not followed, to protect the key"),
            "{error}"
        );
        assert!(elsewhere.seen().is_empty(), "the key went elsewhere");
    }
}

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_not() {
    let busy = || reply(429, &[("Retry-After", "1")], "text/plain", KEY);
    let failing = || reply(503, &[], "text/html", "<html>");
    let refusing = || reply(401, &[], "text/plain", KEY);
    for (first, requests, says) in [
        (
            Box::new(busy) as Box<dyn Fn() -> Answer + Send + Sync>,
            2,
            "### 1 event pushed",
        ),
        (Box::new(failing), 2, "### 1 event pushed"),
        (Box::new(|| vec![Step::Reset]), 2, "### 1 event pushed"),
        (Box::new(|| vec![Step::Close]), 2, "### 1 event pushed"),
        (Box::new(refusing), 1, "The key is not this collector's"),
    ] {
        let collector =
            Collector::start(move |number| if number == 0 { first() } else { accepted() });
        let received = pushed(vec![activity(1, "")], &collector.params());
        let (_, text) = received.result(0);
        assert!(text.contains(says), "{text}");
        let ids = collector.ids();
        assert_eq!(ids, vec![vec!["a-1".to_owned()]; requests]);
    }
}

#[test]
fn batches_hold_a_megabyte_and_every_event_arrives_once() {
    let collector = Collector::start(|_| accepted());
    let extra = "x".repeat(1500);
    let activities: Vec<Value> = (0..1700).map(|number| activity(number, &extra)).collect();
    let received = pushed(activities, &collector.params());
    assert!(
        received.note(0).starts_with("### 1700 events pushed"),
        "{}",
        received.note(0)
    );
    let batches = collector.ids();
    // Each event takes some 1,700 bytes.
    assert!(
        batches.len() == 3 || batches.len() == 4,
        "{}",
        batches.len()
    );
    let expected: Vec<String> = (0..1700).map(|number| format!("a-{number}")).collect();
    assert_eq!(batches.concat(), expected);
}

#[test]
fn an_event_that_no_collector_takes_is_reported() {
    let collector = Collector::start(|_| accepted());
    let activities = vec![
        activity(1, ""),
        activity(2, &"x".repeat(5_000_001)),
        activity(3, &"x".repeat(1_500_000)),
    ];
    let received = pushed(activities, &collector.params());
    let entries = &received.answers[0];
    assert_eq!(entries.len(), 2);
    let push = &entries[0]["EntryContext"]["PingOne.EventPush(true)"];
    assert_eq!((&push["Count"], &push["TooLarge"]), (&json!(2), &json!(1)));
    let error = entries[1]["Contents"].as_str().unwrap_or_default();
    assert!(
        error.ends_with(
            "1 event was not pushed: a collector takes at most 5 MB as one event. ID: a-2."
        ),
        "{error}"
    );
    assert_eq!(collector.ids(), [["a-1"], ["a-3"]]);
}

#[test]
fn what_was_pushed_before_an_error_is_told() {
    let collector = Collector::start(|number| match number {
        0 => accepted(),
        _ => reply(403, &[], "text/plain", "no"),
    });
    let extra = "x".repeat(2000);
    let activities: Vec<Value> = (0..1200).map(|number| activity(number, &extra)).collect();
    let received = pushed(activities, &collector.params());
    let first = collector.ids()[0].len();
    let says = format!(
        "Error: {first} events, recorded at 2026-03-04 10:00:00 UTC, pushed before this error: The collector did not accept the events: Error in API call [403]"
    );
    assert!(received.error(0).contains(&says), "{}", received.error(0));
}

#[test]
fn a_silent_collector_costs_the_commands_time_and_no_more() {
    let collector = Collector::start(|_| vec![Step::Hold]);
    let mut params = collector.params();
    params["request_timeout"] = json!("0.2");
    params["max_retries"] = json!("1");
    let received = pushed(vec![activity(1, "")], &params);
    let error = received.error(0);
    assert!(
        error.contains("did not answer POST /logs/v1/event in time"),
        "{error}"
    );
    assert!(error.contains("If the collector is slow"), "{error}");
}

/// An activity of a moment ago: a fetch asks for no older ones.
fn fresh(number: usize, extra: &str) -> Value {
    let mut activity = activity(number, extra);
    activity["recordedAt"] = json!(jiff::Timestamp::now().to_string());
    activity
}

fn fetch(pingone: &Server, collector: &Collector) -> Value {
    healthy::request(
        &pingone.host(),
        "fetch-events",
        &json!({}),
        &collector.params(),
    )
}

#[test]
fn a_fetch_delivers_what_is_new_and_remembers_it() {
    let collector = Collector::start(|_| accepted());
    let pingone = pingone(vec![fresh(1, ""), fresh(2, "")]);
    let turns = (0..2).map(|_| Turn::new(fetch(&pingone, &collector)));
    let received = talk(Env::default(), turns.collect::<Vec<_>>());
    assert_secret(&received, &pingone);
    assert_eq!(received.note(0).lines().next(), Some("### 2 events pushed"));
    assert_eq!(received.note(1), "### No events to push");
    assert_eq!(collector.ids(), [["a-1", "a-2"]]);
}

#[test]
fn what_a_failed_fetch_delivered_is_not_delivered_again() {
    // The second batch is refused, and accepted in the next fetch.
    let collector = Collector::start(|number| match number {
        1 => reply(403, &[], "text/plain", KEY),
        _ => accepted(),
    });
    let extra = "x".repeat(1_000_000);
    let pingone = pingone((1..=3).map(|number| fresh(number, &extra)).collect());
    let turns = (0..3).map(|_| Turn::new(fetch(&pingone, &collector)));
    let received = talk(Env::default(), turns.collect::<Vec<_>>());
    assert_secret(&received, &pingone);
    assert_eq!(received.note(0).lines().next(), Some("### 1 event pushed"));
    assert!(
        received
            .log
            .iter()
            .any(|line| line.contains("The fetch ended early: The collector did not accept")),
        "{:?}",
        received.log
    );
    assert_eq!(received.note(1).lines().next(), Some("### 2 events pushed"));
    assert_eq!(received.note(2), "### No events to push");
    assert_eq!(collector.ids(), [["a-1"], ["a-2"], ["a-2"], ["a-3"]]);
}

#[test]
fn a_fetch_that_delivers_nothing_fails() {
    let collector = Collector::start(|_| reply(401, &[], "text/plain", KEY));
    let pingone = pingone(vec![fresh(1, "")]);
    let received = talk(Env::default(), [Turn::new(fetch(&pingone, &collector))]);
    assert_secret(&received, &pingone);
    // It is no result: `conversation` takes an error of a fetch as an exception only.
    let text = received.error(0);
    assert!(text.contains("The key is not this collector's"), "{text}");
    assert_eq!(received.last_run, json!({}));
}

/// Memory does not grow with the number of events: they are read, sent and forgotten page by page.
#[test]
fn many_events_take_no_more_memory_than_few() {
    const MAX_GROWTH_KIB: u64 = 4 * 1024;
    let peak = |pages: usize| {
        let collector = Server::start(|_| accepted());
        let number = AtomicUsize::new(0);
        let extra = "x".repeat(1000);
        let pingone = Server::start(move |seen: &Request| {
            if !seen.path().ends_with("/activities") {
                return healthy::answer(seen);
            }
            let page = number.fetch_add(1, Ordering::SeqCst);
            let activities: Vec<Value> = (0..500)
                .map(|place| activity(page * 500 + place, &extra))
                .collect();
            let mut body = healthy::page("activities", &activities);
            if page + 1 < pages {
                body["_links"] = json!({"next": {"href": format!("?cursor={page}")}});
            }
            reply(200, &[], PINGONE_JSON, body.to_string())
        });
        let params = json!({
            "xsiam_url": format!("http://{}", collector.host()),
            "xsiam_key": {"password": KEY},
        });
        let mut process = Process::start(
            std::path::Path::new(env!("CARGO_BIN_EXE_pingone-xsoar")),
            &[],
        );
        let answer = process.ask(&measured::line(&push(&pingone, &params)));
        assert!(
            answer.contains(&format!("### {} events pushed", pages * 500)),
            "{answer}"
        );
        process.peak()
    };
    let (few, many) = (peak(4), peak(40));
    assert!(many <= few + MAX_GROWTH_KIB, "{few} KiB, then {many} KiB");
}
