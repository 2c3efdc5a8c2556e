//! An incident's context as XSOAR keeps it: what playbooks read after a command. An entry's context is applied key by
//! key; a key can say which existing values it updates. Pure.
//!
//! XSOAR documents that a key `Path(val.ID && val.ID == obj.ID)` merges into the value with the same ID, or adds a new
//! value if there is none. <https://xsoar.pan.dev/docs/integrations/context-and-outputs>, "Linking Context".
//! UNCONFIRMED: whether a list with one item stays a list. Here a value keeps its form until a second one is added;
//! from then on it is a list.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde_json::{Map, Value};

use crate::entry::Entry;

/// The context of an incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IncidentContext {
    members: Map<String, Value>,
}

impl IncidentContext {
    /// Applies an entry's context. Error entries have none.
    pub fn apply(&mut self, entry: &Entry) -> Result<()> {
        let Entry::Note(note) = entry else {
            return Ok(());
        };
        for (key, value) in note.entry_context.iter().flatten() {
            self.set(key, value.clone())
                .with_context(|| format!("cannot apply the context key {key:?}"))?;
        }
        Ok(())
    }

    /// The whole context.
    pub fn to_value(&self) -> Value {
        Value::Object(self.members.clone())
    }

    /// The value at a path such as `PingOne.Account.ID` or `PingOne.Account[0].ID`; `None` if there is none. A name after a
    /// list applies to each of its items. XSOAR's filters (`Account(val.ID == 1)`) are an error.
    pub fn get(&self, path: &str) -> Result<Option<Value>> {
        let mut value = self.to_value();
        let steps = path.replace('[', ".[");
        for step in steps.split('.').filter(|step| !step.is_empty()) {
            let index = step
                .strip_prefix('[')
                .and_then(|step| step.strip_suffix(']'));
            let is_plain = |step: &str| step.chars().all(|one| one.is_alphanumeric() || one == '_');
            let found = match index {
                Some(index) if let Ok(index) = index.parse::<usize>() => match value {
                    Value::Array(mut items) if index < items.len() => {
                        Some(items.swap_remove(index))
                    }
                    // A single result is a list of one.
                    one if index == 0 && !one.is_array() => Some(one),
                    _ => None,
                },
                None if is_plain(step) => member(value, step),
                _ => bail!(
                    "Only paths such as PingOne.Account.ID or PingOne.Account[0].ID are supported, not '{path}'."
                ),
            };
            match found {
                Some(found) if !found.is_null() => value = found,
                _ => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    /// The paths that have values, two levels deep.
    pub fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for (name, value) in &self.members {
            match value {
                Value::Object(members) => {
                    paths.extend(members.keys().map(|member| [name, ".", member].concat()));
                }
                _ => paths.push(name.clone()),
            }
        }
        paths
    }

    fn set(&mut self, key: &str, value: Value) -> Result<()> {
        let Key { path, condition } = Key::parse(key)?;
        // An empty list adds nothing.
        if condition.is_some() && value.as_array().is_some_and(Vec::is_empty) {
            return Ok(());
        }
        let slot = self.slot(&path)?;
        match condition {
            None => merge(slot, value),
            Some(condition) => merge_matching(slot, value, &condition),
        }
        Ok(())
    }

    /// The value at `path`. Creates missing objects on the way, and null at the end.
    fn slot(&mut self, path: &[&str]) -> Result<&mut Value> {
        let (last, way) = path
            .split_last()
            .ok_or_else(|| anyhow!("the path is empty"))?;
        let mut members = &mut self.members;
        for name in way {
            let value = members
                .entry(*name)
                .or_insert_with(|| Value::Object(Map::new()));
            if value.is_null() {
                *value = Value::Object(Map::new());
            }
            members = value
                .as_object_mut()
                .ok_or_else(|| anyhow!("{name} is not an object"))?;
        }
        Ok(members.entry(*last).or_insert(Value::Null))
    }
}

/// The member of an object, or those of a list's items, in one list.
fn member(value: Value, name: &str) -> Option<Value> {
    match value {
        Value::Object(mut members) => members.swap_remove(name),
        Value::Array(items) => {
            let mut found = Vec::new();
            for item in items.into_iter().filter_map(|item| member(item, name)) {
                match item {
                    Value::Array(more) => found.extend(more),
                    one => found.push(one),
                }
            }
            (!found.is_empty()).then(|| Value::from(found))
        }
        _ => None,
    }
}

/// A parsed key of an entry's context.
struct Key<'a> {
    path: Vec<&'a str>,
    condition: Option<Condition<'a>>,
}

/// What must hold between an existing value (`val`) and a new one (`obj`).
struct Condition<'a> {
    /// Members that must be present: `val.A`.
    present: Vec<&'a str>,
    /// Members that must be equal, and whether their types must match too: `val.A === obj.B`.
    equal: Vec<(&'a str, &'a str, bool)>,
}

