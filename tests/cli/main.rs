//! The command line for people, as the built executable against the sandbox: commands typed by hand, recordings
//! and their replay, Ctrl-C, terminals. `process.rs` starts the executable and bounds its time.

mod interrupts;
mod process;
mod recordings;
#[path = "../it/temporary.rs"]
mod temporary;
mod terminals;
mod tour;
mod typed_commands;
