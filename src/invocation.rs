//! One invocation of a command: what its handler works with. Knows no command.

use crate::{access::Access, arguments::Arguments, failure, manifest::Arg};
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

    /// Whether the users that failed are told in an error entry: always, or with `failOn=all` only if every user did.
    pub fn tells_failures(&self, every_user_failed: bool) -> bool {
        every_user_failed || self.args.text(Arg::FailOn) != Some("all")
    }
}
