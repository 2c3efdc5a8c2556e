//! XSOAR's wire format: one JSON object per line, in both directions. Types and encoding only: no I/O, no decisions,
//! nothing about PingOne. It is the format of the loop that XSOAR's server starts inside an integration's container.

use std::io::{self, BufWriter, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::entry::Entry;
use pingone::{
    journal::Level,
    memory::{self, Bounded, ReadError},
};

/// A command to run. No `Debug`, because `params` contains the client secret.
pub struct Request {
    /// The command's name, such as `pingone-get-user`, or `test-module`.
    pub command: String,
    /// The instance's parameters.
    pub params: Map<String, Value>,
    /// The command's arguments.
    pub args: Map<String, Value>,
    /// What the server says about the run: its time limit, and the names of the instance and the brand.
    pub context: Map<String, Value>,
    /// Whether the process must exit after this request.
    pub native: bool,
}

/// The members of a request line that we use. The parser skips `script` (about 490 KB) and unknown members without
/// storing them.
#[derive(Deserialize)]
struct RequestLine {
    #[serde(default)]
    command: Bounded<MAX_SCALAR_BYTES>,
    #[serde(default)]
    params: Bounded<MAX_PARAMS_BYTES>,
    #[serde(default)]
    args: Bounded<MAX_ARGS_BYTES>,
    #[serde(default)]
    context: Option<RunContext>,
    #[serde(default)]
    native: Bounded<MAX_SCALAR_BYTES>,
}

/// The memory limit of a name or a flag.
const MAX_SCALAR_BYTES: usize = 64 * 1024;
/// The memory limit of the parameters: credentials, URLs, lists of protected users and groups.
pub const MAX_PARAMS_BYTES: usize = 4 * 1024 * 1024;
/// The memory limit of the arguments, and of a reply from the server. Arguments can hold a thousand containment
/// records.
const MAX_ARGS_BYTES: usize = 48 * 1024 * 1024;

/// The members of the request's `context` that we use. It also contains whole incidents.
#[derive(Default, Deserialize)]
#[serde(default)]
struct RunContext {
    #[serde(rename = "IntegrationBrand")]
    brand: Bounded<MAX_SCALAR_BYTES>,
    #[serde(rename = "IntegrationInstance")]
    instance: Bounded<MAX_SCALAR_BYTES>,
    #[serde(rename = "Inv")]
    investigation: Option<Investigation>,
    #[serde(rename = "IsDebug")]
    is_debug: Bounded<MAX_SCALAR_BYTES>,
    #[serde(rename = "runDuration")]
    run_duration: Bounded<MAX_SCALAR_BYTES>,
}

/// The investigation of the incident in which the command runs.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Investigation {
    id: Bounded<MAX_SCALAR_BYTES>,
}

impl RunContext {
    fn into_members(self) -> Map<String, Value> {
        let investigation = self
            .investigation
            .map_or(Value::Null, |found| match found.id {
                Bounded(Value::Null) => Value::Null,
                Bounded(id) => serde_json::json!({ "id": id }),
            });
        [
            ("IntegrationBrand", self.brand),
            ("IntegrationInstance", self.instance),
            ("Inv", Bounded(investigation)),
            ("IsDebug", self.is_debug),
            ("runDuration", self.run_duration),
        ]
        .into_iter()
        .filter(|(_, Bounded(value))| !value.is_null())
        .map(|(name, Bounded(value))| (name.to_owned(), value))
        .collect()
    }
}

impl<'de> Deserialize<'de> for Request {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = RequestLine::deserialize(deserializer)?;
        let Bounded(Value::String(command)) = line.command else {
            return Err(serde::de::Error::custom(
                "`command` is missing or is not a string",
            ));
        };
        Ok(Self {
            command,
            params: object("params", line.params.0)?,
            args: object("args", line.args.0)?,
            context: line.context.unwrap_or_default().into_members(),
            native: line.native.0 == Value::Bool(true),
        })
    }
}

/// `null` means an empty object, as in XSOAR's own helpers.
fn object<E: serde::de::Error>(name: &str, value: Value) -> Result<Map<String, Value>, E> {
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(E::custom(format_args!("`{name}` is not a JSON object"))),
    }
}

/// What the server sent.
pub enum Incoming {
    /// The server checks that the process is alive.
    Ping,
    /// A command to run.
    Request(Box<Request>),
    /// Malformed input, with the reason.
    Malformed(String),
}

impl Incoming {
    /// Parses one line. For incomplete JSON, `is_eof` of the error is true.
    pub fn parse(line: &[u8]) -> Result<Self, serde_json::Error> {
        if line.trim_ascii() == b"ping" {
            return Ok(Self::Ping);
        }
        // Checked here because serde would quote the text in its error, and accept an array for an object.
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(serde::de::Error::custom("it does not begin with {"));
        }
        serde_json::from_slice(line).map(|request| Self::Request(Box::new(request)))
    }

    /// The answer to malformed input. The parser's message gives the position and never quotes the input.
    pub fn malformed(error: &serde_json::Error) -> Self {
        Self::Malformed(format!("The input line is not an XSOAR request: {error}"))
    }
}

/// What the executable sends.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Message<'a> {
    /// The answer to `ping`.
    Pong,
    /// A command's War Room entries.
    Result {
        /// The entries; the one with the context comes first.
        results: &'a [Entry],
    },
    /// The request is finished. Always sent.
    Completed,
    /// The request could not be read.
    Exception {
        /// `{"exception": text}`.
        args: Exception,
    },
    /// A line for the server's log. The server replies with one line.
    Log {
        /// `debug`, `info` or `error`.
        command: Level,
        /// `{"args": [text]}`.
        args: LogArguments<'a>,
    },
    /// A call to the server. The server replies with one line.
    ExecuteCommand {
        /// The server's function.
        command: &'a str,
        /// Its arguments.
        args: Value,
    },
}

