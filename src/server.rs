//! XSOAR's server as the executable sees it: where requests come from and answers go to. In the one-way mode
//! nobody answers, so nothing is asked and the log goes to stderr. In the two-way mode each log line and call
//! is answered by exactly one line. What is asked and when is decided in `session.rs`.

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

/// The longest that a reply is waited for.
const MAX_WAIT: Duration = Duration::from_secs(30);
/// What is waited in any case, so that the log is written also where a command used all its time.
const MIN_WAIT: Duration = Duration::from_secs(1);

/// The server at the other end.
pub struct Server<W> {
    input: Input,
    output: W,
    /// When the request under way has to be answered.
    deadline: Option<Instant>,
    /// How many replies were waited for in vain and may still come.
    owed: usize,
    /// A request that came in the place of a reply.
    early: Option<Line>,
}

/// What comes from the server.
pub enum Input {
    /// Requests alone.
    OneWay(Receiver<Incoming>),
    /// The same, for a replay: without a log.
    Silent(Receiver<Incoming>),
    /// Lines, which are requests or replies.
    TwoWay(Receiver<Result<Line, String>>),
}

/// The integration context: what the server keeps for an instance between commands.
pub struct IntegrationContext {
    /// Its members.
    pub value: Map<String, Value>,
    /// The state that was read, to be given back when writing; servers before 6.0 have none.
    version: Option<Value>,
}

impl IntegrationContext {
    /// Whether the server will tell if somebody wrote since it was read.
    pub fn has_version(&self) -> bool {
        self.version.is_some()
    }
}

impl<W: Write> Server<W> {
    /// A server that sends `input` and takes `output`.
    pub fn new(input: Input, output: W) -> Self {
        Self {
            input,
            output,
            deadline: None,
            owed: 0,
            early: None,
        }
    }

