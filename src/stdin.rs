//! Reads stdin on a thread of its own, so that the runtime goes on driving idle connections meanwhile: one
//! that PingOne closes is then noticed before the next request is sent into it. Lines are bounded. What a
//! line means in the two-way mode is decided in `server.rs`.

use std::io::{self, BufRead, BufReader, Read};

use serde::Deserialize as _;
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::protocol::{Incoming, Request};

/// The longest line. A request carries about 490 KB of script and perhaps a few megabytes of incident.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;
/// Fewer reads for large lines; a pipe holds as much.
const BUFFER: usize = 64 * 1024;
/// Not more than this is set aside for a line before it comes.
const USUAL: usize = 1024 * 1024;
/// What some editors put before a text in UTF-8. A request that was saved by one is still a request.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A line; wiped after use, as it may hold the client secret.
pub type Line = Zeroizing<Vec<u8>>;

/// What a line was, if it was not too long.
type Bounded = Result<Line, String>;

/// Lines as they come. The channel ends where the input does.
pub fn lines(input: impl Read + Send + 'static) -> mpsc::Receiver<Bounded> {
    spawn(Lines::of(input))
}

/// Requests as they come; one that is spread over several lines is joined.
pub fn requests(input: impl Read + Send + 'static) -> mpsc::Receiver<Incoming> {
    spawn(read_requests(input))
}

/// The same without a thread: reading waits for the input.
pub fn read_requests(input: impl Read) -> impl Iterator<Item = Incoming> {
    Joined {
        lines: Lines::of(input),
        newest: None,
    }
}

fn spawn<T: Send + 'static>(items: impl Iterator<Item = T> + Send + 'static) -> mpsc::Receiver<T> {
    let (sender, receiver) = mpsc::channel(1);
    // The thread ends with the input, or when nobody listens any more.
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
    /// How long the last line was, and some more; the next has room for as much from the start. A line that
    /// grows is copied, and the copies that it leaves behind are not wiped.
    last: usize,
}

impl<R: Read> Lines<R> {
    fn of(input: R) -> Self {
        Self {
            input: BufReader::with_capacity(BUFFER, input),
            last: 0,
        }
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Bounded;

    fn next(&mut self) -> Option<Bounded> {
        let mut line = Zeroizing::new(Vec::with_capacity(self.last.min(USUAL)));
        // An error of stdin is its end: nobody could be told.
        let read = self
            .input
            .by_ref()
            .take(MAX_LINE_BYTES as u64 + 1)
            .read_until(b'\n', &mut line)
            .ok()?;
        if read == 0 {
            return None;
        }
        self.last = line.len() + line.len() / 8;
        if line.len() > MAX_LINE_BYTES {
            if line.last() != Some(&b'\n') {
                self.input.skip_until(b'\n').ok()?;
            }
            return Some(Err(format!(
                "the input line is longer than {} MiB",
                MAX_LINE_BYTES / 1024 / 1024
            )));
        }
        if line.starts_with(BYTE_ORDER_MARK) {
            line.drain(..BYTE_ORDER_MARK.len());
        }
        Some(Ok(line))
    }
}

/// Requests out of lines. Nearly always a line is a request; a recorded file may spread one over several.
struct Joined<R> {
    lines: Lines<R>,
    /// The line with which a join went wrong; it is read afresh.
    newest: Option<Line>,
}

impl<R: Read> Iterator for Joined<R> {
    type Item = Incoming;

    fn next(&mut self) -> Option<Incoming> {
        loop {
            let line = match self
                .newest
                .take()
                .map_or_else(|| self.lines.next(), |newest| Some(Ok(newest)))?
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
                Err(error) => Incoming::garbage(&error),
            });
        }
    }
}

