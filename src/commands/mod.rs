//! The commands, one file each. A handler takes checked arguments, runs an operation at PingOne, and returns the War Room
//! text and the context. It does not read stdin, write stdout or build requests, and does not know other handlers.
//!
//! `build.rs` generates the list of commands from `integration.yml`, so a new command adds nothing here.

use crate::{handler::Handler, manifest::CommandName};

pub use crate::access::{Access, FETCH_EVENTS, FETCH_INCIDENTS, TEST};

mod device_operation;
mod fetch_events;
mod fetch_incidents;
mod test_button;

// Defines `with_commands!`, which passes the list of commands to another macro.
include!(concat!(env!("OUT_DIR"), "/commands.rs"));

macro_rules! table {
    ($($module:ident $command:ident $name:literal;)*) => {
        $(mod $module;)*

        /// Every name that a request can have: those that XSOAR sends by itself, and those of the commands.
        pub const NAMES: &[&str] = &[TEST, FETCH_INCIDENTS, $($name),*];

        /// The handler of a command.
        pub fn handler(command: CommandName) -> &'static Handler {
            match command {
                $(CommandName::$command => &$module::COMMAND,)*
            }
        }
    };
}

with_commands!(table);

/// The handler of what XSOAR sends by itself and no manifest lists.
pub fn built_in(name: &str) -> Option<&'static Handler> {
    match name {
        TEST => Some(&test_button::COMMAND),
        FETCH_EVENTS => Some(&fetch_events::COMMAND),
        FETCH_INCIDENTS => Some(&fetch_incidents::COMMAND),
        _ => None,
    }
}

/// The access that a command needs; `None` if there is no such command.
pub fn access(name: &str) -> Option<Access> {
    let handler = built_in(name).or_else(|| CommandName::find(name).map(handler))?;
    Some(handler.access)
}
