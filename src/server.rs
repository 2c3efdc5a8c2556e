//! XSOAR's server as the executable sees it: the source of requests and the destination of answers. In one-way mode
//! the server does not reply, so we make no calls and log to stderr. In two-way mode it replies to each log line and
//! call with exactly one line. `session.rs` decides which calls to make.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::Receiver;

use crate::{
    protocol::{Exception, Incoming, LogArguments, Message, parse_reply, write_line},
    stdin::Line,
};
use pingone::{
    journal::{Journal, Level},
    secrets::wipe,
};

/// The longest wait for a reply.
const MAX_REPLY_WAIT: Duration = Duration::from_secs(30);
/// The shortest wait for a reply, so that the log is written even if the command used up its time.
const MIN_REPLY_WAIT: Duration = Duration::from_secs(1);

/// The server at the other end.
pub struct Server<W> {
    input: Input,
    output: W,
    /// When the current request must be answered.
    deadline: Option<Instant>,
    /// How many replies did not arrive in time and may still come.
    overdue: usize,
    /// A request that arrived instead of a reply.
    queued: Option<Line>,
}

/// The server's input to us.
pub enum Input {
    /// Requests only.
    OneWay(Receiver<Incoming>),
    /// The same without a log, for replays.
    Silent(Receiver<Incoming>),
    /// Lines that are requests or replies.
    TwoWay(Receiver<Result<Line, String>>),
}

/// The integration context: what the server stores for an instance between commands.
pub struct IntegrationContext {
    /// Its members.
    pub value: Map<String, Value>,
    /// The version that was read, to detect conflicting writes. Servers before 6.0 have none.
    version: Option<Value>,
}

impl IntegrationContext {
    /// Whether the server can detect that another process wrote in the meantime.
    pub fn has_version(&self) -> bool {
        self.version.is_some()
    }
}

impl<W: Write> Server<W> {
    /// A server that we read from `input` and write to through `output`.
    pub fn new(input: Input, output: W) -> Self {
        Self {
            input,
            output,
            deadline: None,
            overdue: 0,
            queued: None,
        }
    }

    /// Sets when the current request must be answered, if known. It limits the wait for replies.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Returns the output.
    pub fn into_output(self) -> W {
        self.output
    }

    /// The next message from the server; `None` at the end of the input.
    pub async fn next(&mut self) -> Option<Incoming> {
        match &mut self.input {
            Input::OneWay(requests) | Input::Silent(requests) => requests.recv().await,
            Input::TwoWay(lines) => loop {
                let line = match self.queued.take() {
                    Some(line) => Ok(line),
                    None => lines.recv().await?,
                };
                let line = match line {
                    Ok(line) if line.trim_ascii().is_empty() => continue,
                    Ok(line) => line,
                    Err(reason) => return Some(Incoming::Malformed(reason)),
                };
                match Incoming::parse(&line) {
                    Ok(incoming) => return Some(incoming),
                    // A late reply.
                    Err(_) if self.overdue > 0 => self.overdue -= 1,
                    Err(error) => return Some(Incoming::malformed(&error)),
                }
            },
        }
    }

    /// Sends a message without waiting for a reply.
    pub fn send(&mut self, message: &Message<'_>) -> io::Result<()> {
        write_line(&mut self.output, message)
    }

    /// Reports malformed input.
    pub fn send_exception(&mut self, exception: String) -> io::Result<()> {
        self.send(&Message::Exception {
            args: Exception { exception },
        })
    }

    /// A new log for one request.
    pub fn journal(&self) -> Journal {
        match self.input {
            Input::OneWay(_) => Journal::to_stderr(),
            Input::Silent(_) | Input::TwoWay(_) => Journal::buffered(),
        }
    }

    /// Whether the server replies to calls.
    pub fn is_two_way(&self) -> bool {
        matches!(self.input, Input::TwoWay(_))
    }

    /// Writes lines to the server's log. Consecutive lines of the same level are sent together, because each call waits
    /// for its reply.
    pub async fn log(&mut self, lines: Vec<(Level, String)>) -> io::Result<()> {
        let calls = lines.chunk_by(|one, next| one.0 == next.0);
        for (level, text) in calls.filter_map(join_lines) {
            if self.overdue > 0 {
                Journal::to_stderr().log(level, text);
                continue;
            }
            // The reply to a log line is irrelevant.
            let _ = self
                .call(&Message::Log {
                    command: level,
                    args: LogArguments { args: [&text] },
                })
                .await?;
        }
        Ok(())
    }

