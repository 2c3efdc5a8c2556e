//! A user as a context entry and as a table row.

use serde_json::{Value, json};

use crate::document::{Row, at, row as row_of};
use pingone::{id::UserId, users::User};

/// The account as a context entry.
pub fn account(user: &User) -> Value {
    let raw = &user.raw;
    json!({
        "ID": user.id.to_string(),
        "Username": at(raw, "/username"),
        "DisplayName": at(raw, "/name/formatted"),
        "Email": at(raw, "/email"),
        "Enabled": at(raw, "/enabled"),
        "CreatedAt": at(raw, "/createdAt"),
        "UpdatedAt": at(raw, "/updatedAt"),
    })
}

/// The user as a table row: the eleven documented columns.
pub fn row(id: UserId, raw: &Value) -> Row {
    row_of([
        ("ID", json!(id.to_string())),
        ("Username", at(raw, "/username")),
        ("Email", at(raw, "/email")),
        ("First Name", at(raw, "/name/given")),
        ("Last Name", at(raw, "/name/family")),
        ("Enabled", at(raw, "/enabled")),
        ("Environment", at(raw, "/environment/id")),
        ("PopulationID", at(raw, "/population/id")),
        ("AccountStatus", at(raw, "/account/status")),
        ("CreatedAt", at(raw, "/createdAt")),
        ("UpdatedAt", at(raw, "/updatedAt")),
    ])
}

/// The user as a context entry of a list.
pub fn listed(id: UserId, raw: &Value) -> Row {
    row_of([
        ("ID", json!(id.to_string())),
        ("Username", at(raw, "/username")),
        ("DisplayName", at(raw, "/name/formatted")),
        ("Email", at(raw, "/email")),
        ("Enabled", at(raw, "/enabled")),
        ("AccountStatus", at(raw, "/account/status")),
        ("PopulationID", at(raw, "/population/id")),
        ("CreatedAt", at(raw, "/createdAt")),
        ("UpdatedAt", at(raw, "/updatedAt")),
    ])
}
