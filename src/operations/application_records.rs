//! What the containment of an application changed: the record that leads to its restoration.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::phrases::one_line;
use pingone::roles::Grant;

/// What a containment changed, or may have changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ApplicationRecord {
    /// The application was enabled and no longer is.
    pub disabled: bool,
    /// The administrator roles that were removed.
    pub removed_roles: Vec<RemovedRole>,
    /// The administrator roles that may have been removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_roles: Vec<RemovedRole>,
    /// The role assignments that were removed, or may have been, without it being known what they were: the command was
    /// interrupted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown_roles: Vec<String>,
    /// The secret was replaced.
    pub secret_rotated: bool,
    /// The steps that are recorded above as done although PingOne did not confirm them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unconfirmed_steps: Vec<String>,
}

impl ApplicationRecord {
    /// Whether there is anything to undo, or that cannot be undone.
    pub fn is_empty(&self) -> bool {
        let Self {
            disabled,
            removed_roles,
            unconfirmed_roles,
            unknown_roles,
            secret_rotated,
            unconfirmed_steps: _,
        } = self;
        !(*disabled || *secret_rotated)
            && removed_roles.is_empty()
            && unconfirmed_roles.is_empty()
            && unknown_roles.is_empty()
    }
}

/// A role that was removed: what it takes to assign it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemovedRole {
    /// Its name, if it is known.
    #[serde(default)]
    pub role: Option<String>,
    /// Its id.
    #[serde(rename = "RoleID")]
    pub role_id: String,
    /// The type of its scope, such as `ENVIRONMENT`.
    pub scope: String,
    /// Its scope.
    #[serde(rename = "ScopeID")]
    pub scope_id: String,
}

impl RemovedRole {
    /// The role that an assignment grants.
    pub fn of(grant: &Grant, name: Option<&str>) -> Self {
        Self {
            // The record is shown in backticks.
            role: name.map(|name| one_line(name).replace('`', "'")),
            role_id: grant.role.to_string(),
            scope: grant.scope_type.clone(),
            scope_id: grant.scope.to_string(),
        }
    }

    /// By its name, or else its id.
    pub fn label(&self) -> String {
        one_line(self.role.as_deref().unwrap_or(&self.role_id))
    }

    /// What it takes to assign it again.
    pub fn grant(&self) -> Result<Grant> {
        let parsed = self.role_id.parse().ok().zip(self.scope_id.parse().ok());
        let (role, scope) = parsed.with_context(|| {
            format!(
                "The record has a role with an invalid ID: {}.",
                self.label()
            )
        })?;
        Ok(Grant {
            role,
            scope_type: self.scope.clone(),
            scope,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_read_back_as_it_was_written() {
        let record = ApplicationRecord {
            disabled: true,
            removed_roles: vec![RemovedRole {
                role: Some("Environment Admin".to_owned()),
                role_id: "29ddce68-cd7f-4b2a-b6fc-f7a19553b496".to_owned(),
                scope: "ENVIRONMENT".to_owned(),
                scope_id: "b4f5e266-a946-4f77-9cc5-5dc91b046431".to_owned(),
            }],
            ..ApplicationRecord::default()
        };
        let written = json!(record);
        assert_eq!(
            written,
            json!({
                "Disabled": true,
                "RemovedRoles": [{
                    "Role": "Environment Admin", "RoleID": "29ddce68-cd7f-4b2a-b6fc-f7a19553b496",
                    "Scope": "ENVIRONMENT", "ScopeID": "b4f5e266-a946-4f77-9cc5-5dc91b046431",
                }],
                "SecretRotated": false,
            })
        );
        let read: ApplicationRecord = serde_json::from_value(written).expect("a record");
        assert_eq!(read.removed_roles, record.removed_roles);
        assert!(read.removed_roles[0].grant().is_ok() && !read.is_empty());
        assert!(ApplicationRecord::default().is_empty());
    }

    #[test]
    fn a_role_with_an_invalid_id_cannot_be_assigned() {
        let role = RemovedRole {
            role: None,
            role_id: "../users".to_owned(),
            scope: "ENVIRONMENT".to_owned(),
            scope_id: "b4f5e266-a946-4f77-9cc5-5dc91b046431".to_owned(),
        };
        let error = role.grant().expect_err("no id").to_string();
        assert_eq!(error, "The record has a role with an invalid ID: ../users.");
    }
}
