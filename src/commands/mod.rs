//! The commands: which handler does which, and what of PingOne it needs. A handler takes checked arguments,
//! calls PingOne through the client, and gives the War Room text and the context. It reads no stdin, writes
//! no stdout and builds no request itself.
//!
//! To add a command: one handler in the file of its noun, one line in the table below, its entry in
//! `integration.yml`, and a folder of cases in `test_data`.

use anyhow::Result;

use crate::{entry::Output, invocation::Invocation};

pub use crate::access::{Access, TEST};

mod accounts;
mod audit;
mod connection;
mod contain;
mod detail;
mod devices;
mod groups;
mod leave_groups;
mod lists;
mod many;
mod passwords;
mod restore;
mod roles;
mod sessions;
mod steps;
mod target;
mod users;

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
        pub async fn run(name: &str, cx: &Invocation<'_>) -> Option<Result<Output>> {
            match name {
                // Boxed: the largest handler must not make room for itself in every request.
                $($name => Some(Box::pin($handler(cx)).await),)*
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
    "pingone-list-users" => lists::users, Read;
    "pingone-lock-user" => accounts::lock, Change;
    "pingone-unlock-password" => accounts::unlock_password, Change;
    "pingone-list-sessions" => sessions::list, Read;
    "pingone-clear-user-sessions" => sessions::clear, Change;
    "pingone-list-mfa-devices" => devices::list, Read;
    "pingone-delete-mfa-device" => devices::delete, Change;
    "pingone-reset-mfa" => devices::reset, Change;
    "pingone-set-mfa-enabled" => devices::set_enabled, Change;
    "pingone-list-audit-activities" => audit::list, Read;
    "pingone-get-failed-logins" => audit::failed_logins, Read;
    "pingone-list-groups" => lists::groups, Read;
    "pingone-get-group-members" => lists::members, Read;
    "pingone-list-populations" => lists::populations, Read;
    "pingone-list-role-assignments" => roles::list, Read;
    "pingone-contain-user" => contain::contain, Change;
    "pingone-restore-user" => restore::restore, Change;
}
