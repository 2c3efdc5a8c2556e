//! Webhooks.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// A webhook, kept as the client wrote it.
#[derive(Debug)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) details: Map<String, Value>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}
