//! Times as PingOne writes them.

use jiff::Timestamp;

/// `2026-03-05T18:00:00.000Z`: milliseconds and `Z`, as in every PingOne answer.
pub fn to_rfc3339_millis(timestamp: Timestamp) -> String {
    format!("{timestamp:.3}")
}
