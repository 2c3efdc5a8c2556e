//! An HTTP collector of Cortex XSIAM, which is not PingOne: with it, events that are pushed have somewhere to go. It
//! checks the key and the compression, and keeps nothing.

use serde_json::json;

use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply, Request};

/// The key of the collector.
pub(crate) const KEY: &str = "collector-key-of-the-sandbox";
/// The first bytes of a gzip file (RFC 1952).
const GZIP: [u8; 3] = [0x1f, 0x8b, 8];

/// Takes events.
pub(crate) fn take(request: &Request) -> ApiResult {
    if request.method != "POST" {
        return Err(ApiError::method_not_allowed());
    }
    if request.authorization.as_deref() != Some(KEY) {
        return Ok(Reply::json(401, json!({"error": "Unauthorized"})));
    }
    if !request.body.starts_with(&GZIP) {
        let error = "gzip compression error (invalid header)";
        return Ok(Reply::json(400, json!({"error": error})));
    }
    Ok(Reply::json(200, json!({"error": "false"})))
}
