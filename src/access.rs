//! Whether a command reads or changes PingOne, the role that it needs, and the names of the requests that are not in the
//! manifest.

/// Whether a command reads or changes PingOne. Decides which role its worker application needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads only.
    Read,
    /// Reads only, with a permission that Identity Data Read Only does not have.
    ReadPrivileged,
    /// Reads the environment's configuration, such as its applications.
    ReadConfiguration,
    /// Reads users and the environment's configuration.
    ReadAll,
    /// Changes something.
    Change,
    /// Changes the environment's configuration.
    ChangeConfiguration,
    /// Changes who holds which administrator role.
    ChangeRoles,
}

impl Access {
    /// Whether nothing is changed.
    pub fn is_read(self) -> bool {
        match self {
            Self::Read | Self::ReadPrivileged | Self::ReadConfiguration | Self::ReadAll => true,
            Self::Change | Self::ChangeConfiguration | Self::ChangeRoles => false,
        }
    }

    /// The smallest built-in role that suffices.
    pub fn role(self) -> &'static str {
        match self {
            Self::Read => "Identity Data Read Only",
            Self::ReadPrivileged | Self::Change => "Identity Data Admin",
            Self::ReadConfiguration => "Configuration Read Only",
            Self::ReadAll => "Identity Data Read Only and Configuration Read Only",
            Self::ChangeConfiguration => "Environment Admin",
            Self::ChangeRoles => {
                "a role that may assign the role in question, such as Environment Admin"
            }
        }
    }
}

/// What XSOAR's Test button sends as the command's name. It is not in the manifest.
pub const TEST: &str = "test-module";
/// What XSOAR sends on schedule to an instance that fetches incidents. Not in the manifest either.
pub const FETCH_INCIDENTS: &str = "fetch-incidents";
/// The same for events, on Cortex XSIAM.
pub const FETCH_EVENTS: &str = "fetch-events";

/// Whether XSOAR sends this by itself, without arguments.
pub fn is_built_in(command: &str) -> bool {
    [TEST, FETCH_INCIDENTS, FETCH_EVENTS].contains(&command)
}

/// Whether a request is a fetch: XSOAR keeps its last run, and its errors have to be exceptions.
pub fn is_fetch(command: &str) -> bool {
    [FETCH_INCIDENTS, FETCH_EVENTS].contains(&command)
}
