//! What a command does to PingOne, and the name of the one request that is no command.

/// What a command does to PingOne, and so which role its worker application needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looks only.
    Read,
    /// Changes something.
    Change,
}

/// The name that XSOAR's test button sends. The manifest does not list it.
pub const TEST: &str = "test-module";
