//! Reads stdin on its own thread, so that the runtime keeps driving idle connections: if PingOne closes one, we notice
//! before the next request is sent on it. Line length is bounded. In two-way mode, `server.rs` interprets the lines.

use std::io::{self, BufRead, BufReader, Read};

use serde::Deserialize as _;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::protocol::{Incoming, Request};

/// The longest line. A request carries about 490 KB of script and perhaps a few megabytes of incident data.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
/// The capacity of a Linux pipe, to read large lines in fewer calls.
const READ_BUFFER_BYTES: usize = 64 * 1024;
/// The most that is allocated before a line arrives.
const MAX_INITIAL_CAPACITY: usize = 1024 * 1024;
/// Some editors write it at the start of a UTF-8 file, such as a saved request.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line, wiped after use because it may contain the client secret.
pub type Line = Zeroizing<Vec<u8>>;

/// A line, or the reason why it was rejected.
type BoundedLine = Result<Line, String>;

/// Lines as they arrive. The channel closes at the end of the input.
pub fn lines(input: impl Read + Send + 'static) -> mpsc::Receiver<BoundedLine> {
    spawn(Lines::of(input))
}

/// Requests as they arrive. A request can span several lines.
pub fn requests(input: impl Read + Send + 'static) -> mpsc::Receiver<Incoming> {
    spawn(read_requests(input))
}

/// The same without a thread: iteration blocks on the input.
pub fn read_requests(input: impl Read) -> impl Iterator<Item = Incoming> {
    Requests {
        lines: Lines::of(input),
        unread: None,
    }
}

fn spawn<T: Send + 'static>(items: impl Iterator<Item = T> + Send + 'static) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel(1);
    // The thread ends with the input, or when the receiver is dropped.
    std::thread::spawn(move || {
        items
            .into_iter()
            .try_for_each(|item| sender.blocking_send(item))
    });
    receiver
}

/// Lines of at most [`MAX_LINE_BYTES`] bytes.
struct Lines<R> {
    input: BufReader<R>,
    /// The initial capacity for the next line: a little more than the last one needed. A buffer that grows leaves
    /// copies behind that are not wiped.
    size_hint: usize,
}

impl<R: Read> Lines<R> {
    fn of(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(READ_BUFFER_BYTES, input),
            size_hint: 0,
        }
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = BoundedLine;

    fn next(&mut self) -> Option<BoundedLine> {
        let mut line = Zeroizing::new(Vec::with_capacity(self.size_hint.min(MAX_INITIAL_CAPACITY)));
        // Treat a read error as the end of input: there is no one to report it to.
        let read = self
            .input
            .by_ref()
            .take(MAX_LINE_BYTES as u64 + 1)
            .read_until(b'\n', &mut line)
            .ok()?;
        if read == 0 {
            return None;
        }
        self.size_hint = line.len() + line.len() / 8;
        if line.len() > MAX_LINE_BYTES {
            if line.last() != Some(&b'\n') {
                self.input.skip_until(b'\n').ok()?;
            }
            return Some(Err(format!(
                "The input line is longer than {} MiB.",
                MAX_LINE_BYTES / 1024 / 1024
            )));
        }
        if line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        Some(Ok(line))
    }
}

/// Turns lines into requests. A request is nearly always one line, but a saved file may spread it over several.
struct Requests<R> {
    lines: Lines<R>,
    /// The line at which parsing a multi-line request failed. It is parsed again on its own.
    unread: Option<Line>,
}

impl<R: Read> Iterator for Requests<R> {
    type Item = Incoming;

    fn next(&mut self) -> Option<Incoming> {
        loop {
            let line = match self
                .unread
                .take()
                .map_or_else(|| self.lines.next(), |unread| Some(Ok(unread)))?
            {
                Ok(line) => line,
                Err(reason) => return Some(Incoming::Malformed(reason)),
            };
            if line.trim_ascii().is_empty() {
                continue;
            }
            return Some(match Incoming::parse(&line) {
                Ok(incoming) => incoming,
                Err(error) if error.is_eof() => self.join(line),
                Err(error) => Incoming::malformed(&error),
            });
        }
    }
}

impl<R: Read> Requests<R> {
    /// Reads a request that continues on the next lines. The parser pulls lines as it needs them, so each byte is
    /// parsed once, and an error is found in the line that contains it.
    fn join(&mut self, first: Line) -> Incoming {
        let mut reader = LineReader {
            lines: &mut self.lines,
            total: first.len(),
            current: first,
            read: 0,
            too_long: false,
        };
        let parsed = Request::deserialize(&mut serde_json::Deserializer::from_reader(&mut reader));
        let rest_is_blank = reader
            .current
            .get(reader.read..)
            .is_none_or(|rest| rest.trim_ascii().is_empty());
        let LineReader {
            current, too_long, ..
        } = reader;
        match parsed {
            Ok(request) if rest_is_blank => Incoming::Request(Box::new(request)),
            Ok(_) => {
                self.unread = Some(current);
                Incoming::Malformed(
                    "The input is not an XSOAR request: there is text after its closing brace."
                        .to_owned(),
                )
            }
            Err(_) if too_long => Incoming::Malformed(format!(
                "The request is longer than {} MiB.",
                MAX_LINE_BYTES / 1024 / 1024
            )),
            Err(error) => {
                if !error.is_eof() {
                    self.unread = Some(current);
                }
                Incoming::malformed(&error)
            }
        }
    }
}

/// Feeds lines to the parser.
struct LineReader<'a, R> {
    lines: &'a mut Lines<R>,
    current: Line,
    /// How many bytes of the current line were consumed.
    read: usize,
    total: usize,
    too_long: bool,
}