impl<'a> Key<'a> {
    fn parse(key: &'a str) -> Result<Self> {
        let (path, condition) = match key.split_once('(') {
            None => (key, None),
            // Matches any existing value; new members replace existing ones.
            Some((path, "true)")) => (path, None),
            Some((path, rest)) => {
                let condition = rest
                    .trim_end()
                    .strip_suffix(')')
                    .ok_or_else(|| anyhow!("the closing bracket is missing"))?;
                (path, Some(Condition::parse(condition)?))
            }
        };
        let path: Vec<&str> = path.trim().split('.').collect();
        ensure!(
            path.iter().all(|name| !name.is_empty()),
            "the path has an empty segment"
        );
        Ok(Self { path, condition })
    }
}

impl<'a> Condition<'a> {
    /// Parses `val.A && val.A === obj.A`, with two or three equals signs and any number of members. XSOAR's own library
    /// writes `true` to replace existing members (`replace_existing`).
    fn parse(text: &'a str) -> Result<Self> {
        let mut condition = Self {
            present: Vec::new(),
            equal: Vec::new(),
        };
        let member = |text: &'a str, of: &str| {
            let name = text.trim().strip_prefix(of)?.strip_prefix('.')?;
            let plain = name
                .chars()
                .all(|character| character.is_alphanumeric() || character == '_');
            (plain && !name.is_empty()).then_some(name)
        };
        if text.trim() == "true" {
            return Ok(condition);
        }
        for term in text.split("&&") {
            let strict = term.contains("===");
            let sides = term.split_once(if strict { "===" } else { "==" });
            let understood = match sides {
                None => member(term, "val").map(|name| condition.present.push(name)),
                Some((val, obj)) => member(val, "val")
                    .zip(member(obj, "obj"))
                    .map(|(val, obj)| condition.equal.push((val, obj, strict))),
            };
            if understood.is_none() {
                bail!("unknown condition {:?}", term.trim());
            }
        }
        Ok(condition)
    }

    fn holds(&self, existing: &Value, new: &Value) -> bool {
        self.present
            .iter()
            .all(|name| existing.get(*name).is_some_and(is_true))
            && self.equal.iter().all(|(existing_name, new_name, strict)| {
                match (existing.get(*existing_name), new.get(*new_name)) {
                    (Some(existing), Some(new)) => {
                        existing == new || (!strict && loosely_equal(existing, new))
                    }
                    _ => false,
                }
            })
    }
}

/// Whether JavaScript considers it true.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// `==`: a number equals its text.
fn loosely_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(number), Value::String(text))
        | (Value::String(text), Value::Number(number)) => {
            text.trim().parse::<f64>().ok() == number.as_f64()
        }
        _ => false,
    }
}

/// Merges `new` into each matching value at `slot`, or adds it. Lists are processed item by item.
fn merge_matching(slot: &mut Value, new: Value, condition: &Condition<'_>) {
    let items = match new {
        Value::Array(items) => {
            if slot.is_null() {
                *slot = Value::Array(Vec::new());
            }
            items
        }
        one => vec![one],
    };
    for item in items {
        let existing = match &mut *slot {
            Value::Array(existing) => existing.as_mut_slice(),
            one => std::slice::from_mut(one),
        };
        let mut merged = false;
        for value in existing
            .iter_mut()
            .filter(|value| condition.holds(value, &item))
        {
            merge(value, item.clone());
            merged = true;
        }
        if !merged {
            add(slot, item);
        }
    }
}

fn add(slot: &mut Value, item: Value) {
    match slot {
        Value::Null => *slot = item,
        Value::Array(existing) => existing.push(item),
        one => *one = Value::Array(vec![one.take(), item]),
    }
}

