//! PingOne's error body, and the errors that the sandbox returns.
//!
//! Codes and shape: `developer.pingidentity.com/pingone-api/foundations/conventions/` and the
//! schema of Ping's Go client. PingOne does not guarantee the messages, except for the two about
//! missing permissions, which Ping's own tools match.

use serde_json::{Map, Value, json};

use crate::protocol::filter::FilterError;

/// An error response: status, code and details. Its id is assigned when it is sent.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: u16,
    code: &'static str,
    message: String,
    details: Vec<Detail>,
    headers: Vec<(String, String)>,
    /// A bare `{"message": …}` without a code, from the API gateway.
    gateway: bool,
}

/// One entry of `details`.
#[derive(Clone, Debug)]
pub(crate) struct Detail {
    code: &'static str,
    target: Option<String>,
    message: String,
    inner: Map<String, Value>,
}

impl Detail {
    /// A detail about the body member or parameter `target`.
    pub(crate) fn new(code: &'static str, target: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            target: (!target.is_empty()).then(|| target.to_owned()),
            message: message.into(),
            inner: Map::new(),
        }
    }

    /// Adds a member to `innerError`.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.inner.insert(name.to_owned(), value.into());
        self
    }

    fn into_value(self) -> Value {
        let mut value = Map::new();
        value.insert("code".to_owned(), self.code.into());
        if let Some(target) = self.target {
            value.insert("target".to_owned(), target.into());
        }
        value.insert("message".to_owned(), self.message.into());
        if !self.inner.is_empty() {
            value.insert("innerError".to_owned(), self.inner.into());
        }
        value.into()
    }
}

impl ApiError {
    fn new(status: u16, code: &'static str, message: &str, details: Vec<Detail>) -> Self {
        Self {
            status,
            code,
            message: message.to_owned(),
            details,
            headers: Vec::new(),
            gateway: false,
        }
    }

    /// 403: the request is from another machine. Not an error of PingOne's.
    pub(crate) fn not_local() -> Self {
        Self::new(
            403,
            "ACCESS_FAILED",
            "The sandbox accepts requests from this machine only: the Host or Origin header names another.",
            Vec::new(),
        )
    }

    /// 400: several body members are invalid.
    pub(crate) fn invalid_data(details: Vec<Detail>) -> Self {
        Self::new(
            400,
            "INVALID_DATA",
            "The request could not be completed. One or more validation errors were in the request.",
            details,
        )
    }

    /// 400: one body member is invalid.
    pub(crate) fn invalid(code: &'static str, target: &str, message: &str) -> Self {
        Self::invalid_data(vec![Detail::new(code, target, message)])
    }

    /// 400: the request as a whole is malformed.
    pub(crate) fn invalid_request(message: &str) -> Self {
        Self::new(400, "INVALID_REQUEST", message, Vec::new())
    }

    /// 400: a query parameter is invalid. The detail's code is UNCONFIRMED.
    pub(crate) fn invalid_parameter(name: &str, message: &str) -> Self {
        Self::new(
            400,
            "INVALID_REQUEST",
            "The request could not be completed. The request was invalid.",
            vec![Detail::new("INVALID_PARAMETER", name, message)],
        )
    }

    /// 400: the filter is invalid or not supported.
    pub(crate) fn invalid_filter(error: FilterError) -> Self {
        let mut detail = Detail::new("INVALID_FILTER", "filter", error.message);
        if !error.attributes.is_empty() {
            detail = detail.with("supportedAttributes", error.attributes);
        }
        if !error.operators.is_empty() {
            detail = detail.with("supportedOperators", error.operators);
        }
        Self::new(
            400,
            "INVALID_REQUEST",
            "The request could not be completed. The request was invalid.",
            vec![detail],
        )
    }

    /// 400: well-formed, but not possible in the current state.
    pub(crate) fn request_failed(code: &'static str, message: &str) -> Self {
        Self::request_failed_with(Detail::new(code, "", message))
    }

    /// The same, with a detail of your own.
    pub(crate) fn request_failed_with(detail: Detail) -> Self {
        Self::new(
            400,
            "REQUEST_FAILED",
            "The request could not be completed. There was an issue processing the request",
            vec![detail],
        )
    }

    /// 401: the token is missing, unknown or expired.
    pub(crate) fn invalid_token() -> Self {
        Self::new(
            401,
            "ACCESS_FAILED",
            "The request could not be completed. You do not have access to this resource.",
            vec![Detail::new(
                "INVALID_TOKEN",
                "",
                "The access token is expired or not valid",
            )],
        )
    }

