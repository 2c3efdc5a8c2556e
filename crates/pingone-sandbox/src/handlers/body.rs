//! What bodies must have: members of a kind, and groups and populations that exist.

use serde_json::{Map, Value};

use crate::model::state::World;
use crate::protocol::error::{Detail, Problem};

/// A text that must be there and not be empty.
pub(crate) fn required_text(body: &Map<String, Value>, name: &str) -> Result<String, Problem> {
    match body.get(name) {
        Some(Value::String(text)) if text.is_empty() => {
            Err(Problem::invalid("EMPTY_VALUE", name, "must not be empty"))
        }
        Some(Value::String(text)) => Ok(text.clone()),
        None | Some(Value::Null) => Err(Problem::invalid(
            "REQUIRED_VALUE",
            name,
            "must not be empty",
        )),
        Some(_) => Err(Problem::invalid("INVALID_VALUE", name, "must be a string")),
    }
}

/// A truth value; false where it is left out.
pub(crate) fn flag(body: &Map<String, Value>, name: &str) -> Result<bool, Problem> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(Problem::invalid(
            "INVALID_VALUE",
            name,
            "must be true or false",
        )),
    }
}

/// A body's member that must be a truth value.
pub(crate) fn required_bool(body: &Map<String, Value>, name: &str) -> Result<bool, Problem> {
    match body.get(name) {
        Some(Value::Bool(value)) => Ok(*value),
        None | Some(Value::Null) => Err(Problem::invalid(
            "REQUIRED_VALUE",
            name,
            "must not be empty",
        )),
        Some(_) => Err(Problem::invalid_data(vec![Detail::new(
            "INVALID_VALUE",
            name,
            "must be true or false",
        )])),
    }
}

/// The population a body asks for. Left out, it is the default one, as the schema of Ping's Go SDK
/// says; the documentation calls it required (UNCONFIRMED).
pub(crate) fn population_of(world: &World, body: &Map<String, Value>) -> Result<String, Problem> {
    match body.get("population") {
        None | Some(Value::Null) => Ok(world.default_population()),
        Some(population) => population
            .get("id")
            .and_then(Value::as_str)
            .and_then(|id| world.find_population(id).ok())
            .map(|population| population.id.clone())
            .ok_or_else(|| {
                // The code for a reference that leads nowhere is UNCONFIRMED.
                Problem::invalid(
                    "INVALID_VALUE",
                    "population.id",
                    "must be an existing population",
                )
            }),
    }
}

/// The existing group that a body names by `id`. The code for one that does not exist is
/// UNCONFIRMED.
pub(crate) fn group_of(world: &World, body: &Map<String, Value>) -> Result<String, Problem> {
    match body.get("id").and_then(Value::as_str) {
        None => Err(Problem::invalid(
            "REQUIRED_VALUE",
            "id",
            "must not be empty",
        )),
        Some(id) => world
            .find_group(id)
            .map(|group| group.id.clone())
            .map_err(|_| Problem::invalid("INVALID_VALUE", "id", "must be an existing group")),
    }
}
