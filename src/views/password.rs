//! A password's state.

use serde_json::Value;

use crate::document::{Row, at, row};

/// The state as a context entry. Absent members are null, so that they replace older values.
pub fn describe(state: &Value) -> Row {
    row([
        ("Status", at(state, "/status")),
        ("LastChangedAt", at(state, "/lastChangedAt")),
        ("SecondsUntilUnlock", at(state, "/secondsUntilUnlock")),
        ("PolicyID", at(state, "/passwordPolicy/id")),
    ])
}
