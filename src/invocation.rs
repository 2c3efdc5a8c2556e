//! One invocation of a command: everything its handler needs. Knows no particular command.

use crate::{
    access::Access, arguments::Arguments, failure, fetch_settings::FetchSettings,
    last_run::LastRun, manifest::Arg, pending::PendingVerifications,
};
use pingone::Client;

/// What a handler receives.
pub struct Invocation<'a> {
    /// The client for this instance.
    pub pingone: &'a Client<'a>,
    /// The command's arguments.
    pub args: &'a Arguments,
    /// The verifications that may be pending.
    pub pending: &'a PendingVerifications,
    /// What to fetch; `None` for what does not fetch incidents.
    pub fetch: Option<&'a FetchSettings>,
    /// For a fetch, where the previous one ended.
    pub last_run: &'a LastRun,
    /// The command's name.
    pub command: &'a str,
    /// Whether the command reads or changes PingOne.
    pub access: Access,
    /// Whether a read of an unknown user returns a note instead of an error.
    pub not_found_as_note: bool,
}

impl Invocation<'_> {
    /// What went wrong and what to do about it.
    pub fn explain(&self, error: &anyhow::Error) -> String {
        failure::explain(self.access, error)
    }

    /// What to do about an error, if anything is known.
    pub fn advice(&self, error: &anyhow::Error) -> Option<String> {
        failure::advice(self.access, error)
    }

    /// What to do about an error of the client, if anything is known.
    pub fn client_advice(&self, error: &pingone::Error) -> Option<String> {
        failure::hint(self.access, error)
    }

    /// Whether failed users are reported in an error entry: always, or with `failOn=all` only if every user failed.
    pub fn reports_failures(&self, every_user_failed: bool) -> bool {
        every_user_failed || self.args.text(Arg::FailOn) != Some("all")
    }
}
