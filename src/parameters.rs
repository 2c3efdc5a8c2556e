//! The instance parameters of a request, as XSOAR sends them: strings, numbers, booleans, and how errors name them.

use std::net::IpAddr;

use anyhow::{Result, anyhow, ensure};
use reqwest::Url;
use serde_json::{Map, Value};

use crate::manifest;

/// The request's `params`.
#[derive(Clone, Copy)]
pub(crate) struct Parameters<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Parameters<'a> {
    /// How errors name a parameter: its label in the settings, and its key.
    pub(crate) fn label(name: &str) -> String {
        let display = manifest::parameter(name).map_or(name, |parameter| parameter.display);
        format!("The instance parameter '{display}' ({name})")
    }

    /// A string, number or boolean as text; `None` if blank.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        text(self.value(name))
    }

    /// The value of a parameter, null if it is missing.
    pub(crate) fn value(self, name: &str) -> &'a Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// True only for true. For options that reduce security: an invalid value must not turn on `insecure`.
    pub(crate) fn flag(self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Value::Bool(true)))
            || self
                .text(name)
                .is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// A URL to send something secret to. It must use `https`, unless the server is on this machine.
    pub(crate) fn base_url(self, name: &str, kind: UrlKind) -> Result<Option<Url>> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        let label = Self::label(name);
        let UrlKind { example, secret } = kind;
        let url = Url::parse(&text)
            .map_err(|_| anyhow!("{label} is not a URL: enter one such as {example}."))?;
        ensure!(
            url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)),
            "{label} must start with https://, so that no one can read the {secret} in transit (http is allowed for this machine only)."
        );
        ensure!(
            url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none(),
            "{label} must contain only a host and a path: remove the user, password, '?' or '#'."
        );
        Ok(Some(url))
    }

    /// A parameter with predefined values, or its default.
    pub(crate) fn choice(self, name: &str) -> Result<String> {
        let default = manifest::parameter(name).and_then(|parameter| parameter.default);
        self.text(name)
            .or(default.map(str::to_owned))
            .ok_or_else(|| missing(&Self::label(name)))
    }
}

/// What a URL is for.
#[derive(Clone, Copy)]
pub(crate) struct UrlKind {
    /// One such as it should be.
    pub(crate) example: &'static str,
    /// The secret that is sent to it.
    pub(crate) secret: &'static str,
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A string, number or boolean as text; `None` if blank.
pub(crate) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The error for a missing parameter.
pub(crate) fn missing(label: &str) -> anyhow::Error {
    anyhow!("{label} is missing: enter it in the instance settings.")
}
