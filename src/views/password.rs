//! The state of a password.

use serde_json::Value;

use crate::document::{Row, at, row};

/// The state as it stands in the context. What is absent is given as null: it has to take the place of an older
/// value there.
pub fn describe(state: &Value) -> Row {
    row([
        ("Status", at(state, "/status")),
        ("LastChangedAt", at(state, "/lastChangedAt")),
        ("SecondsUntilUnlock", at(state, "/secondsUntilUnlock")),
        ("PolicyID", at(state, "/passwordPolicy/id")),
    ])
}
