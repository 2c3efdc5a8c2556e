//! The log of one request. In the one-way mode a line goes to stderr at once; in the two-way mode lines are buffered
//! until they can be sent to the server, since each message costs a round trip. Everything logged passes through the
//! request's mask, which lives here because secrets become known one by one.

use std::{
    cell::{Cell, RefCell},
    io::Write as _,
    rc::Rc,
};

use serde::Serialize;

use crate::{secrets::Mask, visible::visible_lines};

/// The severity of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Shown only if the server or the command runs in debug mode.
    Debug,
    /// Always shown.
    Info,
    /// Always shown, as an error.
    Error,
}

impl Level {
    /// The level's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Error => "error",
        }
    }
}

/// Where log lines go, and the secrets that none of them may show.
pub struct Journal {
    lines: Lines,
    /// Replaced when a secret is added; calls in flight keep the one that they started with.
    mask: RefCell<Rc<Mask>>,
    logs_calls: Cell<bool>,
    progress: RefCell<Option<String>>,
}

enum Lines {
    /// Written to stderr at once.
    Stderr,
    /// Kept for [`Journal::take`].
    Buffered {
        lines: RefCell<Vec<(Level, String)>>,
        /// Calls to PingOne, which are joined into one line.
        calls: RefCell<Vec<String>>,
    },
}

impl Journal {
    /// Writes lines to stderr at once.
    pub fn to_stderr() -> Self {
        Self::of(Lines::Stderr)
    }

    /// Keeps lines for [`Journal::take`].
    pub fn buffered() -> Self {
        Self::of(Lines::Buffered {
            lines: RefCell::default(),
            calls: RefCell::default(),
        })
    }

    fn of(lines: Lines) -> Self {
        Self {
            lines,
            mask: RefCell::default(),
            logs_calls: Cell::new(false),
            progress: RefCell::default(),
        }
    }

    /// Sets the secrets known from the start.
    pub fn set_mask(&self, mask: Mask) {
        self.mask.replace(Rc::new(mask));
    }

    /// The secrets known so far.
    pub fn mask(&self) -> Rc<Mask> {
        Rc::clone(&self.mask.borrow())
    }

    /// Masks a secret from now on: an argument, a token, or a generated password.
    pub fn hide(&self, secret: &str) {
        let mut mask = self.mask.borrow_mut();
        if !mask.contains(secret) {
            Rc::make_mut(&mut mask).add(secret);
        }
    }

    /// From now on every call to PingOne is logged: the command runs in debug mode.
    pub fn enable_call_log(&self) {
        self.logs_calls.set(true);
    }

    /// Whether calls are logged.
    pub fn logs_calls(&self) -> bool {
        self.logs_calls.get()
    }

    /// Notes how far a long command has got, such as `3 of 12 users`. Not part of the log: only a user who is waiting
    /// sees it.
    pub fn set_progress(&self, text: String) {
        self.progress.replace(Some(text));
    }

    /// How far the command has got, if it says so.
    pub fn progress(&self) -> Option<String> {
        self.progress.borrow().clone()
    }

    /// Logs a line.
    pub fn log(&self, level: Level, text: String) {
        match &self.lines {
            Lines::Buffered { lines, .. } => lines.borrow_mut().push((level, text)),
            // The server filters debug lines; on stderr they would only be noise.
            Lines::Stderr if level == Level::Debug => {}
            Lines::Stderr => self.write(level, &text),
        }
    }

    /// Logs a call to PingOne and its result, if calls are logged.
    pub fn log_call(&self, describe: impl FnOnce() -> String) {
        if !self.logs_calls() {
            return;
        }
        match &self.lines {
            Lines::Buffered { calls, .. } => calls.borrow_mut().push(describe()),
            Lines::Stderr => self.write(Level::Debug, &describe()),
        }
    }

    fn write(&self, level: Level, text: &str) {
        let shown = visible_lines(&self.mask.borrow().text(text));
        // If nobody reads the log any more, there is nothing to be done.
        drop(writeln!(std::io::stderr(), "{}: {shown}", level.name()));
    }

    /// Takes the lines kept since the last call; all calls to PingOne are joined into the last line.
    pub fn take(&self) -> Vec<(Level, String)> {
        let Lines::Buffered { lines, calls } = &self.lines else {
            return Vec::new();
        };
        let mut reservation = lines.take();
        let calls = calls.take();
        if !calls.is_empty() {
            let text = format!("Calls to PingOne:\n{}", calls.join("\n"));
            reservation.push((Level::Debug, text));
        }
        // Masked here rather than when logged: more secrets are known by now.
        let mask = self.mask.borrow();
        reservation
            .into_iter()
            .map(|(level, text)| (level, mask.text(&text)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_become_known_later_are_masked_too() {
        let journal = Journal::buffered();
        journal.log(Level::Info, "no user hunter22".to_owned());
        journal.hide("hunter22");
        journal.log(Level::Debug, "hunter22, twice".to_owned());
        assert_eq!(
            journal.take(),
            [
                (Level::Info, "no user <XX_REPLACED>".to_owned()),
                (Level::Debug, "<XX_REPLACED>, twice".to_owned())
            ]
        );
    }

    #[test]
    fn calls_are_joined_into_one_line_in_debug_mode_only() {
        let journal = Journal::buffered();
        journal.log_call(|| "GET /x".to_owned());
        journal.enable_call_log();
        journal.log_call(|| "GET /y".to_owned());
        journal.log(Level::Info, "a line".to_owned());
        journal.log_call(|| "GET /z".to_owned());
        assert_eq!(
            journal.take(),
            [
                (Level::Info, "a line".to_owned()),
                (Level::Debug, "Calls to PingOne:\nGET /y\nGET /z".to_owned())
            ]
        );
        assert_eq!(journal.take(), []);
    }
}
