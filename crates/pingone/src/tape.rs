//! The recorded half of the transport: answers a request with the recorded answer to the same request. A
//! request that the recording lacks is an error that names it; nothing is ever sent.

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
    /// When the command that made it began. Only where the answer depends on the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What was asked.
    pub request: RecordedRequest,
    /// What came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<RecordedResponse>,
    /// Why nothing came back, where there is no response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RecordedFailure>,
    /// How long it took; left out where it was no time worth mentioning. A replay tells the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
}

impl Exchange {
    /// How long it took.
    pub fn took(&self) -> Duration {
        let seconds = self.seconds.unwrap_or_default();
        Duration::try_from_secs_f64(seconds).unwrap_or_default()
    }
}

/// A call that got no complete answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedFailure {
    /// Why.
    pub cause: Cause,
    /// Whether PingOne may have received the request.
    pub reached: bool,
    /// What the network said.
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
    /// What time it was at PingOne.
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

impl RecordedResponse {
    /// What a recording keeps of an answer, with every secret that is in it.
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

    /// Whether its replay is read as the answer was. The texts of errors quote some bodies to the letter, and
    /// what is nested too deeply could not be read back.
    fn reads_like(&self, reply: &Reply) -> bool {
        let read = |reply: &Reply| Refusal::read(reply, &Mask::default()).to_string();
        let replayed = self.clone().into_reply();
        let nested = serde_json::to_vec(&[[[self]]])
            .is_ok_and(|text| serde_json::from_slice::<Value>(&text).is_ok());
        nested && (reply.is_success() || read(&replayed) == read(reply))
    }

    /// The answer that a replay gives.
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
    /// What a recording keeps of a call without a complete answer.
    pub fn from_no_answer(no_answer: &NoAnswer) -> Self {
        Self {
            cause: no_answer.cause,
            reached: no_answer.reached,
            detail: no_answer.detail.clone(),
        }
    }

    /// The failure that a replay gives to `request`.
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

    /// The recorded answer to `request`, and how long it took.
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
                // The address is not masked: it is compared.
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

#[cfg(test)]
mod tests {
    use reqwest::{Method, Url};

    use super::*;
    use crate::wire::Authorization;

    #[test]
    fn a_call_that_is_not_recorded_is_told_without_secrets() {
        let request = HttpRequest {
            method: Method::GET,
            url: Url::parse("https://h/users?filter=hunter22").expect("an address"),
            authorization: Authorization::None,
            content_type: None,
            body: None,
            label: None,
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
