//! Arbitrary calls with PingOne's raw answers: for self-tests of how PingOne behaves, including refusals. Commands
//! must not use this: their calls stand in the file of their noun.

use reqwest::Method;
use serde_json::Value;

use super::{
    call::{Effect, Path, Read, Write},
    client::Client,
    error::Error,
    retry::Repeat,
};

/// A call to make.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The method.
    pub method: Method,
    /// The path below the environment, one segment per element.
    pub path: &'a [&'a str],
    /// The query, unencoded.
    pub query: &'a [(&'a str, &'a str)],
    /// The media type, by which PingOne selects one of the operations of an address.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Option<Value>,
}

/// What PingOne answered, with every secret masked.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Correlation-Id`.
    pub correlation_id: Option<String>,
    /// The body, if it is JSON.
    pub body: Option<Value>,
}

impl Client<'_> {
    /// Makes a call and returns PingOne's answer as it is. An error means that there was none.
    pub async fn probe(&self, question: Question<'_>) -> Result<Answer, Error> {
        let Question {
            method,
            path,
            query,
            content_type,
            body,
        } = question;
        let path = Path::of(path).query(query);
        let reply = if method == Method::GET {
            self.reader().any_reply(Read::at(path)).await?
        } else {
            // A create or a password check must not be sent twice.
            let repeat = if method == Method::POST {
                Repeat::OnlyIfUnsent
            } else {
                Repeat::Safe
            };
            let write = Write::bare(method, path, Effect::Probe).with_repeat(repeat);
            let write = match (content_type, body) {
                (Some(content_type), Some(body)) => write.with_body(content_type, body),
                (Some(content_type), None) => write.with_content_type(content_type),
                (None, _) => write,
            };
            self.write_for_any_reply(write).await?
        };
        let mask = self.mask();
        let mut reservation = self.budget().reserve();
        let body = reservation.read(&reply.body).ok();
        let body = body.filter(|_| reservation.hand_over().is_ok());
        Ok(Answer {
            status: reply.status,
            correlation_id: reply.correlation_id.as_deref().map(|id| mask.text(id)),
            body: body.map(|body| mask.value(body)),
        })
    }
}

impl Answer {
    /// Whether the status is a success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The value at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.body.as_ref()?.pointer(pointer)
    }

    /// The text at a JSON pointer.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    /// The items of a collection's page.
    pub fn items(&self, collection: &str) -> &[Value] {
        self.at(&format!("/_embedded/{collection}"))
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// PingOne's codes in a refusal: the top-level one, then those of the details.
    pub fn codes(&self) -> Vec<&str> {
        let details = self
            .at("/details")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|detail| detail.get("code")?.as_str());
        self.text("/code").into_iter().chain(details).collect()
    }

    /// Whether the refusal has this code.
    pub fn has_code(&self, code: &str) -> bool {
        self.codes().contains(&code)
    }
}
