//! Sends one request and brings one answer, live, live with a recording made, or from a recording. What a request means, whether it is
//! sent again and who may see a token is decided elsewhere; this file has no commands and no retries.
//! `http.rs` is the live half, `tape.rs` the recorded one, `recorder.rs` makes what `tape.rs` plays.

use jiff::Timestamp;
use reqwest::{Method, Url, header::HeaderValue};
use secrecy::SecretString;
use std::{rc::Rc, time::Duration};
use tokio::sync::MutexGuard;
use zeroize::Zeroizing;

use super::{clock::Clock, error::NoAnswer, http::Http, recorder::Recorder, tape::Tape};
use crate::{
    memory::{Budget, Held},
    secrets::Mask,
};

/// A request, ready to be sent.
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Who asks.
    pub authorization: Authorization,
    /// The media type of the body. PingOne chooses the operation by it, so it may come without a body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Option<Zeroizing<Vec<u8>>>,
    /// How texts name the call, where the address is PingOne's and not ours: it may hold anything.
    pub called: Option<String>,
}

/// The `Authorization` header.
#[derive(Clone)]
pub enum Authorization {
    /// None.
    None,
    /// User and password, already in base64.
    Basic(SecretString),
    /// A token.
    Bearer(SecretString),
}

impl Authorization {
    /// The scheme alone, which is no secret.
    pub fn scheme(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Basic(_) => Some("Basic"),
            Self::Bearer(_) => Some("Bearer"),
        }
    }
}

impl HttpRequest {
    /// Method and path, as error texts name a call; without the query, which may hold personal data.
    pub fn call(&self) -> String {
        self.called
            .clone()
            .unwrap_or_else(|| format!("{} {}", self.method, self.url.path()))
    }

    /// The host, with its port if it is not the usual one.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// An answer, read to its end. It has no `Debug`: nothing in it is masked, and it may be a token's.
#[derive(Default)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// `Date`.
    pub date: Option<String>,
    /// `Correlation-Id`.
    pub correlation_id: Option<String>,
    /// The body.
    pub body: Vec<u8>,
    /// The body's share of the command's memory.
    pub held: Held,
}

impl Reply {
    /// Whether the status is a success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// The text of a header, if it is one.
pub(super) fn header_text(value: Option<&HeaderValue>) -> Option<String> {
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The way to PingOne.
pub enum Transport {
    /// The network.
    Live(Http),
    /// The network, and what is sent and comes back is recorded.
    Record(Http, Rc<Recorder>),
    /// A recording.
    Replay(Rc<Tape>),
}

impl Transport {
    /// Sends `request` and reads the whole answer within `timeout` and `budget`. Beside the answer, the time that a clock
    /// that only counts has to count for it.
    pub async fn send(
        &self,
        request: &HttpRequest,
        timeout: Duration,
        mask: &Mask,
        budget: &Budget,
    ) -> (Result<Reply, NoAnswer>, Duration) {
        match self {
            Self::Live(http) => {
                let result = http.send(request, timeout, mask, budget).await;
                (result, Duration::ZERO)
            }
            Self::Record(http, recorder) => {
                let clock = Clock::real();
                let result = http.send(request, timeout, mask, budget).await;
                let took = recorder.note(request, &result, clock.elapsed());
                (result, took)
            }
            Self::Replay(tape) => tape.answer(request, mask),
        }
    }

    /// A command begins.
    pub fn begin(&self, now: Timestamp) {
        if let Self::Record(_, recorder) = self {
            recorder.begin(now);
        }
    }

    /// Waits until no other call is under way, if calls have to be made one after the other; they are until
    /// what this gives is dropped.
    pub async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self {
            Self::Record(_, recorder) => Some(recorder.turn().await),
            Self::Live(_) | Self::Replay(_) => None,
        }
    }
}
