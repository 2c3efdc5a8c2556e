//! Scenarios: the built-in company in the middle of an attack, within a day of ordinary traffic.
//!
//! A scenario is a JSON file of changes to the built-in seed, and so is the ordinary day. What PingOne
//! records for a push that is denied is UNCONFIRMED: `mfa-fatigue` has denied access.

use anyhow::Context as _;
use serde_json::Value;

use crate::model::seed::{BUILT_IN, Seed};

/// The scenarios: name and changes.
const SCENARIOS: &[(&str, &str)] = &[
    (
        "password-spray",
        include_str!("scenarios/password-spray.json"),
    ),
    ("mfa-fatigue", include_str!("scenarios/mfa-fatigue.json")),
    ("rogue-admin", include_str!("scenarios/rogue-admin.json")),
    (
        "stolen-worker",
        include_str!("scenarios/stolen-worker.json"),
    ),
];

/// What happens on any day.
const ORDINARY_DAY: &str = include_str!("scenarios/ordinary-day.json");

impl Seed {
    /// The built-in company in the middle of an attack.
    ///
    /// # Errors
    ///
    /// Fails if there is no scenario of this name, and names those that exist.
    pub fn scenario(name: &str) -> anyhow::Result<Self> {
        let mut scenarios = SCENARIOS.iter();
        let (_, changes) = scenarios
            .find(|(known, _)| *known == name)
            .with_context(|| {
                let names: Vec<&str> = Self::scenarios().collect();
                format!("no scenario '{name}'. Use {}.", names.join(", "))
            })?;
        let mut seed: Value = serde_json::from_str(BUILT_IN)?;
        for changes in [ORDINARY_DAY, changes] {
            merge(&mut seed, serde_json::from_str(changes)?);
        }
        serde_json::from_value(seed).with_context(|| format!("scenario '{name}'"))
    }

    /// The names of all scenarios.
    pub fn scenarios() -> impl Iterator<Item = &'static str> {
        SCENARIOS.iter().map(|(name, _)| *name)
    }
}

/// Applies changes: objects are merged, and so are list items with the same `id`; other items are
/// appended; everything else is replaced.
fn merge(value: &mut Value, change: Value) {
    match (value, change) {
        (Value::Object(members), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(members.entry(name).or_insert(Value::Null), change);
            }
        }
        (Value::Array(items), Value::Array(changes)) => {
            for change in changes {
                let id = change.get("id");
                let same = items
                    .iter_mut()
                    .find(|item| id.is_some() && item.get("id") == id);
                match same {
                    Some(item) => merge(item, change),
                    None => items.push(change),
                }
            }
        }
        (value, change) => *value = change,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::store::Store;

    #[test]
    fn every_scenario_builds() {
        for name in Seed::scenarios() {
            let seed = Seed::scenario(name).expect("valid");
            Store::build(seed, "http://127.0.0.1:1".to_owned()).expect(name);
        }
        let error = Seed::scenario("nothing").expect_err("unknown");
        assert!(error.to_string().contains("stolen-worker"), "{error}");
    }

    #[test]
    fn changes_merge_by_id() {
        let mut value = json!({ "a": 1, "list": [{ "id": "x", "b": 1, "c": 1 }] });
        merge(
            &mut value,
            json!({ "a": 2, "list": [{ "id": "x", "b": 2 }, { "id": "y" }, { "z": 1 }, { "z": 1 }] }),
        );
        assert_eq!(
            value,
            json!({ "a": 2, "list": [{ "id": "x", "b": 2, "c": 1 }, { "id": "y" }, { "z": 1 }, { "z": 1 }] })
        );
    }
}
