//! The commands, one file each. A handler takes checked arguments, runs an operation at PingOne, and returns the War Room
//! text and the context. It does not read stdin, write stdout or build requests, and does not know other handlers.
//!
//! `build.rs` generates the list of commands from `integration.yml`, so a new command adds nothing here.

use crate::{handler::Handler, manifest::CommandName};

pub use crate::access::{Access, TEST};

mod test_button;

// Defines `with_commands!`, which passes the list of commands to another macro.
include!(concat!(env!("OUT_DIR"), "/commands.rs"));

macro_rules! table {
    ($($module:ident $command:ident $name:literal;)*) => {
        $(mod $module;)*

        /// Every name that a request can have: the test button's and those of the commands.
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

/// The access that a command needs; `None` if there is no such command.
pub fn access(name: &str) -> Option<Access> {
    if name == TEST {
        return Some(test_button().access);
    }
    let command = CommandName::find(name)?;
    Some(handler(command).access)
}
