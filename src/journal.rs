//! The log of one request. In the one-way mode a line goes to stderr at once; in the two-way mode lines are
//! kept until the server can be told, since each costs a round trip. Lines hold no secrets: what comes from
//! outside was masked where it came in.

use std::{cell::RefCell, io::Write as _};

use serde::Serialize;

/// The levels of XSOAR's server log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Seen only where the server or the command runs in debug mode.
    Debug,
    /// Always seen.
    Info,
    /// Always seen, as an error.
    Error,
}

impl Level {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Error => "error",
        }
    }
}

/// Where log lines go.
pub struct Journal {
    kept: Option<RefCell<Vec<(Level, String)>>>,
}

impl Journal {
    /// Lines go to stderr at once.
    pub fn to_stderr() -> Self {
        Self { kept: None }
    }

    /// Lines are kept for [`Journal::take`].
    pub fn keeping() -> Self {
        Self {
            kept: Some(RefCell::default()),
        }
    }

    /// Notes a line.
    pub fn note(&self, level: Level, text: String) {
        match &self.kept {
            Some(lines) => lines.borrow_mut().push((level, text)),
            // The server decides what of these it keeps; on stderr they would only be in the way.
            None if level == Level::Debug => {}
            // Nothing can be done, nor need be, if nobody reads the log any more.
            None => drop(writeln!(std::io::stderr(), "{}: {text}", level.name())),
        }
    }

    /// The lines that were kept since the last call.
    pub fn take(&self) -> Vec<(Level, String)> {
        self.kept.as_ref().map(RefCell::take).unwrap_or_default()
    }
}
