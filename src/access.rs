//! Whether a command reads or changes PingOne, and the names of the requests that are not in the manifest.

/// Whether a command reads or changes PingOne. Decides which role its worker application needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads only.
    Read,
    /// Reads only, with a permission that Identity Data Read Only does not have.
    ReadPrivileged,
    /// Changes something.
    Change,
}

/// What XSOAR's Test button sends as the command's name. It is not in the manifest.
pub const TEST: &str = "test-module";
/// What XSOAR sends on schedule to an instance that fetches incidents. Not in the manifest either.
pub const FETCH_INCIDENTS: &str = "fetch-incidents";
/// The same for events, on Cortex XSIAM.
pub const FETCH_EVENTS: &str = "fetch-events";

/// Whether a request is a fetch: XSOAR keeps its last run, and its errors have to be exceptions.
pub fn is_fetch(command: &str) -> bool {
    [FETCH_INCIDENTS, FETCH_EVENTS].contains(&command)
}
