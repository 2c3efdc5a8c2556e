//! Requests and replies as plain values, independent of HTTP.
//!
//! The server reads a [`Request`] and sends a [`Reply`]; handlers are plain functions in between.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::protocol::error::ApiError;

/// A handler's result.
pub(crate) type ApiResult = Result<Reply, ApiError>;

/// A complete request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// The method in uppercase.
    pub(crate) method: String,
    /// The path, still percent-encoded.
    pub(crate) path: String,
    /// The query, still percent-encoded, without the question mark.
    pub(crate) query: String,
    /// The Content-Type header.
    pub(crate) content_type: Option<String>,
    /// The Authorization header.
    pub(crate) authorization: Option<String>,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The media type in lowercase, without parameters; empty if absent.
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

    /// The decoded path segments; a trailing slash makes no difference.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect()
    }

    /// The decoded query parameters.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        pairs(&self.query)
    }

    /// The first parameter of this name, decoded. Which one PingOne picks is UNCONFIRMED.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.parameters()
            .into_iter()
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Whether a comma-separated parameter such as `expand` or `include` contains `wanted`.
    pub(crate) fn asks_for(&self, name: &str, wanted: &str) -> bool {
        self.parameters()
            .iter()
            .filter(|(found, _)| found == name)
            .flat_map(|(_, value)| value.split(','))
            .any(|value| value.trim() == wanted)
    }

    /// The body of a plain JSON operation: an object with Content-Type `application/json`.
    pub(crate) fn json(&self) -> Result<Map<String, Value>, ApiError> {
        if self.media_type() != "application/json" {
            return Err(ApiError::unsupported_media_type());
        }
        self.object()
    }

    /// The body as an object, whatever its media type.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(ApiError::invalid_request("The body must be a JSON object.")),
            Err(error) => Err(ApiError::invalid_request(&format!(
                "The body is not valid JSON: {error}"
            ))),
        }
    }

    /// The body of an operation that needs none; an empty body counts as `{}`.
    pub(crate) fn optional_object(&self) -> Result<Map<String, Value>, ApiError> {
        if self.body.is_empty() {
            Ok(Map::new())
        } else {
            self.object()
        }
    }
}

/// Decodes `a=b&c=d`.
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

/// A response to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body, if any.
    pub(crate) body: Option<Value>,
    /// The body's media type.
    pub(crate) content_type: &'static str,
    /// Additional headers.
    pub(crate) headers: Vec<(String, String)>,
}

/// The media type of PingOne's platform responses, whatever `Accept` says.
pub(crate) const HAL: &str = "application/hal+json;charset=UTF-8";

/// The media type of the token endpoint and of the sandbox's own URLs.
pub(crate) const JSON: &str = "application/json;charset=UTF-8";

impl Reply {
    /// 200 with a HAL body.
    pub(crate) fn ok(body: Value) -> Self {
        Self::hal(200, body)
    }

    /// 201 with the created resource as a HAL body.
    pub(crate) fn created(body: Value) -> Self {
        Self::hal(201, body)
    }

    /// 204, the response to every deletion.
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

    /// The response for an error, with `id` in its body.
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
    fn path_segments_and_parameters_are_decoded_separately() {
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
