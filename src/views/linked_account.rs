//! An account at an external identity provider that is linked to a user.

use serde_json::Value;

use crate::document::{Row, at, cell, row};

/// The columns of a list of linked accounts.
pub const COLUMNS: [&str; 3] = ["External ID", "Identity provider ID", "ID"];

/// A linked account as a table row.
pub fn cells(account: &Value) -> [String; 3] {
    ["/externalId", "/identityProvider/id", "/id"].map(|member| cell(&at(account, member)))
}

/// A linked account as a context entry.
pub fn describe(account: &Value, user: &Value) -> Row {
    row([
        ("ID", at(account, "/id")),
        ("UserID", user.clone()),
        ("IdentityProviderID", at(account, "/identityProvider/id")),
        ("ExternalID", at(account, "/externalId")),
    ])
}
