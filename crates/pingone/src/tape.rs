//! The recorded half of the transport: answers a request with the recorded answer to an equal request. A request that
//! the recording lacks is an error that names it; nothing is ever sent.

use std::{cell::RefCell, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    error::Refusal,
    wire::{Cause, HttpRequest, NoAnswer, Reply},
};
use crate::{memory::Reservation, secrets::Mask};

/// A recorded request and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// When the command that made it began. Present only where the answer depends on the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The request.
    pub request: RecordedRequest,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<RecordedResponse>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RecordedFailure>,
    /// How long it took, if noticeable. A replay reports the same duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl Exchange {
    /// The duration of the exchange.
    pub fn took(&self) -> Duration {
        let seconds = self.seconds.unwrap_or_default();
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }
}

/// A call without a complete answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedFailure {
    /// Why.
    pub cause: Cause,
    /// Whether PingOne may have received the request.
    pub reached: bool,
    /// The network's own message.
    pub detail: String,
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
    /// The body, if it is JSON; uncompressed.
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
    /// `Basic` or `Bearer`, or `Key` for one without a scheme; what follows it is never recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization: Option<String>,
    /// The media type of the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How the body is compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
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
    /// PingOne's usual one if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How long PingOne asks to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// The time at PingOne.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// PingOne's id of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl ResponseHeaders {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A recorded body: JSON, or text if it is something else, or neither.
fn record_body(bytes: &[u8], mask: &Mask) -> (Option<Value>, Option<String>) {
    match serde_json::from_slice(bytes) {
        _ if bytes.is_empty() => (None, None),
        // In a recording, `"json": null` would read as no body.
        Ok(Value::Null) | Err(_) => (None, Some(mask.text(&String::from_utf8_lossy(bytes)))),
        Ok(json) => (Some(mask.value(json)), None),
    }
}

impl RecordedRequest {
    /// The recorded form of a request.
    pub fn of(request: &HttpRequest, mask: &Mask) -> Self {
        let (json, text) = record_body(request.body.as_deref().map_or(&[], Vec::as_slice), mask);
        Self {
            method: request.method.to_string(),
            url: request.url.to_string(),
            headers: RequestHeaders {
                authorization: request.authorization.scheme().map(str::to_owned),
                content_type: request.content_type.map(str::to_owned),
                content_encoding: request.encoding.map(|encoding| encoding.name().to_owned()),
            },
            json,
            text,
        }
    }
}

impl RecordedResponse {
    /// The recorded form of an answer, with every secret that is in it.
    pub fn of(reply: &Reply) -> Self {
        let (json, text) = record_body(&reply.body, &Mask::default());
        let recorded = Self {
            status: reply.status,
            headers: ResponseHeaders {
                content_type: reply.content_type.clone().filter(|content_type| {
                    !reply.body.is_empty() && content_type != USUAL_CONTENT_TYPE
                }),
                retry_after: reply.retry_after.clone(),
                date: reply.date.clone(),
                correlation_id: reply.correlation_id.clone(),
            },
            json,
            text,
        };
        if recorded.text.is_none() && !recorded.reads_like(reply) {
            return Self {
                json: None,
                text: Some(String::from_utf8_lossy(&reply.body).into_owned()),
                ..recorded
            };
        }
        recorded
    }

    /// Whether its replay is read exactly like the answer. Error messages quote some bodies verbatim, and what is
    /// nested too deeply could not be read back.
    fn reads_like(&self, reply: &Reply) -> bool {
        let read = |reply: &Reply| Refusal::read(reply, &Mask::default()).to_string();
        let replayed = self.clone().into_reply();
        let nested = serde_json::to_vec(&[[[self]]])
            .is_ok_and(|text| serde_json::from_slice::<Value>(&text).is_ok());
        nested && (reply.is_success() || read(&replayed) == read(reply))
    }

