//! Request body validation: required members, their types, and references to groups and
//! populations.

use serde_json::{Map, Value};

use crate::model::store::Store;
use crate::protocol::error::{ApiError, Detail};

/// A required, non-empty string.
pub(crate) fn required_string(body: &Map<String, Value>, name: &str) -> Result<String, ApiError> {
    match body.get(name) {
        Some(Value::String(text)) if text.is_empty() => {
            Err(ApiError::invalid("EMPTY_VALUE", name, "must not be empty"))
        }
        Some(Value::String(text)) => Ok(text.clone()),
        None | Some(Value::Null) => Err(ApiError::invalid(
            "REQUIRED_VALUE",
            name,
            "must not be empty",
        )),
        Some(_) => Err(ApiError::invalid("INVALID_VALUE", name, "must be a string")),
    }
}

/// An optional string.
pub(crate) fn optional_string(body: &Map<String, Value>, name: &str) -> Option<String> {
    body.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The ids in a list of references such as `"scopes": [{"id": …}]`; empty if absent.
pub(crate) fn referenced_ids(body: &Map<String, Value>, name: &str) -> Vec<String> {
    let references = body.get(name).and_then(Value::as_array);
    references
        .into_iter()
        .flatten()
        .filter_map(|reference| reference.get("id").and_then(Value::as_str))
        .map(str::to_owned)
        .collect()
}

/// An optional boolean; false if absent.
pub(crate) fn optional_bool(body: &Map<String, Value>, name: &str) -> Result<bool, ApiError> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(ApiError::invalid(
            "INVALID_VALUE",
            name,
            "must be true or false",
        )),
    }
}

/// A required boolean.
pub(crate) fn required_bool(body: &Map<String, Value>, name: &str) -> Result<bool, ApiError> {
    match body.get(name) {
        Some(Value::Bool(value)) => Ok(*value),
        None | Some(Value::Null) => Err(ApiError::invalid(
            "REQUIRED_VALUE",
            name,
            "must not be empty",
        )),
        Some(_) => Err(ApiError::invalid_data(vec![Detail::new(
            "INVALID_VALUE",
            name,
            "must be true or false",
        )])),
    }
}

/// The id in a reference such as `"user": {"id": …}`, if there is one.
pub(crate) fn referenced_id<'a>(
    body: &'a Map<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, ApiError> {
    let id = match body.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(reference) => reference.get("id").and_then(Value::as_str),
    };
    id.map(Some).ok_or_else(|| {
        ApiError::invalid("REQUIRED_VALUE", &format!("{name}.id"), "must not be empty")
    })
}

/// The population the body refers to. If absent, the default population, as in the schema of Ping's
/// Go SDK; the documentation calls it required (UNCONFIRMED).
pub(crate) fn referenced_population(
    store: &Store,
    body: &Map<String, Value>,
) -> Result<String, ApiError> {
    match body.get("population") {
        None | Some(Value::Null) => Ok(store.default_population()),
        Some(population) => population
            .get("id")
            .and_then(Value::as_str)
            .and_then(|id| store.find_population(id).ok())
            .map(|population| population.id.clone())
            .ok_or_else(|| {
                // The error code for a dangling reference is UNCONFIRMED.
                ApiError::invalid(
                    "INVALID_VALUE",
                    "population.id",
                    "must be an existing population",
                )
            }),
    }
}

/// The group the body refers to by `id`. The error code for a dangling reference is UNCONFIRMED.
pub(crate) fn referenced_group(
    store: &Store,
    body: &Map<String, Value>,
) -> Result<String, ApiError> {
    match body.get("id").and_then(Value::as_str) {
        None => Err(ApiError::invalid(
            "REQUIRED_VALUE",
            "id",
            "must not be empty",
        )),
        Some(id) => store
            .find_group(id)
            .map(|group| group.id.clone())
            .map_err(|_| ApiError::invalid("INVALID_VALUE", "id", "must be an existing group")),
    }
}
