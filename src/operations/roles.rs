//! The names of administrator roles. A role assignment has only the role's id. PingOne lists built-in roles and an
//! environment's custom roles separately.

use serde_json::Value;

use pingone::Client;

/// The names of the roles that could be read.
pub struct RoleNames {
    roles: Vec<Value>,
    /// The lists that could not be read, and why.
    pub unread: Vec<(&'static str, anyhow::Error)>,
}

/// Reads both lists of roles. A list that cannot be read is no error: role ids then stand without names.
pub async fn role_names(pingone: &Client<'_>) -> RoleNames {
    let (built_in, custom) = tokio::join!(pingone.built_in_roles(), pingone.environment_roles());
    let (mut roles, mut unread) = (Vec::new(), Vec::new());
    for (list, result) in [
        ("PingOne's built-in roles", built_in),
        ("the environment's own roles", custom),
    ] {
        match result {
            Ok(found) => roles.extend(found),
            Err(error) => unread.push((list, error.into())),
        }
    }
    RoleNames { roles, unread }
}

impl RoleNames {
    /// The name of the assigned role, if it is known.
    pub fn of(&self, assignment: &Value) -> Option<&Value> {
        let role = assignment.pointer("/role/id").unwrap_or(&Value::Null);
        let known = self
            .roles
            .iter()
            .find(|known| known.get("id") == Some(role));
        known?.get("name").filter(|name| !name.is_null())
    }
}
