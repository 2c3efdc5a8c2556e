//! The commands, a file each: arguments, operation, answer. A handler takes checked arguments, has an operation done at
//! PingOne, and gives the War Room text and the context. It reads no stdin, writes no stdout, builds no request itself,
//! and knows no other handler.
//!
//! `build.rs` makes the list of them from `integration.yml`: there is nothing to add here for a new command.

use crate::{handler::Handler, manifest::CommandName};

pub use crate::access::{Access, TEST};

mod test_button;

// `with_commands!`, which hands the list of commands to another macro.
include!(concat!(env!("OUT_DIR"), "/commands.rs"));

macro_rules! table {
    ($($module:ident $command:ident $name:literal;)*) => {
        $(mod $module;)*

        /// What a request may name: the test button and every command.
        pub const NAMES: &[&str] = &[TEST, $($name),*];

        /// The handler of a command.
        pub fn handler(command: CommandName) -> &'static Handler {
            match command {
                $(CommandName::$command => &$module::COMMAND,)*
            }
        }
    };
}

with_commands!(table);

/// The handler of the test button.
pub fn test_button() -> &'static Handler {
    &test_button::COMMAND
}

/// What the command needs; `None` if there is no such command.
pub fn access(name: &str) -> Option<Access> {
    if name == TEST {
        return Some(test_button().access);
    }
    let command = CommandName::find(name)?;
    Some(handler(command).access)
}
