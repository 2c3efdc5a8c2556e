//! Whether a command reads or changes PingOne, and the name of the test button's request.

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
