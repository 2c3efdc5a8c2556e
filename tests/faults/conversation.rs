//! XSOAR's server as the other end of `pingone-xsoar serve`, within the test's own process: sends requests one
//! after the other, answers log lines and calls, keeps the integration context, and hears everything.

use std::{
    collections::VecDeque,
    io::{self, Write},
    time::Duration,
};

use jiff::Timestamp;
use pingone_xsoar::{
    access,
    env::Env,
    run::Runner,
    server::{Input, Server},
    session,
    stdin::Line,
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Sender, channel};
use zeroize::Zeroizing;

/// One request, and what happens right before it is sent.
pub(crate) struct Turn {
    request: Value,
    before: Box<dyn FnOnce()>,
}

impl Turn {
    pub(crate) fn new(request: Value) -> Self {
        Self {
            request,
            before: Box::new(|| {}),
        }
    }

    pub(crate) fn after(before: impl FnOnce() + 'static, request: Value) -> Self {
        Self {
            request,
            before: Box::new(before),
        }
    }
}

/// What was said.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// The entries of each request.
    pub(crate) answers: Vec<Vec<Value>>,
    /// Log lines.
    pub(crate) log: Vec<String>,
    /// The integration contexts that were stored.
    pub(crate) stored: Vec<Value>,
    /// The integration context at the end.
    pub(crate) context: Value,
    /// How often it was read.
    pub(crate) context_reads: usize,
    /// The last run of a fetch.
    pub(crate) last_run: Value,
    /// Whatever is none of these.
    pub(crate) others: Vec<Value>,
}

impl Received {
    /// The only entry of a request.
    pub(crate) fn entry(&self, request: usize) -> &Value {
        match self.answers.get(request).map(Vec::as_slice) {
            Some([entry]) => entry,
            other => panic!("not exactly one entry for request {request}: {other:?}"),
        }
    }

    /// The `Type` and the text of the only entry of a request.
    pub(crate) fn result(&self, request: usize) -> (u64, &str) {
        kind_and_text(self.entry(request))
    }

    /// The text of a request's error entry.
    pub(crate) fn error(&self, request: usize) -> &str {
        match self.result(request) {
            (4, text) => text,
            other => panic!("not an error entry for request {request}: {other:?}"),
        }
    }

    /// The text of a request's entry, which is no error.
    pub(crate) fn note(&self, request: usize) -> &str {
        match self.result(request) {
            (1, text) => text,
            other => panic!("not a note for request {request}: {other:?}"),
        }
    }

    /// Everything that came out, except what was stored in the integration context.
    pub(crate) fn everything_shown(&self) -> String {
        let Self {
            answers,
            log,
            others,
            stored: _,
            context: _,
            context_reads: _,
            last_run: _,
        } = self;
        format!("{}\n{}\n{}", json!(answers), log.join("\n"), json!(others))
    }
}

/// The `Type` and the text of an entry.
pub(crate) fn kind_and_text(entry: &Value) -> (u64, &str) {
    let text = entry
        .get("HumanReadable")
        .or(entry.get("Contents"))
        .and_then(Value::as_str);
    (
        entry["Type"].as_u64().unwrap_or_default(),
        text.unwrap_or_default(),
    )
}

/// Nothing here may take longer: every test has limits of its own far below it.
const TEST_TIMEOUT: Duration = Duration::from_mins(2);

/// Lets `runner` serve these requests in the two-way mode, beginning with this integration context.
pub(crate) fn talk_with(
    runner: &mut Runner,
    context: Value,
    turns: impl IntoIterator<Item = Turn>,
) -> Received {
    let (lines, receiver) = channel(8);
    let mut end = OtherEnd {
        unread: Vec::new(),
        lines: Some(lines),
        turns: turns.into_iter().collect(),
        version: 1,
        is_fetching: false,
        received: Received {
            context,
            last_run: json!({}),
            ..Received::default()
        },
    };
    end.next_turn();
    let mut server = Server::new(Input::TwoWay(receiver), end);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(TEST_TIMEOUT, session::serve(&mut server, runner))
            .await
            .expect("an answer in time: something hangs")
            .expect("the answer could be written");
    });
    // Look-ups of names run on threads that a runtime waits for.
    runtime.shutdown_background();
    server.into_output().received
}

