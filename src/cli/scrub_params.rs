//! The instance parameters that a recording must not contain: what is in them, and what takes their place.

use reqwest::Url;
use serde_json::{Map, Value};

use pingone::secrets::MASKED;

/// The text that a value counts as; `None` if it counts as not given.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|text| !text.is_empty())
}

/// The BEGIN and END lines of a key in PEM.
pub(super) fn without_body(pem: &str) -> String {
    let label = pem
        .split_once("-----BEGIN ")
        .and_then(|(_, rest)| rest.split_once("-----"));
    match label {
        Some((label, _)) => {
            format!("-----BEGIN {label}-----\n{MASKED}\n-----END {label}-----\n")
        }
        None => MASKED.to_owned(),
    }
}

/// The credentials parameter, in any of the forms that credential stores produce.
pub(super) struct Credentials {
    pub(super) identifier: Option<String>,
    pub(super) password: Option<String>,
    pub(super) others: Vec<String>,
}

impl Credentials {
    pub(super) fn of(params: &Map<String, Value>) -> Self {
        let given = params.get("credentials");
        let stored = given.and_then(|given| given.get("credentials"));
        let part = |place: Option<&Value>, name: &str| {
            let text = place.and_then(|place| place.get(name)).and_then(scalar)?;
            Some(text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        let others = [stored, given]
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .flatten()
            .filter(|(name, _)| !matches!(name.as_str(), "identifier" | "user" | "credential"))
            .filter_map(|(_, value)| scalar(value))
            .collect();
        Self {
            identifier: part(given, "identifier").or_else(|| part(stored, "user")),
            password: part(given, "password").or_else(|| part(stored, "password")),
            others,
        }
    }
}

pub(super) fn address(params: &Map<String, Value>, name: &str) -> Option<Url> {
    Url::parse(params.get(name)?.as_str()?.trim()).ok()
}

/// An invalid address becomes one that is invalid for the same reason.
pub(super) fn address_without_password(value: &Value, scrub: impl Fn(&str) -> String) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    if text.trim().is_empty() {
        return value.clone();
    }
    let Ok(mut url) = Url::parse(text.trim()) else {
        return Value::from("no address");
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    if !has_user && url.query().is_none() && url.fragment().is_none() {
        return Value::from(scrub(text));
    }
    if has_user {
        // Cannot fail: the address already had a user.
        let _ = url.set_username("recorded-user");
        let _ = url.set_password(None);
    }
    url.set_query(url.query().map(|_| "recorded"));
    url.set_fragment(
        url.fragment()
            .map(|_| "recorded")
            .map(str::to_owned)
            .as_deref(),
    );
    Value::from(scrub(url.as_str()))
}