    /// Reads the integration context. The inner error comes from the server.
    pub async fn integration_context(&mut self) -> io::Result<Result<IntegrationContext, String>> {
        let arguments = json!({"refresh": true});
        let reply = self.execute("getIntegrationContext", arguments).await?;
        Ok(reply.and_then(|reply| match reply {
            Value::Object(mut members) => {
                match (members.remove("context"), members.remove("version")) {
                    (Some(Value::Object(value)), Some(version)) => Ok(IntegrationContext {
                        value,
                        version: Some(version),
                    }),
                    // An instance that never stored anything.
                    (Some(Value::Null), Some(version)) => Ok(IntegrationContext {
                        value: Map::new(),
                        version: Some(version),
                    }),
                    (None, None) => Ok(IntegrationContext {
                        value: members,
                        version: None,
                    }),
                    _ => Err("the integration context has an unknown format".to_owned()),
                }
            }
            Value::Null => Ok(IntegrationContext {
                value: Map::new(),
                version: None,
            }),
            _ => Err("the integration context is not an object".to_owned()),
        }))
    }

    /// Writes the whole integration context. The server rejects it if another process wrote in the meantime.
    pub async fn set_integration_context(
        &mut self,
        context: IntegrationContext,
    ) -> io::Result<Result<(), String>> {
        let IntegrationContext { value, version } = context;
        let arguments = match version {
            Some(version) => json!({"value": value, "version": version, "sync": true}),
            None => json!({"value": value}),
        };
        let reply = self.execute("setIntegrationContext", arguments).await?;
        Ok(reply.map(drop))
    }

    /// Reads what the previous fetch of the instance left; empty before the first one. The inner error comes from the
    /// server.
    pub async fn last_run(&mut self) -> io::Result<Result<Map<String, Value>, String>> {
        let reply = self.execute("getLastRun", json!({})).await?;
        Ok(reply.and_then(|reply| match reply {
            Value::Object(members) => Ok(members),
            Value::Null => Ok(Map::new()),
            _ => Err("it is not an object".to_owned()),
        }))
    }

    /// Stores what the next fetch will find. A server may have done so although its reply is an error: some reply with
    /// something that is not JSON.
    pub async fn set_last_run(
        &mut self,
        last_run: Map<String, Value>,
    ) -> io::Result<Result<(), String>> {
        let reply = self.execute("setLastRun", json!({"value": last_run}));
        Ok(reply.await?.map(drop))
    }

    async fn execute(
        &mut self,
        command: &'static str,
        args: Value,
    ) -> io::Result<Result<Value, String>> {
        self.call(&Message::ExecuteCommand { command, args }).await
    }

    /// Sends a call and waits for its one-line reply. A closed connection or a timeout is an error of the call. Replies
    /// have no id and come in the order of the calls, so after a timeout no call is made until the late reply arrives.
    async fn call(&mut self, message: &Message<'_>) -> io::Result<Result<Value, String>> {
        let Input::TwoWay(lines) = &mut self.input else {
            return Ok(Err("the server does not reply in one-way mode".to_owned()));
        };
        if self.overdue > 0 {
            return Ok(Err("the server did not reply to an earlier call".to_owned()));
        }
        write_line(&mut self.output, message)?;
        let wait = reply_timeout(self.deadline);
        let end = tokio::time::Instant::now() + wait;
        loop {
            match tokio::time::timeout_at(end, lines.recv()).await {
                Err(_) => {
                    self.overdue += 1;
                    let wait = wait.as_secs_f64();
                    return Ok(Err(format!("the server did not reply within {wait:.0} s")));
                }
                Ok(None) => return Ok(Err("the server closed the connection".to_owned())),
                Ok(Some(Err(reason))) => return Ok(Err(reason)),
                // A ping can come before the reply.
                Ok(Some(Ok(line))) if line.trim_ascii() == b"ping" => {
                    write_line(&mut self.output, &Message::Pong)?;
                }
                Ok(Some(Ok(line))) if is_request(&line) => {
                    self.overdue += 1;
                    self.queued = Some(line);
                    return Ok(Err(
                        "the server sent a request instead of a reply".to_owned()
                    ));
                }
                Ok(Some(Ok(line))) => return Ok(parse_reply(&line)),
            }
        }
    }
}

/// Joins lines of the same level into one text.
fn join_lines(lines: &[(Level, String)]) -> Option<(Level, String)> {
    let level = lines.first()?.0;
    let texts: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
    Some((level, texts.join("\n")))
}

/// Whether a line is a request. A reply with these members would have to be an integration context.
fn is_request(line: &[u8]) -> bool {
    let Ok(Incoming::Request(request)) = Incoming::parse(line) else {
        return false;
    };
    let has_parameters = !request.params.is_empty();
    wipe(Value::Object(request.params));
    has_parameters
}

/// How long to wait for a reply: at most half the time left, so that the command gets its share.
fn reply_timeout(deadline: Option<Instant>) -> Duration {
    let Some(deadline) = deadline else {
        return MAX_REPLY_WAIT;
    };
    let left = deadline.saturating_duration_since(Instant::now());
    (left / 2).clamp(MIN_REPLY_WAIT, MAX_REPLY_WAIT)
}
