//! XSOAR's server as the executable sees it: where requests come from and answers go to. In the one-way mode
//! nobody answers, so nothing is asked and the log goes to stderr. In the two-way mode each log line and call
//! is answered by exactly one line. What is asked and when is decided in `session.rs`.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc::Receiver;

use crate::{
    journal::{Journal, Level},
    protocol::{Exception, Incoming, LogArguments, Message, parse_reply, write_line},
    stdin::Line,
};

/// The server at the other end.
pub struct Server<W> {
    input: Input,
    output: W,
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

impl<W: Write> Server<W> {
    /// A server that sends `input` and takes `output`.
    pub fn new(input: Input, output: W) -> Self {
        Self { input, output }
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
                let line = match lines.recv().await? {
                    Ok(line) if line.trim_ascii().is_empty() => continue,
                    Ok(line) => line,
                    Err(reason) => return Some(Incoming::Garbage(reason)),
                };
                return Some(
                    Incoming::parse(&line).unwrap_or_else(|error| Incoming::garbage(&error)),
                );
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
            Input::Silent(_) | Input::TwoWay(_) => Journal::keeping(),
        }
    }

    /// Whether the server can be asked.
    pub fn answers(&self) -> bool {
        matches!(self.input, Input::TwoWay(_))
    }

    /// Writes lines into the server's log, if it has one for us.
    pub async fn log(&mut self, lines: Vec<(Level, String)>) -> io::Result<()> {
        for (level, text) in lines {
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

    /// Sends a call and waits for its one line of reply. A server that is gone is an error of the call.
    async fn call(&mut self, message: &Message<'_>) -> io::Result<Result<Value, String>> {
        let Input::TwoWay(lines) = &mut self.input else {
            return Ok(Err("nobody answers in this mode".to_owned()));
        };
        write_line(&mut self.output, message)?;
        loop {
            match lines.recv().await {
                None => return Ok(Err("the server is gone".to_owned())),
                Some(Err(reason)) => return Ok(Err(reason)),
                // A server that only wants to know whether we live gets its answer; the reply is still to come.
                Some(Ok(line)) if line.trim_ascii() == b"ping" => {
                    write_line(&mut self.output, &Message::Pong)?;
                }
                Some(Ok(line)) => return Ok(parse_reply(&line)),
            }
        }
    }
}
