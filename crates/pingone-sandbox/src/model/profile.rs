//! The user attributes that clients can write, and how request bodies change them.
//!
//! Works on plain JSON objects. Lengths are from the schema of Ping's Go SDK.

use serde_json::{Map, Value};

use crate::protocol::error::{ApiError, Detail};

/// String attributes, with their maximum lengths in characters.
const TEXTS: &[(&str, usize)] = &[
    ("username", 128),
    ("email", 256),
    ("accountId", 1024),
    ("externalId", 1024),
    ("locale", 256),
    ("mobilePhone", 32),
    ("nickname", 256),
    ("preferredLanguage", 256),
    ("primaryPhone", 32),
    ("timezone", 256),
    ("title", 256),
    ("type", 256),
];

/// Attributes that are objects of strings.
const OBJECTS: &[(&str, &[&str])] = &[
    (
        "name",
        &[
            "given",
            "family",
            "middle",
            "formatted",
            "honorificPrefix",
            "honorificSuffix",
        ],
    ),
    (
        "address",
        &[
            "streetAddress",
            "locality",
            "region",
            "postalCode",
            "countryCode",
        ],
    ),
    ("photo", &["href"]),
];

/// The profile of a new or replaced user. Unknown and read-only attributes are silently ignored, as
/// `platform/users/users-1` says.
pub(crate) fn from_body(
    body: &Map<String, Value>,
    custom: &[String],
) -> Result<Map<String, Value>, ApiError> {
    let mut profile = Map::new();
    merge(&mut profile, body, custom)?;
    Ok(profile)
}

