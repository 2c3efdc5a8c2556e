//! A request, a reply, and the failure to get one, as plain data. Knows neither how it is sent nor what it means.

use std::{fmt, rc::Rc};

use reqwest::{Method, Url};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{external_ids::ExternalIds, memory::Reservation};

/// A request, ready to be sent.
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// The authorization.
    pub authorization: Authorization,
    /// The media type of the body. PingOne selects the operation by it, so it may come without a body.
    pub content_type: Option<&'static str>,
    /// The body, uncompressed.
    pub body: Option<Zeroizing<Vec<u8>>>,
    /// How the body is compressed when it is sent.
    pub encoding: Option<Encoding>,
    /// How messages name the call if the address is PingOne's and not ours, since it may hold anything.
    pub label: Option<String>,
    /// The caller's own ids for PingOne's audit trail.
    pub external_ids: Option<Rc<ExternalIds>>,
}

/// The `Content-Encoding` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// With gzip.
    Gzip,
}

impl Encoding {
    /// The value of the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
        }
    }
}

/// The `Authorization` header.
#[derive(Clone)]
pub enum Authorization {
    /// None.
    None,
    /// User and password, encoded in base64.
    Basic(SecretString),
    /// A token.
    Bearer(SecretString),
    /// A key by itself, without a scheme.
    Key(SecretString),
}

impl Authorization {
    /// The scheme, which is not a secret.
    pub fn scheme(&self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Basic(_) => Some("Basic"),
            Self::Bearer(_) => Some("Bearer"),
            Self::Key(_) => Some("Key"),
        }
    }
}

impl HttpRequest {
    /// How messages name the call: method and path, without the query, which may hold personal data.
    pub fn label(&self) -> String {
        self.label
            .clone()
            .unwrap_or_else(|| format!("{} {}", self.method, self.url.path()))
    }

    /// The host, with its port unless it is the default.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url
            .port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }
}

/// A complete answer. It has no `Debug`: nothing in it is masked, and it may hold a token.
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
    /// The memory reserved for the body.
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
    /// The host name could not be resolved.
    Dns,
    /// The host refused the connection or could not be reached.
    Connect,
    /// The host's certificate is not trusted, or the TLS handshake failed.
    Tls,
    /// The proxy could not be reached or refused the connection.
    Proxy,
    /// No answer came in time.
    Timeout,
    /// The connection broke before the answer was complete.
    Broken,
    /// The answer is larger than any of PingOne's.
    TooLarge,
    /// The recording has no such call.
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
    /// The host, with its port unless it is the default.
    pub host: String,
    /// The network's own message, without secrets.
    pub detail: String,
}

impl NoAnswer {
    /// Whether another attempt can end differently.
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