    /// 403: the worker lacks a role. An unknown environment looks the same.
    pub(crate) fn forbidden() -> Self {
        Self::new(
            403,
            "ACCESS_FAILED",
            "The request could not be completed. You do not have access to this resource.",
            vec![Detail::new(
                "INSUFFICIENT_PERMISSIONS",
                "",
                "The actor attempting to perform the request is not authorized.",
            )],
        )
    }

    /// 403 from the API gateway: an unknown route, or a malformed Authorization header.
    pub(crate) fn gateway(message: &str) -> Self {
        Self {
            gateway: true,
            ..Self::new(403, "", message, Vec::new())
        }
    }

    /// 404.
    pub(crate) fn not_found() -> Self {
        Self::new(
            404,
            "NOT_FOUND",
            "The request could not be completed. The requested resource was not found.",
            Vec::new(),
        )
    }

    /// 405. The code's spelling is UNCONFIRMED.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            405,
            "METHOD_NOT_ALLOWED",
            "The request could not be completed. The method is not allowed for this resource.",
            Vec::new(),
        )
    }

    /// 413: the body exceeds the sandbox's limit.
    pub(crate) fn too_large() -> Self {
        Self::new(413, "INVALID_REQUEST", "The body is too large.", Vec::new())
    }

    /// 415: the Content-Type selects no operation.
    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(
            415,
            "INVALID_REQUEST",
            "The media type of the request is not supported by this resource.",
            Vec::new(),
        )
    }

    /// 429, with `Retry-After` in seconds.
    pub(crate) fn rate_limited(limit: u32, retry_after: i64, reset: &str) -> Self {
        let detail = Detail::new("LIMIT_EXCEEDED", "", "Too many requests")
            .with("quotaLimit", limit)
            .with("quotaResetTime", reset)
            .with("retryAfter", reset);
        let mut error = Self::new(
            429,
            "REQUEST_LIMITED",
            "The request could not be completed. A rate limit or quota was reached.",
            vec![detail],
        );
        error
            .headers
            .push(("Retry-After".to_owned(), retry_after.to_string()));
        error
    }

    /// The usual error for a status, without details: what a fault without a body returns.
    pub(crate) fn from_status(status: u16) -> Self {
        match status {
            401 => Self::invalid_token(),
            403 => Self::forbidden(),
            404 => Self::not_found(),
            405 => Self::method_not_allowed(),
            415 => Self::unsupported_media_type(),
            429 => Self::new(
                429,
                "REQUEST_LIMITED",
                "The request could not be completed. A rate limit or quota was reached.",
                vec![Detail::new("LIMIT_EXCEEDED", "", "Too many requests")],
            ),
            400..=499 => Self::new(
                status,
                "INVALID_REQUEST",
                "The request was invalid.",
                Vec::new(),
            ),
            _ => Self::new(
                status,
                "UNEXPECTED_ERROR",
                "An unexpected error was found while processing the request.",
                Vec::new(),
            ),
        }
    }

    /// The response's headers and body. That the error's `id` equals the Correlation-Id is
    /// UNCONFIRMED; the sandbox sends the same value in both.
    pub(crate) fn into_parts(self, id: &str) -> (Vec<(String, String)>, Value) {
        if self.gateway {
            return (self.headers, json!({ "message": self.message }));
        }
        let mut body = Map::new();
        body.insert("id".to_owned(), id.into());
        body.insert("code".to_owned(), self.code.into());
        body.insert("message".to_owned(), self.message.into());
        if !self.details.is_empty() {
            let details: Vec<Value> = self.details.into_iter().map(Detail::into_value).collect();
            body.insert("details".to_owned(), details.into());
        }
        (self.headers, body.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_details_are_omitted() {
        let (_, body) = ApiError::not_found().into_parts("an-id");
        assert_eq!(body["id"], "an-id");
        assert_eq!(body["code"], "NOT_FOUND");
        assert!(body.get("details").is_none());
        let (_, body) = ApiError::gateway("Forbidden").into_parts("an-id");
        assert_eq!(body, json!({ "message": "Forbidden" }));
    }

    #[test]
    fn rate_limit_errors_say_when_to_retry() {
        let error = ApiError::rate_limited(10, 2, "2026-03-04T10:00:02.000Z");
        assert_eq!(error.status, 429);
        let (headers, body) = error.into_parts("an-id");
        assert_eq!(headers, [("Retry-After".to_owned(), "2".to_owned())]);
        assert_eq!(body["details"][0]["innerError"]["quotaLimit"], 10);
        assert!(body["details"][0].get("target").is_none());
    }
}