/// Applies a plain PATCH to `profile`: absent members stay, null clears, anything else replaces.
///
/// `name` and `address` are merged member by member (UNCONFIRMED: the documentation on clearing a
/// single name suggests it, but does not rule out replacement).
pub(crate) fn merge(
    profile: &mut Map<String, Value>,
    body: &Map<String, Value>,
    custom: &[String],
) -> Result<(), ApiError> {
    for (name, value) in body {
        let parts = OBJECTS.iter().find(|(object, _)| object == name);
        match (value, parts) {
            (Value::Null, _) if is_known(name, custom) => {
                profile.shift_remove(name);
            }
            (Value::Object(members), Some((_, known))) => {
                let entry = profile.entry(name).or_insert_with(|| Map::new().into());
                if let Value::Object(target) = entry {
                    for (member, value) in members {
                        if value.is_null() {
                            target.shift_remove(member);
                        } else if known.contains(&member.as_str()) {
                            target.insert(member.clone(), value.clone());
                        }
                    }
                }
            }
            _ if is_known(name, custom) => {
                profile.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    // Empty objects are not rendered.
    profile.retain(|_, value| !value.as_object().is_some_and(Map::is_empty));
    check(profile)
}

/// Applies RFC 7644 patch operations (section 3.5.2) to `profile`. Sub-attribute paths such as
/// `name.middle` follow the RFC; no capture shows them (UNCONFIRMED).
pub(crate) fn apply_operations(
    profile: &mut Map<String, Value>,
    body: &Map<String, Value>,
    custom: &[String],
) -> Result<(), ApiError> {
    let Some(Value::Array(operations)) = body.get("Operations") else {
        return Err(ApiError::invalid(
            "REQUIRED_VALUE",
            "Operations",
            "must not be empty",
        ));
    };
    for operation in operations {
        let text = |name: &str| operation.get(name).and_then(Value::as_str);
        let path = text("path").ok_or_else(|| {
            ApiError::invalid("REQUIRED_VALUE", "Operations.path", "must not be empty")
        })?;
        let value = match text("op").map(str::to_ascii_lowercase).as_deref() {
            Some("add" | "replace") => operation.get("value").cloned().unwrap_or(Value::Null),
            Some("remove") => Value::Null,
            _ => {
                return Err(ApiError::invalid(
                    "INVALID_VALUE",
                    "Operations.op",
                    "must be add, replace or remove",
                ));
            }
        };
        let mut change = Map::new();
        match path.split_once('.') {
            Some((object, member)) => {
                let mut inner = Map::new();
                inner.insert(member.to_owned(), value);
                change.insert(object.to_owned(), inner.into());
            }
            None => {
                change.insert(path.to_owned(), value);
            }
        }
        merge(profile, &change, custom)?;
    }
    Ok(())
}

fn is_known(name: &str, custom: &[String]) -> bool {
    TEXTS.iter().any(|(known, _)| *known == name)
        || OBJECTS.iter().any(|(known, _)| *known == name)
        || custom.iter().any(|known| known == name)
}

fn check(profile: &Map<String, Value>) -> Result<(), ApiError> {
    let mut details = Vec::new();
    if !profile.contains_key("username") {
        details.push(Detail::new(
            "REQUIRED_VALUE",
            "username",
            "must not be empty",
        ));
    }
    for (name, longest) in TEXTS {
        if let Some(value) = profile.get(*name) {
            check_text(name, value, *longest, &mut details);
        }
    }
    for (object, members) in OBJECTS {
        match profile.get(*object) {
            None => {}
            Some(Value::Object(values)) => {
                for member in *members {
                    if let Some(value) = values.get(*member) {
                        let longest = match *member {
                            "postalCode" => 40,
                            "href" => 2048,
                            _ => 256,
                        };
                        check_text(&format!("{object}.{member}"), value, longest, &mut details);
                    }
                }
            }
            Some(_) => details.push(Detail::new("INVALID_VALUE", object, "must be an object")),
        }
    }
    if details.is_empty() {
        Ok(())
    } else {
        Err(ApiError::invalid_data(details))
    }
}

fn check_text(target: &str, value: &Value, longest: usize, details: &mut Vec<Detail>) {
    let Value::String(text) = value else {
        details.push(Detail::new("INVALID_VALUE", target, "must be a string"));
        return;
    };
    let length = text.chars().count();
    if length == 0 {
        details.push(Detail::new("EMPTY_VALUE", target, "must not be empty"));
    } else if length > longest {
        let detail = Detail::new("SIZE_LIMIT_EXCEEDED", target, "is too long")
            .with("rangeMinimumValue", 1)
            .with("rangeMaximumValue", longest);
        details.push(detail);
    } else if target == "address.countryCode" {
        if length != 2 || !text.chars().all(|c| c.is_ascii_uppercase()) {
            let detail = Detail::new("INVALID_VALUE", target, "must be a two letter code")
                .with("allowedPattern", "^[A-Z]{2}$");
            details.push(detail);
        }
    } else if target.ends_with("Phone") && !text.chars().any(|c| c.is_ascii_digit()) {
        details.push(Detail::new(
            "INVALID_VALUE",
            target,
            "must have at least one digit",
        ));
    } else if target == "email" && !text.contains('@') {
        details.push(Detail::new(
            "INVALID_VALUE",
            target,
            "must be an email address",
        ));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            other => panic!("{other} is not an object"),
        }
    }

    fn merged(profile: Value, body: Value) -> Result<Value, ApiError> {
        let mut profile = object(profile);
        merge(&mut profile, &object(body), &["shoeSize".to_owned()])?;
        Ok(profile.into())
    }

    #[test]
    fn merge_keeps_absent_clears_null_and_ignores_unknown() {
        let result = merged(
            json!({ "username": "u", "title": "T", "nickname": "N", "name": { "given": "G", "middle": "M" } }),
            json!({ "title": null, "name": { "middle": null, "family": "F" }, "enabled": false, "id": "x", "shoeSize": "41" }),
        );
        assert_eq!(
            result.expect("valid"),
            json!({ "username": "u", "nickname": "N", "name": { "given": "G", "family": "F" }, "shoeSize": "41" }),
        );
    }

    #[test]
    fn every_invalid_attribute_gets_a_detail() {
        let error = merged(
            json!({ "username": "u" }),
            json!({
                "username": null,
                "nickname": "n".repeat(257),
                "address": { "countryCode": "Ireland" },
                "mobilePhone": "none",
                "title": 7,
                "name": "Emma",
            }),
        )
        .expect_err("invalid");
        let body = error.into_parts("id").1;
        let targets: Vec<&str> = body["details"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|detail| detail["target"].as_str())
            .collect();
        assert_eq!(
            targets,
            [
                "username",
                "mobilePhone",
                "nickname",
                "title",
                "name",
                "address.countryCode"
            ],
        );
    }

    #[test]
    fn operations_change_single_members() {
        let mut profile =
            object(json!({ "username": "u", "nickname": "N", "name": { "middle": "M" } }));
        let body = object(json!({ "Operations": [
            { "op": "Replace", "path": "name.given", "value": "G" },
            { "op": "remove", "path": "name.middle" },
            { "op": "remove", "path": "nickname" },
        ]}));
        apply_operations(&mut profile, &body, &[]).expect("valid");
        assert_eq!(
            Value::from(profile),
            json!({ "username": "u", "name": { "given": "G" } })
        );
    }
}
