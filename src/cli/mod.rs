//! The command line for people: type a command, record it, replay it, look at its context. One file for each job.
//! XSOAR's server never comes here, so nothing in this folder costs its requests any time.
//!
//! ```text
//! subcommands      what can be typed, and which file does it
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

mod exit;
mod subcommands;

mod run;

mod interrupt;
mod params;
mod progress;
mod sandbox;
mod terminal;
mod typed;
mod war_room_line;

mod anonymize;
mod record;
mod record_stdin;
mod scrub;
mod stand_ins;

mod commands_help;
mod console;
mod replay;
mod verify;

pub use subcommands::main;