impl<R: Read> Joined<R> {
    /// Reads on while the JSON is merely unfinished. The parser asks for lines as it needs them, so that each
    /// byte is looked at once and the first wrong one is found in the line that holds it.
    fn join(&mut self, first: Line) -> Incoming {
        let mut feed = Feed {
            lines: &mut self.lines,
            joined: first.len(),
            current: first,
            read: 0,
            too_long: false,
        };
        let parsed = Request::deserialize(&mut serde_json::Deserializer::from_reader(&mut feed));
        let rest_is_blank = feed
            .current
            .get(feed.read..)
            .is_none_or(|rest| rest.trim_ascii().is_empty());
        let Feed {
            current, too_long, ..
        } = feed;
        match parsed {
            Ok(request) if rest_is_blank => Incoming::Request(Box::new(request)),
            Ok(_) => {
                self.newest = Some(current);
                Incoming::Malformed(
                    "the input line is not an XSOAR request: something follows it on its last line"
                        .to_owned(),
                )
            }
            Err(_) if too_long => Incoming::Malformed(format!(
                "the request is longer than {} MiB",
                MAX_LINE_BYTES / 1024 / 1024
            )),
            Err(error) => {
                if !error.is_eof() {
                    self.newest = Some(current);
                }
                Incoming::garbage(&error)
            }
        }
    }
}

/// Gives the parser line after line.
struct Feed<'a, R> {
    lines: &'a mut Lines<R>,
    current: Line,
    /// How much of the current line the parser has.
    read: usize,
    joined: usize,
    too_long: bool,
}

impl<R: Read> Read for Feed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.read == self.current.len() {
            match self.lines.next() {
                None => return Ok(0),
                Some(Ok(line)) if self.joined + line.len() <= MAX_LINE_BYTES => {
                    self.joined += line.len();
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

    /// What comes of an input: `ping`, the command of a request, or `!` for garbage.
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
    fn a_line_is_a_request() {
        assert_eq!(
            read(b"{\"command\":\"a\"}\nping\n\n{\"command\":\"b\"}"),
            ["a", "ping", "b"]
        );
    }

    #[test]
    fn a_request_may_be_spread_over_lines() {
        assert_eq!(
            read(b"{\n  \"command\":\n\n\"a\",\n \"native\": tr\n"),
            ["!", "!"],
            "a word may not be broken; the line that does is no request by itself either"
        );
        assert_eq!(
            read(b"{\n  \"command\":\n\n\"a\",\n \"native\":\n true\n}\n{\"command\":\"b\"}\n"),
            ["a", "b"]
        );
    }

    #[test]
    fn a_byte_order_mark_does_not_matter() {
        assert_eq!(
            read(b"\xef\xbb\xbf{\"command\":\n\"a\"}\n\xef\xbb\xbfping\n\xef\xbb\xbf\n"),
            ["a", "ping"]
        );
        assert_eq!(read(b"\xef\xbb{\"command\":\"a\"}\n"), ["!"]);
    }

    #[test]
    fn a_broken_join_gives_way_to_the_newest_line() {
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
    fn garbage_is_told_line_by_line() {
        assert_eq!(
            read(b"no\n[1]\n\xff\xfe\n{\"command\":\"a\"}\n"),
            ["!", "!", "!", "a"]
        );
        assert_eq!(
            read(b"{\"command\":\"a\""),
            ["!"],
            "the input ends in the middle"
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
    fn a_name_twice_where_it_decides_is_garbage() {
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
            "in different objects it is another name"
        );
    }

    #[test]
    fn duplicate_members_and_lone_surrogates_are_garbage() {
        assert_eq!(
            read(b"{\"command\":\"a\",\"command\":\"b\"}\n{\"command\":\"\\ud800\"}\n"),
            ["!", "!"]
        );
        assert_eq!(
            read(b"{\"script\":\"\\ud800\",\"command\":\"a\"}\n"),
            ["a"],
            "what is skipped does not matter"
        );
    }

    #[test]
    fn a_gigantic_line_is_skipped() {
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
        fn any_input_ends(input in proptest::collection::vec(any::<u8>(), 0..400)) {
            read(&input);
        }

        /// Wherever a request is broken into lines between its tokens, it is the same request.
        #[test]
        fn line_breaks_between_tokens_do_not_matter(breaks in proptest::collection::vec(any::<bool>(), 13)) {
            let tokens = ["{", "\"command\"", ":", "\"a b\"", ",", "\"args\"", ":", "{", "\"x\"", ":", "[1]", "}", "}"];
            let text: String = tokens.iter().zip(&breaks).flat_map(|(token, broken)| [*token, if *broken { "\n" } else { "" }]).collect();
            prop_assert_eq!(read(text.as_bytes()), ["a b"]);
        }
    }
}
