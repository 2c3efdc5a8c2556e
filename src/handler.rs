//! What a command is to the rest of the program: what it does to PingOne, and how it is carried out. Knows no command.

use anyhow::Result;
use futures_util::future::LocalBoxFuture;

use crate::{access::Access, entry::Output, invocation::Invocation};

/// A command's entry in the table that is made of them.
pub struct Handler {
    /// What it does to PingOne, and so which role it needs.
    pub access: Access,
    /// Carries it out. Boxed: the largest handler must not make room for itself in every request.
    pub(crate) run: for<'a> fn(&'a Invocation<'_>) -> LocalBoxFuture<'a, Result<Output>>,
}
