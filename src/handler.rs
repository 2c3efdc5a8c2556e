//! A command's handler: its access and its function. Knows no particular command.

use anyhow::Result;
use futures_util::future::LocalBoxFuture;

use crate::{access::Access, entry::Output, invocation::Invocation};

/// A command's entry in the table of handlers.
pub struct Handler {
    /// Whether the command reads or changes PingOne, and so which role it needs.
    pub access: Access,
    /// Runs the command. Boxed so that a request does not reserve space for the largest handler's future.
    pub(crate) run: for<'a> fn(&'a Invocation<'_>) -> LocalBoxFuture<'a, Result<Output>>,
}
