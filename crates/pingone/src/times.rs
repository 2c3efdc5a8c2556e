//! Times as PingOne writes them.

use jiff::Timestamp;

/// `2026-03-05T18:00:00.000Z`: milliseconds and `Z`, as in every PingOne answer.
pub fn to_rfc3339_millis(timestamp: Timestamp) -> String {
    format!("{timestamp:.3}")
}

/// `2026-03-05 18:00:59 UTC`: for people, where the order of events matters.
pub fn to_utc_seconds(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// `2026-03-05 18:00 UTC`: for people. Seconds are cut off.
pub fn to_utc_minutes(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
