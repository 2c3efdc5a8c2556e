//! Shows on stderr that a command is still running, once it takes longer than a second. The caller decides whether
//! there is a terminal to show it on.

use std::{pin::pin, time::Duration};

use tokio::time::interval;

use super::console::write_stderr_raw;
use pingone::{journal::Journal, visible::visible};

const SECOND: Duration = Duration::from_secs(1);
/// A line that wraps could not be erased.
const MAX_WIDTH: usize = 79;

/// Waits for `work`, showing how far it has got, and the latest line of the command's log (both from `journal`).
pub(super) async fn show_while<F: Future>(
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
    // The first tick is immediate.
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
                let progress = journal.progress().unwrap_or_default();
                line.write(&text(what, passed, &progress, &latest));
            }
        }
    }
}

fn text(what: &str, seconds: u32, progress: &str, latest: &str) -> String {
    let latest = latest.lines().next().unwrap_or_default();
    let comma = if progress.is_empty() { "" } else { ", " };
    let colon = if latest.is_empty() { "" } else { ": " };
    let text = format!("{what}, {seconds} s{comma}{progress}{colon}{latest}");
    visible(&text).chars().take(MAX_WIDTH).collect()
}

/// A line that is overwritten, and erased at the end.
struct Line {
    is_written: bool,
}

impl Line {
    fn write(&mut self, text: &str) {
        self.is_written = true;
        write_stderr_raw(&format!("\r\x1b[2K{text}"));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_written {
            write_stderr_raw("\r\x1b[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_log_line_is_shown() {
        assert_eq!(text("pingone-get-user", 2, "", ""), "pingone-get-user, 2 s");
        assert_eq!(
            text("pingone-lock-user", 2, "3 of 12 users", ""),
            "pingone-lock-user, 2 s, 3 of 12 users"
        );
        assert_eq!(
            text("pingone-get-user", 2, "", "GET /x answered 429\u{1b}\nmore"),
            "pingone-get-user, 2 s: GET /x answered 429\\u{1b}"
        );
        assert_eq!(text("c", 2, "", &"x".repeat(200)).len(), MAX_WIDTH);
    }
}