impl<R: Read> Read for LineReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.current.len() {
            match self.lines.next() {
                None => return Ok(0),
                Some(Ok(line)) if self.total + line.len() <= MAX_LINE_BYTES => {
                    self.total += line.len();
                    self.current = line;
                    self.read = 0;
                }
                Some(_) => {
                    self.too_long = true;
                    return Err(io::ErrorKind::InvalidData.into());
                }
            }
        }
        let count = self
            .current
            .get(self.read..)
            .unwrap_or_default()
            .read(buffer)?;
        self.read += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What an input is parsed into: `ping`, a request's command, or `!` for malformed input.
    fn read(input: &[u8]) -> Vec<String> {
        read_requests(input)
            .map(|incoming| match incoming {
                Incoming::Ping => "ping".to_owned(),
                Incoming::Request(request) => request.command,
                Incoming::Malformed(_) => "!".to_owned(),
            })
            .collect()
    }

    #[test]
    fn each_line_is_a_request() {
        assert_eq!(
            read(b"{\"command\":\"a\"}\nping\n\n{\"command\":\"b\"}"),
            ["a", "ping", "b"]
        );
    }

    #[test]
    fn a_request_can_span_lines() {
        assert_eq!(
            read(b"{\n  \"command\":\n\n\"a\",\n \"native\": tr\n"),
            ["!", "!"],
            "a token cannot span lines, and the last line is not a request on its own"
        );
        assert_eq!(
            read(b"{\n  \"command\":\n\n\"a\",\n \"native\":\n true\n}\n{\"command\":\"b\"}\n"),
            ["a", "b"]
        );
    }

    #[test]
    fn a_byte_order_mark_is_ignored() {
        assert_eq!(
            read(b"\xef\xbb\xbf{\"command\":\n\"a\"}\n\xef\xbb\xbfping\n\xef\xbb\xbf\n"),
            ["a", "ping"]
        );
        assert_eq!(read(b"\xef\xbb{\"command\":\"a\"}\n"), ["!"]);
    }

    #[test]
    fn the_line_that_breaks_a_multi_line_request_is_parsed_on_its_own() {
        assert_eq!(
            read(b"{\"command\":\"lost\",\n{\"command\":\"a\"}\n"),
            ["!", "a"]
        );
        assert_eq!(read(b"{\"command\":\nping\n"), ["!", "ping"]);
        assert_eq!(
            read(b"{\"command\":\"x\"\n} {\"command\":\"y\"}\n{\"command\":\"a\"}\n"),
            ["!", "!", "a"]
        );
    }

    #[test]
    fn malformed_lines_are_reported_one_by_one() {
        assert_eq!(
            read(b"no\n[1]\n\xff\xfe\n{\"command\":\"a\"}\n"),
            ["!", "!", "!", "a"]
        );
        assert_eq!(
            read(b"{\"command\":\"a\""),
            ["!"],
            "the input ends in the middle of a request"
        );
        let deep = [
            b"{\"command\":\"a\",\"args\":".as_slice(),
            &b"[".repeat(100_000),
            b"\n{\"command\":\"b\"}\n",
        ]
        .concat();
        assert_eq!(read(&deep), ["!", "b"]);
    }

    #[test]
    fn duplicate_keys_in_params_and_args_are_rejected() {
        for line in [
            r#"{"command":"a","params":{"read_only":true,"region":"EU","read_only":false}}"#,
            r#"{"command":"a","params":{"credentials":{"password":"one","password":"two"}}}"#,
            r#"{"command":"a","args":{"username":"emma","username":"jane"}}"#,
            "{\"command\":\"a\",\n\"params\":{\"read_only\":true,\n\"read_only\":false}}",
        ] {
            let items = read(line.as_bytes());
            assert!(items.iter().all(|item| item == "!"), "{line}: {items:?}");
        }
        assert_eq!(
            read(br#"{"command":"a","params":{"a":{"x":1},"b":{"x":2}},"args":{"x":3}}"#),
            ["a"],
            "the same key in different objects is fine"
        );
    }

    #[test]
    fn duplicate_members_and_lone_surrogates_are_rejected() {
        assert_eq!(
            read(b"{\"command\":\"a\",\"command\":\"b\"}\n{\"command\":\"\\ud800\"}\n"),
            ["!", "!"]
        );
        assert_eq!(
            read(b"{\"script\":\"\\ud800\",\"command\":\"a\"}\n"),
            ["a"],
            "skipped members are not validated"
        );
    }

    #[test]
    fn a_line_that_is_too_long_is_skipped() {
        let input = io::repeat(b'x')
            .take(MAX_LINE_BYTES as u64 + 10)
            .chain(b"\n{\"command\":\"a\"}\n".as_slice());
        let items: Vec<_> = read_requests(input).collect();
        assert!(matches!(
            &items[..],
            [Incoming::Malformed(_), Incoming::Request(_)]
        ));
    }

    proptest! {
        #[test]
        fn any_input_terminates(input in proptest::collection::vec(any::<u8>(), 0..400)) {
            read(&input);
        }

        /// Line breaks between tokens do not change a request.
        #[test]
        fn line_breaks_between_tokens_are_ignored(breaks in proptest::collection::vec(any::<bool>(), 13)) {
            let tokens = ["{", "\"command\"", ":", "\"a b\"", ",", "\"args\"", ":", "{", "\"x\"", ":", "[1]", "}", "}"];
            let text: String = tokens.iter().zip(&breaks).flat_map(|(token, broken)| [*token, if *broken { "\n" } else { "" }]).collect();
            prop_assert_eq!(read(text.as_bytes()), ["a b"]);
        }
    }
}
