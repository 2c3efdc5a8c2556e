//! Risk evaluations.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// An evaluation by PingOne Protect.
#[derive(Debug)]
pub(crate) struct RiskEvaluation {
    pub(crate) id: String,
    /// The user's id.
    pub(crate) user: String,
    pub(crate) remote_ip: String,
    pub(crate) level: String,
    pub(crate) details: Map<String, Value>,
    pub(crate) created_at: Timestamp,
}
