//! Requests and replies as the handlers see them: plain values, nothing of the socket.
//!
//! The server fills a [`Request`] and sends a [`Reply`]; handlers are ordinary functions between
//! the two and can be called without any HTTP.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::protocol::error::ApiError;

/// What a handler gives back.
pub(crate) type ApiResult = Result<Reply, ApiError>;

/// A request, read to its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// The method in upper case.
    pub(crate) method: String,
    /// The path as it came, still encoded.
    pub(crate) path: String,
    /// The query as it came, still encoded, without the question mark.
    pub(crate) query: String,
    /// The Content-Type header as it came.
    pub(crate) content_type: Option<String>,
    /// The Authorization header as it came.
    pub(crate) authorization: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The media type in lower case, without parameters; empty where none was sent.
    pub(crate) fn media_type(&self) -> String {
        self.content_type
            .as_deref()
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    }

    /// The path's segments, each decoded by itself; a trailing slash makes no difference.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect()
    }

    /// The query's parameters, decoded.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        pairs(&self.query)
    }

    /// The first parameter of that name, decoded. Which of several PingOne takes is UNCONFIRMED.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters()
            .into_iter()
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Whether a comma-joined parameter such as `expand` or `include` names `wanted`.
    pub(crate) fn asks_for(&self, name: &str, wanted: &str) -> bool {
        self.parameters()
            .iter()
            .filter(|(found, _)| found == name)
            .flat_map(|(_, value)| value.split(','))
            .any(|value| value.trim() == wanted)
    }

    /// The body of a plain JSON operation: `application/json` and an object.
    pub(crate) fn json(&self) -> Result<Map<String, Value>, ApiError> {
        if self.media_type() != "application/json" {
            return Err(ApiError::unsupported_media_type());
        }
        self.object()
    }

    /// The body as an object, whatever the media type says.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(ApiError::invalid_request("The body must be a JSON object.")),
            Err(error) => Err(ApiError::invalid_request(&format!(
                "The body is not valid JSON: {error}"
            ))),
        }
    }

    /// The body of an operation that needs none: empty counts as `{}`.
    pub(crate) fn optional_object(&self) -> Result<Map<String, Value>, ApiError> {
        if self.body.is_empty() {
            Ok(Map::new())
        } else {
            self.object()
        }
    }
}

/// `a=b&c=d`, form-decoded.
pub(crate) fn pairs(encoded: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    encoded
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (decode(name), decode(value)),
            None => (decode(pair), String::new()),
        })
        .collect()
}

/// An answer before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body; `None` for an empty one.
    pub(crate) body: Option<Value>,
    /// The body's media type.
    pub(crate) content_type: &'static str,
    /// Further headers.
    pub(crate) headers: Vec<(String, String)>,
}

/// What PingOne's platform endpoints answer with, whatever `Accept` says.
pub(crate) const HAL: &str = "application/hal+json;charset=UTF-8";

/// What the token endpoint and the sandbox's own URLs answer with.
pub(crate) const JSON: &str = "application/json;charset=UTF-8";

impl Reply {
    /// 200 with a HAL body.
    pub(crate) fn ok(body: Value) -> Self {
        Self::hal(200, body)
    }

    /// 201 with the created resource.
    pub(crate) fn created(body: Value) -> Self {
        Self::hal(201, body)
    }

    /// 204, which every deletion answers.
    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            body: None,
            content_type: HAL,
            headers: Vec::new(),
        }
    }

    /// Any status with a HAL body.
    pub(crate) fn hal(status: u16, body: Value) -> Self {
        Self {
            status,
            body: Some(body),
            content_type: HAL,
            headers: Vec::new(),
        }
    }

    /// Any status with plain JSON.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self {
            content_type: JSON,
            ..Self::hal(status, body)
        }
    }

    /// The answer to a refusal, whose body carries `id`.
    pub(crate) fn from_error(error: ApiError, id: &str) -> Self {
        let status = error.status;
        let (headers, body) = error.into_parts(id);
        Self {
            headers,
            ..Self::hal(status, body)
        }
    }

    /// Adds a header.
    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_queries_are_decoded_piece_by_piece() {
        let request = Request {
            path: "/v1//environments/a%2Fb/".to_owned(),
            query: "filter=username+eq+%22a%2Bb%22&expand=group,x&expand=y&flag".to_owned(),
            content_type: Some("Application/JSON; charset=utf-8".to_owned()),
            ..Request::default()
        };
        assert_eq!(request.segments(), ["v1", "environments", "a/b"]);
        assert_eq!(
            request.parameter("filter").as_deref(),
            Some("username eq \"a+b\"")
        );
        assert_eq!(request.parameter("flag").as_deref(), Some(""));
        assert_eq!(request.parameter("limit"), None);
        assert!(request.asks_for("expand", "group") && request.asks_for("expand", "y"));
        assert_eq!(request.media_type(), "application/json");
    }
}
