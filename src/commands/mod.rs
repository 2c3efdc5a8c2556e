//! The commands: which handler does which, and what of PingOne it needs. A handler takes checked arguments,
//! calls PingOne through the client, and gives the War Room text and the context. It reads no stdin, writes
//! no stdout and builds no request itself.
//!
//! To add a command: one handler in the file of its noun, one line in the table below, its entry in
//! `integration.yml`, and a folder of cases in `test_data`.

use anyhow::Result;

use crate::{arguments::Arguments, entry::Output, pingone::Client};

mod connection;
mod groups;
mod passwords;
mod target;
mod users;

/// What a handler works with.
pub struct Context<'a> {
    /// PingOne, as this instance reaches it.
    pub pingone: &'a Client<'a>,
    /// What was given.
    pub args: &'a Arguments,
}

/// What a command does to PingOne, and so which role its worker application needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looks only.
    Read,
    /// Changes something.
    Change,
}

/// The name that XSOAR's test button sends; it is no command of the manifest.
pub const TEST: &str = "test-module";

macro_rules! commands {
    ($($name:literal => $handler:path, $access:ident;)*) => {
        /// Every command that has a handler, the test button's among them.
        pub const NAMES: &[&str] = &[$($name),*];

        /// What the command needs; `None` if there is no handler.
        pub fn access(name: &str) -> Option<Access> {
            match name {
                $($name => Some(Access::$access),)*
                _ => None,
            }
        }

        /// Carries out the command; `None` if there is no handler.
        pub async fn run(name: &str, cx: &Context<'_>) -> Option<Result<Output>> {
            match name {
                $($name => Some($handler(cx).await),)*
                _ => None,
            }
        }
    };
}

commands! {
    "test-module" => connection::test, Read;
    "pingone-unlock-user" => users::unlock, Change;
    "pingone-deactivate-user" => users::deactivate, Change;
    "pingone-activate-user" => users::activate, Change;
    "pingone-set-password" => passwords::set, Change;
    "pingone-add-to-group" => groups::add, Change;
    "pingone-remove-from-group" => groups::remove, Change;
    "pingone-get-groups" => groups::of_user, Read;
    "pingone-get-user" => users::get, Read;
    "pingone-create-user" => users::create, Change;
    "pingone-update-user" => users::update, Change;
    "pingone-delete-user" => users::delete, Change;
    "pingone-password-force-change" => passwords::force_change, Change;
    "pingone-read-password-state" => passwords::state, Read;
}
