//! The sandbox's own URLs under `/sandbox`: state, calls, faults, clock and responses to pushes.
//!
//! They need no token, are not logged as calls and are exempt from faults.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::clock::format_timestamp;
use crate::model::fault::Fault;
use crate::model::seed::users::{PushAnswer, PushResponse};
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply, Request};
use crate::server::shared::Shared;

/// The body of `POST /sandbox/push-responses`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct PushResponseRequest {
    /// The username or id.
    user: String,
    answer: PushAnswer,
    #[serde(default)]
    after_seconds: u32,
}

/// Handles a request to `/sandbox/…`.
pub(crate) fn handle(shared: &Shared, request: &Request) -> ApiResult {
    let segments = request.segments();
    let path = segments.get(1).map_or("", String::as_str);
    match (request.method.as_str(), path) {
        ("GET", "state") => Ok(Reply::json(200, shared.state())),
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
        ("POST", "push-responses") => {
            let wanted: PushResponseRequest = serde_json::from_slice(&request.body)
                .map_err(|error| ApiError::invalid_request(&format!("invalid body: {error}")))?;
            let response = PushResponse {
                answer: wanted.answer,
                after_seconds: wanted.after_seconds,
            };
            shared.store().set_push_response(&wanted.user, response)?;
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