    /// The answer that a replay returns.
    fn into_reply(self) -> Reply {
        let body = self
            .json
            .map(|json| json.to_string())
            .or(self.text)
            .unwrap_or_default()
            .into_bytes();
        let usual = (!body.is_empty()).then(|| USUAL_CONTENT_TYPE.to_owned());
        Reply {
            status: self.status,
            content_type: self.headers.content_type.or(usual),
            retry_after: self.headers.retry_after,
            date: self.headers.date,
            correlation_id: self.headers.correlation_id,
            body,
            reservation: Reservation::default(),
        }
    }
}

impl RecordedFailure {
    /// The recorded form of a call without a complete answer.
    pub fn from_no_answer(no_answer: &NoAnswer) -> Self {
        Self {
            cause: no_answer.cause,
            reached: no_answer.reached,
            detail: no_answer.detail.clone(),
        }
    }

    /// The failure that a replay returns for `request`.
    fn of(self, request: &HttpRequest) -> NoAnswer {
        NoAnswer {
            cause: self.cause,
            reached: self.reached,
            call: request.label(),
            host: request.host(),
            detail: self.detail,
        }
    }
}

/// The content type of every body of PingOne's own.
const USUAL_CONTENT_TYPE: &str = "application/hal+json;charset=UTF-8";

/// The exchanges of one recorded case.
pub struct Tape {
    /// `None` for an exchange that was used. Concurrent requests may come in any order, so each takes the first unused
    /// exchange that is equal.
    exchanges: RefCell<Vec<Option<Exchange>>>,
    /// Requests that the recording lacks. A command may continue after one, and even produce the recorded answer.
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

    /// The recorded answer to `request`, and its duration.
    pub fn answer(
        &self,
        request: &HttpRequest,
        mask: &Mask,
    ) -> (Result<Reply, NoAnswer>, Duration) {
        let asked = RecordedRequest::of(request, mask);
        let mut exchanges = self.exchanges.borrow_mut();
        let found = exchanges.iter_mut().find(|exchange| {
            exchange
                .as_ref()
                .is_some_and(|exchange| exchange.request == asked)
        });
        let Some(exchange) = found.and_then(Option::take) else {
            self.missing
                .borrow_mut()
                .push(format!("{} {}", asked.method, asked.url));
            let nothing = RecordedFailure {
                cause: Cause::NotRecorded,
                reached: false,
                // The address is not masked, since it is compared.
                detail: mask.text(&serde_json::to_string(&asked).unwrap_or_default()),
            };
            return (Err(nothing.of(request)), Duration::ZERO);
        };
        let took = exchange.took();
        let result = match (exchange.response, exchange.failure) {
            (Some(response), _) => Ok(response.into_reply()),
            (None, Some(failure)) => Err(failure.of(request)),
            (None, None) => Ok(Reply::default()),
        };
        (result, took)
    }

    /// Calls that were made but are not recorded.
    pub fn missing(&self) -> Vec<String> {
        self.missing.borrow().clone()
    }

    /// When a command that begins now was recorded: the time of the next exchange.
    pub fn time(&self) -> Timestamp {
        let exchanges = self.exchanges.borrow();
        let recorded = exchanges
            .iter()
            .flatten()
            .next()
            .and_then(|exchange| exchange.at);
        recorded.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Recorded calls that were not made.
    pub fn unused(&self) -> Vec<String> {
        let exchanges = self.exchanges.borrow();
        exchanges
            .iter()
            .flatten()
            .map(|exchange| format!("{} {}", exchange.request.method, exchange.request.url))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, Url};

    use super::*;
    use crate::wire::Authorization;

    #[test]
    fn an_unrecorded_call_is_reported_without_secrets() {
        let request = HttpRequest {
            method: Method::GET,
            url: Url::parse("https://h/users?filter=hunter22").expect("an address"),
            authorization: Authorization::None,
            content_type: None,
            body: None,
            encoding: None,
            label: None,
            external_ids: None,
        };
        let mut mask = Mask::default();
        mask.add("hunter22");
        let (result, _) = Tape::new(Vec::new()).answer(&request, &mask);
        let detail = result.err().expect("nothing is recorded").to_string();
        assert!(
            detail.contains("https://h/users?filter=<XX_REPLACED>"),
            "{detail}"
        );
    }
}
