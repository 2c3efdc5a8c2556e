//! What travels, as plain data: a request, an answer, and the lack of one. Knows neither how it is sent nor what it means.

use std::fmt;

use reqwest::{Method, Url};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::memory::Reservation;

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
    /// Names the call in texts where the address is PingOne's and not ours: it may hold anything.
    pub label: Option<String>,
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
    /// Names the call in texts: method and path, without the query, which may hold personal data.
    pub fn label(&self) -> String {
        self.label
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
    pub reservation: Reservation,
}

impl Reply {
    /// Whether the status is a success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Why there was no complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The host's name has no address.
    Dns,
    /// No connection to the host.
    Connect,
    /// The host's certificate, or the TLS handshake.
    Tls,
    /// The proxy.
    Proxy,
    /// Nothing came in time.
    Timeout,
    /// The connection ended before the answer did.
    Broken,
    /// More came than an answer of PingOne's can be.
    TooLarge,
    /// A recording has no such call.
    NotRecorded,
}

/// A call without a complete answer.
#[derive(Debug)]
pub struct NoAnswer {
    /// Why.
    pub cause: Cause,
    /// Whether PingOne may have received the request.
    pub reached: bool,
    /// Method and path.
    pub call: String,
    /// The host, with its port if it is not the usual one.
    pub host: String,
    /// What the network said, without secrets.
    pub detail: String,
}

impl NoAnswer {
    /// Whether another try can end otherwise.
    pub fn is_transient(&self) -> bool {
        match self.cause {
            Cause::Dns | Cause::Connect | Cause::Proxy | Cause::Timeout | Cause::Broken => true,
            Cause::Tls | Cause::TooLarge | Cause::NotRecorded => false,
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            call, host, detail, ..
        } = self;
        match self.cause {
            Cause::Dns => write!(f, "the host {host} was not found ({detail})"),
            Cause::Connect => write!(f, "no connection to {host} ({detail})"),
            Cause::Tls => write!(f, "no trusted TLS connection to {host} ({detail})"),
            Cause::Proxy => write!(f, "the proxy gave no connection to {host} ({detail})"),
            Cause::Timeout => write!(f, "{host} did not answer {call} in time ({detail})"),
            Cause::Broken => write!(
                f,
                "the connection to {host} ended before the answer to {call} was complete ({detail})"
            ),
            Cause::TooLarge => write!(f, "the answer of {host} to {call} is too large ({detail})"),
            Cause::NotRecorded => write!(f, "the recording has no call {call} ({detail})"),
        }
    }
}
