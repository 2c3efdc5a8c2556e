//! The commands, a file each: arguments, operation, answer. A handler takes checked arguments, has an operation done at
//! PingOne, and gives the War Room text and the context. It reads no stdin, writes no stdout, builds no request itself,
//! and knows no other handler.
//!
//! `build.rs` makes the list of them from `integration.yml`: there is nothing to add here for a new command.

use anyhow::Result;
use futures_util::future::LocalBoxFuture;

use crate::{entry::Output, invocation::Invocation, manifest::CommandName};

pub use crate::access::{Access, TEST};

mod test_button;

/// What a command is to the rest of the program.
pub struct Handler {
    /// What it does to PingOne, and so which role it needs.
    pub access: Access,
    /// Carries it out. Boxed: the largest handler must not make room for itself in every request.
    run: for<'a> fn(&'a Invocation<'_>) -> LocalBoxFuture<'a, Result<Output>>,
}

impl Handler {
    /// Carries the command out.
    pub async fn run(&self, cx: &Invocation<'_>) -> Result<Output> {
        (self.run)(cx).await
    }
}

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
