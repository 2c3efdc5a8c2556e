//! Reads PingOne's answers, which must be JSON. An answer that makes no sense is an error that names its call.

use reqwest::Method;
use serde_json::Value;

use super::{
    call::JSON,
    error::{Error, OUT_OF_MEMORY, Problem},
    wire::{HttpRequest, Reply},
};
use crate::memory::{Budget, Exhausted, ReadError, Reservation};

/// How messages name a call, and whether the call was a change.
pub(crate) struct CallLabel {
    text: String,
    is_change: bool,
}

impl CallLabel {
    /// Names a request.
    pub(crate) fn of(request: &HttpRequest) -> Self {
        Self {
            text: request.label(),
            is_change: request.method != Method::GET,
        }
    }

    /// Names a read.
    pub(crate) fn reading(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_change: false,
        }
    }

    /// The text of the label.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The error for an answer with a success status that makes no sense.
    pub(crate) fn unusable(&self, reason: &str) -> Error {
        Problem::Answer {
            call: self.text.clone(),
            reason: reason.to_owned(),
            change: self.is_change,
        }
        .into()
    }

    /// The JSON object of an answer; `None` if the body is empty. A body must be PingOne's own: behind the success
    /// status of some gateway, nothing was changed.
    pub(crate) fn object(
        &self,
        reply: &Reply,
        reservation: &mut Reservation,
    ) -> Result<Option<Value>, Error> {
        if reply.body.trim_ascii().is_empty() {
            return Ok(None);
        }
        check_content_type(reply).map_err(|reason| self.unusable(reason))?;
        match reservation.read(&reply.body) {
            Ok(object @ Value::Object(_)) => Ok(Some(object)),
            Ok(_) => Err(self.unusable("it is not a JSON object")),
            Err(ReadError::Json(error)) => {
                Err(self.unusable(&format!("it is not valid JSON ({error})")))
            }
            Err(ReadError::TooLarge) => Err(self.unusable(OUT_OF_MEMORY)),
        }
    }

    /// Decodes the reply to this call. The answer stays in memory for a while.
    pub(crate) fn read(self, reply: Reply, budget: &Budget) -> Result<Answer, Error> {
        let mut reservation = budget.reserve();
        let body = self.object(&reply, &mut reservation)?;
        drop(reply);
        reservation
            .hand_over()
            .map_err(|Exhausted| self.unusable(OUT_OF_MEMORY))?;
        Ok(Answer { label: self, body })
    }
}

/// PingOne's answer to a call. Nothing in it is masked.
pub(crate) struct Answer {
    label: CallLabel,
    body: Option<Value>,
}

impl Answer {
    /// The object, if there is one.
    pub(crate) fn into_body(self) -> Option<Value> {
        self.body
    }

    /// Decodes the object, which must be present. `decode` returns what is wrong with it as its error.
    pub(crate) fn decode<T>(
        self,
        decode: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<T, Error> {
        let Self { label, body } = self;
        let body = body.ok_or_else(|| label.unusable("it is empty"))?;
        decode(body).map_err(|reason| label.unusable(&reason))
    }

    /// Like [`Answer::decode`], but the answer may be empty.
    pub(crate) fn decode_if_any<T>(
        self,
        decode: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<Option<T>, Error> {
        if self.body.is_none() {
            return Ok(None);
        }
        self.decode(decode).map(Some)
    }
}

/// Checks that an answer is declared as JSON. A missing content type is accepted.
pub(crate) fn check_content_type(reply: &Reply) -> Result<(), &'static str> {
    let Some(content_type) = &reply.content_type else {
        return Ok(());
    };
    // PingOne answers with application/hal+json whatever the `Accept` header says.
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if essence == JSON || essence.ends_with("+json") {
        Ok(())
    } else {
        Err("it is not JSON by its content type; a proxy or gateway may have answered")
    }
}
