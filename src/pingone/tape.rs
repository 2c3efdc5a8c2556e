//! The recorded half of the transport: answers a request with the recorded answer to the same request. A
//! request that the recording lacks is an error that names it; nothing is ever sent.

use std::cell::RefCell;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    error::{Cause, NoAnswer},
    transport::{HttpRequest, Reply},
};
use crate::secrets::Mask;

/// A recorded request and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// When the command that made it began. Only where the answer depends on the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What was asked.
    pub request: RecordedRequest,
    /// What came back.
    pub response: RecordedResponse,
}

/// A request without its secrets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// The scheme of the authorization, and the media type of the body.
    #[serde(default, skip_serializing_if = "RequestHeaders::is_empty")]
    pub headers: RequestHeaders,
    /// The body, if it is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The body, if it is anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The request headers that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RequestHeaders {
    /// `Basic` or `Bearer`; what follows it is never recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// The media type of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

impl RequestHeaders {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// An answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers that matter.
    #[serde(default, skip_serializing_if = "ResponseHeaders::is_empty")]
    pub headers: ResponseHeaders,
    /// The body, if it is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<Value>,
    /// The body, if it is anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The response headers that matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ResponseHeaders {
    /// PingOne's usual one where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How long PingOne asks to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// PingOne's id of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl ResponseHeaders {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A body as a recording keeps it: as JSON, or as text where it is something else, or neither.
fn record_body(bytes: &[u8], mask: &Mask) -> (Option<Value>, Option<String>) {
    match serde_json::from_slice(bytes) {
        _ if bytes.is_empty() => (None, None),
        // In a recording, `"json": null` would read as no body.
        Ok(Value::Null) | Err(_) => (None, Some(mask.text(&String::from_utf8_lossy(bytes)))),
        Ok(json) => (Some(mask.value(json)), None),
    }
}

impl RecordedRequest {
    /// What a recording keeps of a request.
    pub fn of(request: &HttpRequest, mask: &Mask) -> Self {
        let (json, text) = record_body(request.body.as_deref().map_or(&[], Vec::as_slice), mask);
        Self {
            method: request.method.to_string(),
            url: request.url.to_string(),
            headers: RequestHeaders {
                authorization: request.authorization.scheme().map(str::to_owned),
                content_type: request.content_type.map(str::to_owned),
            },
            json,
            text,
        }
    }
}

/// What PingOne sends with every body of its own.
const USUAL_CONTENT_TYPE: &str = "application/hal+json;charset=UTF-8";

/// The exchanges of one recorded case.
pub struct Tape {
    /// `None` where an exchange was used. Requests that run at once may come in any order, so each takes
    /// the first unused exchange that is the same.
    exchanges: RefCell<Vec<Option<Exchange>>>,
    /// Requests that the recording lacks. A command may go on after one, and even give the recorded answer.
    missing: RefCell<Vec<String>>,
}

impl Tape {
    /// A tape at its start.
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        Self {
            exchanges: RefCell::new(exchanges.into_iter().map(Some).collect()),
            missing: RefCell::default(),
        }
    }

    /// The recorded answer to `request`.
    pub fn answer(&self, request: &HttpRequest, mask: &Mask) -> Result<Reply, NoAnswer> {
        let asked = RecordedRequest::of(request, mask);
        let mut exchanges = self.exchanges.borrow_mut();
        let found = exchanges.iter_mut().find(|exchange| {
            exchange
                .as_ref()
                .is_some_and(|exchange| exchange.request == asked)
        });
        let Some(Exchange { response, .. }) = found.and_then(Option::take) else {
            self.missing
                .borrow_mut()
                .push(format!("{} {}", asked.method, asked.url));
            return Err(NoAnswer {
                cause: Cause::NotRecorded,
                reached: false,
                call: request.call(),
                host: request.host(),
                detail: serde_json::to_string(&asked).unwrap_or_default(),
            });
        };
        let body = response
            .json
            .map(|json| json.to_string())
            .or(response.text)
            .unwrap_or_default()
            .into_bytes();
        let usual = (!body.is_empty()).then(|| USUAL_CONTENT_TYPE.to_owned());
        Ok(Reply {
            status: response.status,
            content_type: response.headers.content_type.or(usual),
            retry_after: response.headers.retry_after,
            correlation_id: response.headers.correlation_id,
            body,
        })
    }

    /// The calls that were made and are not recorded.
    pub fn missing(&self) -> Vec<String> {
        self.missing.borrow().clone()
    }

    /// The time that a command has which begins now: that of the next exchange.
    pub fn time(&self) -> Timestamp {
        let exchanges = self.exchanges.borrow();
        let recorded = exchanges
            .iter()
            .flatten()
            .next()
            .and_then(|exchange| exchange.at);
        recorded.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The recorded calls that were not made.
    pub fn unused(&self) -> Vec<String> {
        let exchanges = self.exchanges.borrow();
        exchanges
            .iter()
            .flatten()
            .map(|exchange| format!("{} {}", exchange.request.method, exchange.request.url))
            .collect()
    }
}
