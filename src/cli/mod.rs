//! The command line for people: run commands, record and replay them, look at the context. One file for each job.
//! Requests from XSOAR's server never get here, so nothing in this folder slows them down.
//!
//! ```text
//! subcommands      the command line's grammar, and which file does the work
//! run              typed lines, in order, in one process
//!   ├ war_room_line  the grammar of a line
//!   ├ typed          checks a line against the manifest: names, secrets
//!   ├ shell_quoting  what the shell does to a line without quotes
//!   ├ quotes         values that need quotes and have none
//!   ├ references     ${…}: values from the context
//!   ├ confirm        which commands need a confirmation
//!   ├ containment_record  keeps what restores a user in a file
//!   ├ params         which PingOne to connect to, and as whom
//!   ├ progress       shows that a command is still running
//!   ├ interrupt      Ctrl-C, and what had been changed by then
//!   ├ sandbox        a PingOne to experiment with
//!   └ terminal       War Room texts at a terminal
//!      ├ grid           fits a table into the window
//!      ├ cells          measures, wraps and cuts text
//!      └ style          colours and the window's width
//! record_stdin     records the one-way mode
//! record           records what was run, as a fixture
//!   ├ scrub          removes secrets; `scrub_params` knows those among the instance parameters
//!   └ anonymize      removes personal data, which `personal_data` tells and `pseudonyms` replaces
//! replay           replays recorded cases
//!   └ replay_page    shows them as a page in a browser
//! verify           the self-test of an environment
//! key              key pairs for private key JWTs
//! verify_file      checks the executable inside a one-file YAML
//! commands_help    help for the integration's commands
//!   └ examples       a line to type for each
//! completions      for the shell
//! man              the man page
//! private_files    files that only the user can read
//! console          stdin, stdout and stderr
//! ```

mod exit;
mod subcommands;

mod run;

mod cells;
mod confirm;
mod containment_record;
mod grid;
mod interrupt;
mod params;
mod progress;
mod quotes;
mod references;
mod sandbox;
mod shell_quoting;
mod style;
mod terminal;
mod typed;
mod war_room_line;

mod anonymize;
mod personal_data;
mod pseudonyms;
mod record;
mod record_stdin;
mod scrub;
mod scrub_params;
mod scrub_secrets;

mod commands_help;
mod completions;
mod console;
mod examples;
mod key;
mod man;
mod private_files;
mod replay;
mod replay_page;
mod verify;
mod verify_file;

pub use subcommands::main;
