//! The names of administrator roles. An assignment has the role's id alone: PingOne keeps the built-in roles in one
//! list, and those that an environment made for itself in another.

use serde_json::Value;

use pingone::Client;

/// The names of the roles, as far as PingOne gives them.
pub struct RoleNames {
    roles: Vec<Value>,
    /// The lists that could not be read: whose they are, and why.
    pub unread: Vec<(&'static str, anyhow::Error)>,
}

/// Reads both lists of roles. Without the right to read them, the ids have to do.
pub async fn role_names(pingone: &Client<'_>) -> RoleNames {
    let (built_in, own) = tokio::join!(pingone.built_in_roles(), pingone.environment_roles());
    let (mut roles, mut unread) = (Vec::new(), Vec::new());
    for (whose, listed) in [
        ("PingOne's built-in roles", built_in),
        ("the environment's own roles", own),
    ] {
        match listed {
            Ok(listed) => roles.extend(listed),
            Err(error) => unread.push((whose, error.into())),
        }
    }
    RoleNames { roles, unread }
}

impl RoleNames {
    /// The name of the role that was assigned, if it is known.
    pub fn of(&self, assignment: &Value) -> Option<&Value> {
        let role = assignment.pointer("/role/id").unwrap_or(&Value::Null);
        let known = self
            .roles
            .iter()
            .find(|known| known.get("id") == Some(role));
        known?.get("name").filter(|name| !name.is_null())
    }
}
