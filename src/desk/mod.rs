//! What a person at a desk does with the integration: type a command, record it, replay it, look at the context.
//! One file for each job; `cli.rs` says which subcommand comes here. XSOAR's server never does, so nothing here
//! costs its requests any time.
//!
//! ```text
//! run              typed lines, one after the other, in one process
//!   ├ war_room_line  the grammar of a line
//!   ├ typed          the line against the manifest: names, secrets
//!   ├ params         which PingOne, and as whom
//!   ├ progress       that something is still going on
//!   ├ interrupt      Ctrl-C, and what was done by then
//!   ├ sandbox        a PingOne to try it on
//!   └ terminal       War Room texts for a terminal
//! record_stdin     the one-way mode, recorded
//! record           a fixture of what was carried out
//!   ├ scrub          without secrets
//!   └ anonymize      without personal data: `stand_ins` says who stands for whom
//! replay           recorded cases, shown
//! verify           the self-test of an environment, at the terminal
//! commands_help    what the manifest says
//! console          stdin, stdout and stderr
//! ```

pub(crate) mod run;

mod interrupt;
pub(crate) mod params;
mod progress;
mod sandbox;
mod terminal;
mod typed;
mod war_room_line;

mod anonymize;
mod record;
pub(crate) mod record_stdin;
mod scrub;
mod stand_ins;

pub(crate) mod commands_help;
pub(crate) mod console;
pub(crate) mod replay;
pub(crate) mod verify;

/// How the work of a subcommand ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// As wished.
    Fine,
    /// A command failed, or a case differs; that was told.
    Failed,
    /// A person ended it.
    Interrupted,
}

impl End {
    pub(crate) fn fine_if(fine: bool) -> Self {
        if fine { Self::Fine } else { Self::Failed }
    }
}
