//! Applications: their secrets, their grants and the resources that these refer to.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::model::clock::after;
use crate::model::permission::Area;
use crate::model::roles::RoleAssignment;
use crate::model::seed::TokenAuthMethod;

/// An application: a worker, a web app, or one of PingOne's own.
#[derive(Debug)]
pub(crate) struct Application {
    pub(crate) sequence: u64,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) enabled: bool,
    /// PingOne's `type`.
    pub(crate) kind: String,
    /// The environment that owns it, if not the managed one.
    pub(crate) environment: Option<String>,
    pub(crate) token_auth_method: TokenAuthMethod,
    pub(crate) token_seconds: u32,
    /// Empty if the application has no secret.
    pub(crate) secret: String,
    /// When it was last used to obtain a token.
    pub(crate) secret_used_at: Option<Timestamp>,
    pub(crate) previous_secret: Option<PreviousSecret>,
    pub(crate) denied: Vec<Area>,
    pub(crate) roles: Vec<RoleAssignment>,
    /// Removed roles that still apply to access tokens, and until when.
    pub(crate) retained_roles: Vec<(RoleAssignment, Timestamp)>,
    pub(crate) grants: Vec<Grant>,
    /// The other members that clients write.
    pub(crate) details: Map<String, Value>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A rotated secret that still works for a while.
#[derive(Debug)]
pub(crate) struct PreviousSecret {
    pub(crate) secret: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) last_used: Option<Timestamp>,
}

/// Access to some scopes of a resource.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) id: String,
    /// The resource's id.
    pub(crate) resource: String,
    /// The scopes' ids.
    pub(crate) scopes: Vec<String>,
}

/// A resource that applications can access.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) scopes: Vec<Scope>,
}

/// A scope of a resource.
#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Application {
    /// Whether `is_secret` holds for the secret, or for the previous one while it still works.
    pub(crate) fn accepts(&mut self, is_secret: impl Fn(&str) -> bool, now: Timestamp) -> bool {
        if !self.secret.is_empty() && is_secret(&self.secret) {
            self.secret_used_at = Some(now);
            return true;
        }
        match &mut self.previous_secret {
            Some(previous) if previous.expires_at > now && is_secret(&previous.secret) => {
                previous.last_used = Some(now);
                true
            }
            _ => false,
        }
    }

    /// The ids of the roles that apply to its access tokens at `now`.
    pub(crate) fn role_ids(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let retained = self.retained_roles.iter();
        let retained = retained.filter_map(move |(role, until)| (*until > now).then_some(role));
        self.roles
            .iter()
            .chain(retained)
            .map(|assignment| assignment.role.as_str())
    }

    /// Removes a role assignment; its access tokens keep the role until they expire if `retained`.
    pub(crate) fn remove_role(&mut self, id: &str, retained: bool, now: Timestamp) {
        let until = after(now, Duration::from_secs(self.token_seconds.into()));
        let mut removed = self.roles.extract_if(.., |assignment| assignment.id == id);
        if let Some(assignment) = removed.next()
            && retained
        {
            self.retained_roles.push((assignment, until));
        }
    }
}
