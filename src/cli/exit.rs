//! How the work of a subcommand ended.

/// How the work of a subcommand ended; `subcommands` makes the exit code of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It did what was asked.
    Fine,
    /// A command failed, or a case differs; the user has been told.
    Failed,
    /// The user stopped it.
    Interrupted,
}

impl End {
    pub(crate) fn fine_if(fine: bool) -> Self {
        if fine { Self::Fine } else { Self::Failed }
    }
}
