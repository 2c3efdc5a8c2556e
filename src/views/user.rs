//! A user as a context entry and as a table row.

use serde_json::{Value, json};

use super::cells::{choose, joined, minutes};
use crate::document::{Row, at, cell, row as row_of};
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

/// The user as a row of `pingone-get-user`: the eleven documented columns.
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

/// The columns of a list of users.
pub const COLUMNS: [&str; 8] = [
    "Username",
    "Name",
    "State",
    "Email",
    "Population",
    "Last sign-on",
    "Created",
    "ID",
];

/// The user as a row of a list.
pub fn cells(id: UserId, raw: &Value) -> [String; 8] {
    [
        cell(&at(raw, "/username")),
        full_name(raw),
        state(raw),
        cell(&at(raw, "/email")),
        population(raw),
        minutes(&at(raw, "/lastSignOn/at")),
        minutes(&at(raw, "/createdAt")),
        id.to_string(),
    ]
}

fn full_name(raw: &Value) -> String {
    let name = |part: &str| cell(&at(raw, &format!("/name/{part}")));
    let formatted = name("formatted");
    if formatted.is_empty() {
        joined([name("given"), name("family")], " ")
    } else {
        formatted
    }
}

/// Whether the user can sign on, in PingOne's words: `enabled`, `disabled`, `enabled, LOCKED`.
pub fn state(raw: &Value) -> String {
    let enabled = choose(&at(raw, "/enabled"), "enabled", "disabled");
    let status = cell(&at(raw, "/account/status"));
    let status = if status == "OK" { "" } else { &status };
    joined([enabled.as_str(), status], ", ")
}

/// The population's name, or its id if PingOne gave only that.
fn population(raw: &Value) -> String {
    // UNCONFIRMED: where `expand=population` puts the name.
    let places = [
        "/_embedded/population/name",
        "/population/name",
        "/population/id",
    ];
    let texts = places.map(|place| cell(&at(raw, place)));
    let found = texts.into_iter().find(|text| !text.is_empty());
    found.unwrap_or_default()
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
