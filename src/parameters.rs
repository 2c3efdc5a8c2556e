//! The instance parameters of a request, as XSOAR sends them: strings, numbers, booleans, and how errors name them.

use anyhow::{Result, anyhow};
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

    /// A parameter with predefined values, or its default.
    pub(crate) fn choice(self, name: &str) -> Result<String> {
        let default = manifest::parameter(name).and_then(|parameter| parameter.default);
        self.text(name)
            .or(default.map(str::to_owned))
            .ok_or_else(|| missing(&Self::label(name)))
    }
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
