//! The person in front of the self-test.

use std::io;

/// The person in front of it, as `cli.rs` reaches them. The report goes elsewhere.
pub struct Terminal<'a> {
    /// Shows a question and gives the line that is typed.
    pub ask: &'a mut dyn FnMut(&str) -> io::Result<String>,
    /// Tells something.
    pub tell: &'a dyn Fn(&str),
    /// Whether anybody watches how far it is.
    pub is_watched: bool,
}
