//! A password's state.

use jiff::SignedDuration;
use serde_json::Value;

use super::cells::minutes;
use crate::document::{Row, at, cell, row};

/// The columns of a password's state.
pub const COLUMNS: [&str; 4] = ["Status", "Last changed", "Unlocks in", "Policy ID"];

/// The state as a table row.
pub fn cells(state: &Value) -> [String; 4] {
    let seconds = at(state, "/secondsUntilUnlock");
    let unlocks_in = match seconds.as_u64().and_then(|seconds| seconds.try_into().ok()) {
        Some(seconds) => format!("{:#}", SignedDuration::from_secs(seconds)),
        None => cell(&seconds),
    };
    [
        cell(&at(state, "/status")),
        minutes(&at(state, "/lastChangedAt")),
        unlocks_in,
        cell(&at(state, "/passwordPolicy/id")),
    ]
}

/// The state as a context entry. Absent members are null, so that they replace older values.
pub fn describe(state: &Value) -> Row {
    row([
        ("Status", at(state, "/status")),
        ("LastChangedAt", at(state, "/lastChangedAt")),
        ("SecondsUntilUnlock", at(state, "/secondsUntilUnlock")),
        ("PolicyID", at(state, "/passwordPolicy/id")),
    ])
}
