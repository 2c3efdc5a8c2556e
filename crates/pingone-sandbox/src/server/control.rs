//! The sandbox's own URLs under `/sandbox`: state, calls, faults and clock.
//!
//! They need no token, are not logged as calls and are exempt from faults.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::clock::format_timestamp;
use crate::model::fault::Fault;
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply, Request};
use crate::render::state::state;
use crate::server::shared::Shared;

/// Handles a request to `/sandbox/…`.
pub(crate) fn answer(shared: &Shared, request: &Request) -> ApiResult {
    let segments = request.segments();
    let path = segments.get(1).map_or("", String::as_str);
    match (request.method.as_str(), path) {
        ("GET", "state") => Ok(Reply::json(200, state(&shared.store()))),
        ("GET", "calls") => Ok(Reply::json(200, json!(shared.calls()))),
        ("DELETE", "calls") => {
            shared.clear_calls();
            Ok(Reply::no_content())
        }
        ("GET", "faults") => Ok(Reply::json(200, json!(*shared.faults()))),
        ("POST", "faults") => {
            let fault: Fault = serde_json::from_slice(&request.body)
                .map_err(|error| ApiError::invalid_request(&format!("invalid fault: {error}")))?;
            shared.faults().push(fault.clone());
            Ok(Reply::json(201, json!(fault)))
        }
        ("DELETE", "faults") => {
            shared.faults().clear();
            Ok(Reply::no_content())
        }
        ("POST", "clock") => {
            let body = request.object()?;
            let seconds = body
                .get("advanceSeconds")
                .and_then(Value::as_u64)
                .ok_or_else(|| {
                    ApiError::invalid_request("advanceSeconds must be a whole number of seconds")
                })?;
            let mut store = shared.store();
            store.clock.advance(Duration::from_secs(seconds));
            Ok(Reply::json(
                200,
                json!({ "now": format_timestamp(store.clock.now()) }),
            ))
        }
        _ => Err(ApiError::not_found()),
    }
}