    /// When the request under way has to be answered, if that is known: no reply is waited for beyond it.
    pub fn answer_by(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// What was written to.
    pub fn into_output(self) -> W {
        self.output
    }

    /// The next thing that the server sends; `None` when it sends no more.
    pub async fn next(&mut self) -> Option<Incoming> {
        match &mut self.input {
            Input::OneWay(requests) | Input::Silent(requests) => requests.recv().await,
            Input::TwoWay(lines) => loop {
                let line = match self.early.take() {
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
                    // A reply that nobody waits for any more.
                    Err(_) if self.owed > 0 => self.owed -= 1,
                    Err(error) => return Some(Incoming::garbage(&error)),
                }
            },
        }
    }

    /// Sends a message that has no reply.
    pub fn send(&mut self, message: &Message<'_>) -> io::Result<()> {
        write_line(&mut self.output, message)
    }

    /// Says that something was no request.
    pub fn send_exception(&mut self, exception: String) -> io::Result<()> {
        self.send(&Message::Exception {
            args: Exception { exception },
        })
    }

    /// A log for one request.
    pub fn journal(&self) -> Journal {
        match self.input {
            Input::OneWay(_) => Journal::to_stderr(),
            Input::Silent(_) | Input::TwoWay(_) => Journal::buffered(),
        }
    }

    /// Whether the server can be asked.
    pub fn answers(&self) -> bool {
        matches!(self.input, Input::TwoWay(_))
    }

    /// Writes lines into the server's log, if it has one for us. Lines of one level that follow each other go together:
    /// each call is waited for.
    pub async fn log(&mut self, lines: Vec<(Level, String)>) -> io::Result<()> {
        let calls = lines.chunk_by(|one, next| one.0 == next.0);
        for (level, text) in calls.filter_map(joined) {
            if self.owed > 0 {
                Journal::to_stderr().log(level, text);
                continue;
            }
            // What the server says to a log line does not matter.
            let _ = self
                .call(&Message::Log {
                    command: level,
                    args: LogArguments { args: [&text] },
                })
                .await?;
        }
        Ok(())
    }

    /// Reads the integration context. The inner error is the server's.
    pub async fn integration_context(&mut self) -> io::Result<Result<IntegrationContext, String>> {
        let arguments = json!({"refresh": true});
        let reply = self
            .call(&Message::ExecuteCommand {
                command: "getIntegrationContext",
                args: arguments,
            })
            .await?;
        Ok(reply.and_then(|reply| match reply {
            Value::Object(mut members) => {
                match (members.remove("context"), members.remove("version")) {
                    (Some(Value::Object(value)), Some(version)) => Ok(IntegrationContext {
                        value,
                        version: Some(version),
                    }),
                    // An instance that never stored anything may have none.
                    (Some(Value::Null), Some(version)) => Ok(IntegrationContext {
                        value: Map::new(),
                        version: Some(version),
                    }),
                    (None, None) => Ok(IntegrationContext {
                        value: members,
                        version: None,
                    }),
                    _ => Err("the integration context has another shape".to_owned()),
                }
            }
            Value::Null => Ok(IntegrationContext {
                value: Map::new(),
                version: None,
            }),
            _ => Err("the integration context is not an object".to_owned()),
        }))
    }

    /// Writes the whole integration context; refused if another process wrote it since it was read.
    pub async fn set_integration_context(
        &mut self,
        context: IntegrationContext,
    ) -> io::Result<Result<(), String>> {
        let IntegrationContext { value, version } = context;
        let arguments = match version {
            Some(version) => json!({"value": value, "version": version, "sync": true}),
            None => json!({"value": value}),
        };
        let reply = self
            .call(&Message::ExecuteCommand {
                command: "setIntegrationContext",
                args: arguments,
            })
            .await?;
        Ok(reply.map(drop))
    }

    /// Sends a call and waits for its one line of reply. A server that is gone, or does not reply in time, is an error
    /// of the call. Replies come in the order of the calls; so after one that did not come, nothing is asked until it
    /// came late, or it would be taken for the next one.
    async fn call(&mut self, message: &Message<'_>) -> io::Result<Result<Value, String>> {
        let Input::TwoWay(lines) = &mut self.input else {
            return Ok(Err("nobody answers in this mode".to_owned()));
        };
        if self.owed > 0 {
            return Ok(Err("the server did not reply to an earlier call".to_owned()));
        }
        write_line(&mut self.output, message)?;
        let wait = wait_until(self.deadline);
        let end = tokio::time::Instant::now() + wait;
        loop {
            match tokio::time::timeout_at(end, lines.recv()).await {
                Err(_) => {
                    self.owed += 1;
                    let wait = wait.as_secs_f64();
                    return Ok(Err(format!("the server did not reply within {wait:.0} s")));
                }
                Ok(None) => return Ok(Err("the server is gone".to_owned())),
                Ok(Some(Err(reason))) => return Ok(Err(reason)),
                // A server that only wants to know whether we live gets its answer; the reply is still to come.
                Ok(Some(Ok(line))) if line.trim_ascii() == b"ping" => {
                    write_line(&mut self.output, &Message::Pong)?;
                }
                Ok(Some(Ok(line))) if is_request(&line) => {
                    self.owed += 1;
                    self.early = Some(line);
                    return Ok(Err(
                        "the server sent a request in the place of a reply".to_owned()
                    ));
                }
                Ok(Some(Ok(line))) => return Ok(parse_reply(&line)),
            }
        }
    }
}

/// Lines of one level as one text.
fn joined(lines: &[(Level, String)]) -> Option<(Level, String)> {
    let level = lines.first()?.0;
    let texts: Vec<&str> = lines.iter().map(|(_, text)| text.as_str()).collect();
    Some((level, texts.join("\n")))
}

/// Whether a line is a request, and no reply: that would be an integration context with these members.
fn is_request(line: &[u8]) -> bool {
    let Ok(Incoming::Request(request)) = Incoming::parse(line) else {
        return false;
    };
    let has_parameters = !request.params.is_empty();
    wipe(Value::Object(request.params));
    has_parameters
}

/// How long a reply is waited for: after it, there has to be time left for the command.
fn wait_until(deadline: Option<Instant>) -> Duration {
    let Some(deadline) = deadline else {
        return MAX_WAIT;
    };
    let left = deadline.saturating_duration_since(Instant::now());
    (left / 2).clamp(MIN_WAIT, MAX_WAIT)
}
