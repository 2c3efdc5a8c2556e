//! Runs the built executable's command line against the sandbox: typed commands, recordings and their replay, Ctrl-C,
//! terminals. `process.rs` starts the executable and limits its time.

mod interrupts;
mod keys;
mod pictures;
mod process;
mod recordings;
#[path = "../common/temporary.rs"]
mod temporary;
mod terminals;
mod tour;
mod typed_commands;