/// Merges objects member by member. Anything else, including lists and null, replaces the existing value.
fn merge(existing: &mut Value, new: Value) {
    match (existing, new) {
        (Value::Object(existing), Value::Object(new)) => {
            for (name, value) in new {
                merge(existing.entry(name).or_insert(Value::Null), value);
            }
        }
        (existing, new) => *existing = new,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entry::{ACCOUNT, Output};

    /// The context after these entry contexts.
    fn after(contexts: &[Value]) -> Result<Value> {
        let mut context = IncidentContext::default();
        for entry_context in contexts {
            let mut output = Output::note("x");
            output.context = entry_context.as_object().cloned();
            context.apply(&output.into())?;
        }
        Ok(context.to_value())
    }

    fn account(value: &Value) -> Value {
        json!({ ACCOUNT: value })
    }

    #[test]
    fn values_with_the_same_id_are_merged_and_null_is_kept() {
        let context = after(&[
            account(&json!([{"ID": "1", "Username": "emma", "Email": "e@example.com"}])),
            account(&json!({"ID": "1", "Email": null, "Password": {"Status": "OK"}})),
            account(&json!({"ID": "1", "Password": {"PolicyID": "p"}})),
        ])
        .expect("fine keys");
        assert_eq!(
            context,
            json!({"PingOne": {"Account": [
                {"ID": "1", "Username": "emma", "Email": null, "Password": {"Status": "OK", "PolicyID": "p"}}
            ]}})
        );
    }

    #[test]
    fn values_with_another_id_are_added() {
        let context = after(&[
            account(&json!({"ID": "1"})),
            account(&json!([{"ID": "2"}, {"ID": "1", "Type": "PingOne"}])),
            account(&json!({"ID": 1})),
            account(&json!({"Username": "has no ID"})),
            account(&json!([])),
            account(&json!({"ID": null})),
            account(&json!({"ID": null})),
        ])
        .expect("fine keys");
        assert_eq!(
            context,
            json!({"PingOne": {"Account": [
                {"ID": "1", "Type": "PingOne"}, {"ID": "2"}, {"ID": 1}, {"Username": "has no ID"}, {"ID": null}, {"ID": null}
            ]}})
        );
    }

    #[test]
    fn a_value_becomes_a_list_when_a_second_one_is_added() {
        assert_eq!(
            after(&[account(&json!({"ID": "1"}))]).expect("a fine key"),
            json!({"PingOne": {"Account": {"ID": "1"}}})
        );
        assert_eq!(
            after(&[account(&json!([{"ID": "1", "a": 1}, {"ID": "1", "b": 2}]))])
                .expect("a fine key"),
            json!({"PingOne": {"Account": [{"ID": "1", "a": 1, "b": 2}]}})
        );
    }

    #[test]
    fn nested_lists_are_replaced() {
        let context = after(&[
            account(&json!({"ID": "emma", "Group": [{"ID": "g1"}, {"ID": "g2"}]})),
            account(&json!({"ID": "emma", "Group": [{"ID": "g2"}]})),
        ])
        .expect("fine keys");
        assert_eq!(
            context,
            json!({"PingOne": {"Account": {"ID": "emma", "Group": [{"ID": "g2"}]}}})
        );
    }

    #[test]
    fn conditions_can_use_two_equals_signs_and_several_members() {
        let key = "A.B(val.x && val.x == obj.x && val.y && val.y == obj.y)";
        let context = after(&[
            json!({key: {"x": 1, "y": "a"}}),
            json!({key: {"x": "1", "y": "a", "z": true}}),
            json!({key: {"x": 1, "y": "b"}}),
        ])
        .expect("fine keys");
        assert_eq!(
            context,
            json!({"A": {"B": [{"x": "1", "y": "a", "z": true}, {"x": 1, "y": "b"}]}})
        );
    }

    #[test]
    fn the_condition_true_replaces_members_and_keeps_others() {
        let context = after(&[
            json!({"PingOne(true)": {"Next": "2.abc", "Failed": [{"Count": 1}, {"Count": 2}]}}),
            json!({"PingOne.User(val.ID && val.ID === obj.ID)": [{"ID": "1"}], "PingOne(true)": {"Next": null}}),
            json!({"PingOne(true)": {"Failed": [{"Count": 3}]}}),
        ])
        .expect("fine keys");
        assert_eq!(
            context,
            json!({"PingOne": {"Next": null, "Failed": [{"Count": 3}], "User": [{"ID": "1"}]}})
        );
    }

    #[test]
    fn a_key_without_a_condition_merges_at_its_path() {
        let context = after(&[
            json!({"A.B": {"x": 1, "l": [1]}, "C": 1}),
            json!({"A": {"B": {"y": null, "l": []}}, "C": "two"}),
            json!({}),
        ])
        .expect("fine keys");
        assert_eq!(
            context,
            json!({"A": {"B": {"x": 1, "l": [], "y": null}}, "C": "two"})
        );
    }

    #[test]
    fn unknown_conditions_are_errors() {
        for key in [
            "A(val.x",
            "A(x)",
            "A(val.x > obj.x)",
            "A(val.x == obj)",
            "A()",
            "A..B",
            "",
            "A(val.x || val.y)",
        ] {
            assert!(after(&[json!({key: {"x": 1}})]).is_err(), "{key}");
        }
        let blocked = after(&[json!({"A": 1}), json!({"A.B": 2})]);
        assert_eq!(
            format!("{:#}", blocked.expect_err("a number in the way")),
            "cannot apply the context key \"A.B\": A is not an object"
        );
    }

    #[test]
    fn an_error_entry_does_not_change_the_context() {
        let mut context = IncidentContext::default();
        context
            .apply(&Entry::error("no".to_owned()))
            .expect("nothing to do");
        assert_eq!(context.to_value(), json!({}));
    }
}
