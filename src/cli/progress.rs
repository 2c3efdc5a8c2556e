//! Says on stderr that something is still going on, once it takes longer than a second. Only for a person: the
//! caller decides whether there is one.

use std::{pin::pin, time::Duration};

use tokio::time::interval;

use super::console::put_as_it_is;
use pingone::{journal::Journal, visible::visible};

const SECOND: Duration = Duration::from_secs(1);
/// A line that breaks could not be taken back.
const MAX_WIDTH: usize = 79;

/// Waits for `work`. `journal` is the log of the command, whose latest line tells what it waits for.
pub(super) async fn during<F: Future>(
    what: &str,
    is_shown: bool,
    journal: &Journal,
    work: F,
) -> F::Output {
    if !is_shown {
        return work.await;
    }
    let mut work = pin!(work);
    let mut seconds = interval(SECOND);
    // The first tick comes at once.
    seconds.tick().await;
    let mut passed = 0;
    let mut line = Line { is_written: false };
    let mut latest = String::new();
    loop {
        tokio::select! {
            biased;
            output = &mut work => return output,
            _ = seconds.tick() => {
                passed += 1;
                if let Some((_, text)) = journal.take().pop() {
                    latest = text;
                }
                line.write(&text(what, passed, &latest));
            }
        }
    }
}

fn text(what: &str, seconds: u32, latest: &str) -> String {
    let latest = latest.lines().next().unwrap_or_default();
    let colon = if latest.is_empty() { "" } else { ": " };
    let text = format!("{what}, {seconds} s{colon}{latest}");
    visible(&text).chars().take(MAX_WIDTH).collect()
}

/// A line that is written over, and taken back at the end.
struct Line {
    is_written: bool,
}

impl Line {
    fn write(&mut self, text: &str) {
        self.is_written = true;
        put_as_it_is(&format!("\r\x1b[2K{text}"));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_written {
            put_as_it_is("\r\x1b[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_line_of_the_log_is_told() {
        assert_eq!(text("pingone-get-user", 2, ""), "pingone-get-user, 2 s");
        assert_eq!(
            text("pingone-get-user", 2, "GET /x answered 429\u{1b}\nmore"),
            "pingone-get-user, 2 s: GET /x answered 429\\u{1b}"
        );
        assert_eq!(text("c", 2, &"x".repeat(200)).len(), MAX_WIDTH);
    }
}
