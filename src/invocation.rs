//! One invocation of a command: what its handler works with. Knows no command.

use crate::{access::Access, arguments::Arguments, failure};
use pingone::Client;

/// What a handler works with.
pub struct Invocation<'a> {
    /// PingOne, as this instance reaches it.
    pub pingone: &'a Client<'a>,
    /// What was given.
    pub args: &'a Arguments,
    /// The command's name.
    pub command: &'a str,
    /// What the command does to PingOne.
    pub access: Access,
    /// Whether an unknown user is an answer rather than an error, where a command only looks.
    pub not_found_as_note: bool,
}

impl Invocation<'_> {
    /// What went wrong and what to do about it.
    pub fn explain(&self, error: &anyhow::Error) -> String {
        failure::explain(self.access, error)
    }
}