/// The same with a process of its own.
pub(crate) fn talk(env: Env, turns: impl IntoIterator<Item = Turn>) -> Received {
    talk_with(&mut Runner::live(env), json!({}), turns)
}

/// The same without waits between tries, where how long they take is not the point.
pub(crate) fn talk_without_waits(env: Env, turns: impl IntoIterator<Item = Turn>) -> Received {
    let mut runner = Runner::with_simulated_waits(env, Timestamp::now());
    talk_with(&mut runner, json!({}), turns)
}

/// Takes what the executable writes and sends what a server would.
struct OtherEnd {
    unread: Vec<u8>,
    lines: Option<Sender<Result<Line, String>>>,
    turns: VecDeque<Turn>,
    version: u64,
    /// Whether the current request is a fetch.
    is_fetching: bool,
    received: Received,
}

impl OtherEnd {
    fn send(&mut self, message: &Value) {
        if let Some(lines) = &self.lines {
            let line = Zeroizing::new(message.to_string().into_bytes());
            lines.try_send(Ok(line)).expect("room for a line");
        }
    }

    fn next_turn(&mut self) {
        match self.turns.pop_front() {
            Some(Turn { request, before }) => {
                before();
                self.is_fetching = request["command"].as_str().is_some_and(access::is_fetch);
                self.received.answers.push(Vec::new());
                self.send(&request);
            }
            None => self.lines = None,
        }
    }

    fn hear(&mut self, message: Value) {
        match (message["type"].as_str(), message["command"].as_str()) {
            (Some("log"), _) => {
                let text = message["args"]["args"][0].as_str().unwrap_or_default();
                self.received.log.push(text.to_owned());
                self.send(&Value::Null);
            }
            (_, Some("getIntegrationContext")) => {
                self.received.context_reads += 1;
                let context = self.received.context.clone();
                self.send(&json!({"context": context, "version": {"version": self.version}}));
            }
            (_, Some("setIntegrationContext")) => {
                self.received.context = message["args"]["value"].clone();
                self.version += 1;
                self.received.stored.push(self.received.context.clone());
                self.send(&Value::Null);
            }
            (_, Some("getLastRun")) => {
                let last_run = self.received.last_run.clone();
                self.send(&last_run);
            }
            (_, Some("setLastRun")) => {
                let answer = self.received.answers.last();
                let is_error = |entry: &Value| entry["Type"] == 4;
                assert!(!answer.is_some_and(|entries| entries.iter().any(is_error)));
                self.received.last_run = message["args"]["value"].clone();
                self.send(&Value::Null);
            }
            // How a fetch reports an error; whatever else fails has an entry.
            (Some("exception"), _) if self.is_fetching => {
                let text = &message["args"]["exception"];
                if let Some(answer) = self.received.answers.last_mut() {
                    answer.push(json!({"Type": 4, "Contents": text}));
                }
            }
            (Some("result"), _) => {
                let results = message["results"].as_array().cloned().unwrap_or_default();
                let is_error = |entry: &Value| entry["Type"] == 4;
                assert!(
                    !self.is_fetching || !results.iter().any(is_error),
                    "{results:?}"
                );
                if let Some(answer) = self.received.answers.last_mut() {
                    answer.extend(results);
                }
            }
            (Some("completed"), _) => self.next_turn(),
            _ => self.received.others.push(message),
        }
    }
}

impl Write for OtherEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.unread.extend_from_slice(bytes);
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            let message = serde_json::from_slice(&line).expect("every line is one JSON message");
            self.hear(message);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