/// The argument of an exception message.
#[derive(Serialize)]
pub struct Exception {
    /// What went wrong.
    pub exception: String,
}

/// The argument of a log message.
#[derive(Serialize)]
pub struct LogArguments<'a> {
    /// The text, as a list with one item.
    pub args: [&'a str; 1],
}

/// Writes one message as one line and flushes it. The encoded message is never held in memory as a whole.
pub fn write_line(out: &mut impl Write, message: &Message<'_>) -> io::Result<()> {
    let mut line = BufWriter::new(out);
    serde_json::to_writer(&mut line, message)?;
    line.write_all(b"\n")?;
    line.flush()
}

/// How the server marks the answer to a call as an error: at its beginning. The first is in the loops that servers
/// really run, the second in the published example; the text after the marker says what went wrong. Elsewhere in a
/// line it is nothing but text, such as a value in the integration context.
const ERROR_MARKERS: [&str; 2] = ["[ERROR-fd5a7750-7182-4b38-90ba-091824478903]", "$$##"];

/// A server error is one sentence. Anything longer could be arbitrary data.
const MAX_ERROR_CHARS: usize = 200;

/// Parses the server's reply to a call: a JSON value, or an error text.
pub fn parse_reply(line: &[u8]) -> Result<Value, String> {
    let text = String::from_utf8_lossy(line);
    for marker in ERROR_MARKERS {
        if let Some(error) = text.trim_start().strip_prefix(marker) {
            return Err(error.trim().chars().take(MAX_ERROR_CHARS).collect());
        }
    }
    // The parser's message gives the position and never quotes the input.
    memory::read_within(MAX_ARGS_BYTES, text.as_bytes()).map_err(|error| match error {
        ReadError::Json(error) => format!("the server's reply is not JSON: {error}"),
        ReadError::TooLarge => "the server's reply is too large".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(line: &str) -> Request {
        match Incoming::parse(line.as_bytes()) {
            Ok(Incoming::Request(request)) => *request,
            Ok(_) => panic!("not a request: {line}"),
            Err(error) => panic!("{line}: {error}"),
        }
    }

    #[test]
    fn unknown_members_and_the_script_are_skipped() {
        let line =
            r#"{"script":"x\ud800","novelty":[{}],"command":"test-module","integration":true}"#;
        let request = request(line);
        assert_eq!(request.command, "test-module");
        assert!(request.params.is_empty() && request.args.is_empty() && !request.native);
    }

    #[test]
    fn null_objects_count_as_empty() {
        let request =
            request(r#"{"command":"c","params":null,"args":null,"context":null,"native":null}"#);
        assert!(request.params.is_empty() && request.args.is_empty() && !request.native);
    }

    #[test]
    fn malformed_input_is_an_error_other_than_eof() {
        for line in [
            "[]",
            "7",
            "\"ping\"",
            "{}",
            r#"["test-module"]"#,
            "\"unfinished",
            r#"{"command":1}"#,
            r#"{"command":"c","args":[]}"#,
            "pong",
            "{]",
        ] {
            let error = Incoming::parse(line.as_bytes())
                .err()
                .unwrap_or_else(|| panic!("{line} was accepted"));
            assert!(!error.is_eof(), "{line}");
        }
    }

    #[test]
    fn malformed_input_is_not_quoted() {
        for line in [
            r#""hunter22""#,
            "hunter22",
            r#"{"command":{"hunter22":1}}"#,
            r#"{"params":"hunter22"}"#,
            r#"{"hunter22"}"#,
            r#"{"command":"hunter22"#,
            r#"{"command":"c","args":{"hunter22":1,"hunter22":"hunter22"}}"#,
        ] {
            match Incoming::parse(line.as_bytes()).map_err(|error| Incoming::malformed(&error)) {
                Err(Incoming::Malformed(reason)) => {
                    assert!(!reason.contains("hunter22"), "{reason}");
                }
                _ => panic!("{line} was accepted"),
            }
        }
    }

    #[test]
    fn a_message_has_one_newline_at_its_end() {
        let mut out = Vec::new();
        let entry = Entry::error("a\nb\u{2028}".to_owned());
        write_line(&mut out, &Message::Result { results: &[entry] }).expect("writing to memory");
        assert_eq!(
            out.iter().position(|byte| *byte == b'\n'),
            Some(out.len() - 1)
        );
    }

    #[test]
    fn both_error_markers_are_recognised() {
        assert_eq!(
            parse_reply(b"[ERROR-fd5a7750-7182-4b38-90ba-091824478903]no such key\n"),
            Err("no such key".to_owned())
        );
        assert_eq!(parse_reply(b"$$##conflict"), Err("conflict".to_owned()));
        assert_eq!(
            parse_reply(b" $$## conflict\r\n"),
            Err("conflict".to_owned())
        );
        assert_eq!(parse_reply(b"null"), Ok(Value::Null));
        assert!(parse_reply(b"").is_err());
    }

    #[test]
    fn an_error_marker_inside_a_reply_is_plain_text() {
        for marker in ERROR_MARKERS {
            let reply = serde_json::json!({"context": {"note": format!("a{marker}b")}});
            assert_eq!(parse_reply(reply.to_string().as_bytes()), Ok(reply));
            let error = parse_reply(format!("hunter22 {marker} hunter22").as_bytes());
            let error = error.expect_err("it is not JSON");
            assert!(!error.contains("hunter22"), "{error}");
        }
        let long = parse_reply(format!("$$##{}", "x".repeat(10_000)).as_bytes());
        assert_eq!(long.expect_err("an error").len(), MAX_ERROR_CHARS);
    }
}
