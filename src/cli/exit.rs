//! How a subcommand ended.

/// How a subcommand ended; `subcommands` turns it into the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// It did what it was asked to do.
    Success,
    /// A command failed or a case differs, and the user has been told.
    Failure,
    /// The user stopped it.
    Interrupted,
}

impl ExitStatus {
    /// Success or failure.
    pub(crate) fn success_if(success: bool) -> Self {
        if success {
            Self::Success
        } else {
            Self::Failure
        }
    }
}
