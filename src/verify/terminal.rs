//! The terminal of the person who runs the self-test.

use std::io;

/// How the self-test talks to its user. The report is returned, not printed here.
pub struct Terminal<'a> {
    /// Shows a question and returns the line that the user types.
    pub prompt: &'a mut dyn FnMut(&str) -> io::Result<String>,
    /// Prints a message.
    pub print: &'a dyn Fn(&str),
    /// Whether to show progress.
    pub show_progress: bool,
}
