//! Administrator roles, and their assignments to users, groups and applications.
//! <https://developer.pingidentity.com/pingone-api/platform/roles.html>

use std::{borrow::Borrow, fmt, str::FromStr};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    call::{JSON, List, Path, Read, Write},
    id::{GroupId, NotAnId, Principal, RoleAssignmentId, RoleId, ScopeId},
    secrets::Mask,
};

const ASSIGNMENTS: &str = "roleAssignments";
const ROLES: &str = "roles";

/// A role for a scope: what an assignment grants, and what it takes to assign the role again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: RoleId,
    /// `ORGANIZATION`, `ENVIRONMENT`, `POPULATION` or `APPLICATION`.
    pub scope_type: String,
    /// What the role is assigned for.
    pub scope: ScopeId,
}

/// `29ddce68-… ENVIRONMENT b4f5e266-…`
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.role, self.scope_type, self.scope)
    }
}

/// Reads what `Display` writes.
impl FromStr for Grant {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let mut parts = text.split(' ');
        let mut next = || parts.next().ok_or(NotAnId);
        let (role, scope_type, scope) = (next()?, next()?, next()?);
        Ok(Self {
            role: role.parse()?,
            scope_type: scope_type.to_owned(),
            scope: scope.parse()?,
        })
    }
}

/// The assignment of a role as PingOne returns it, with every secret masked.
#[derive(Clone, Debug)]
pub struct RoleAssignment {
    /// Its id, if it has a valid one.
    pub id: Option<RoleAssignmentId>,
    /// What it grants, if PingOne says so completely.
    pub grant: Option<Grant>,
    /// Whether the caller cannot remove it: it comes through a group, or the caller may not assign the role.
    pub read_only: bool,
    /// The group that a user holds the role through.
    pub through: Option<GroupId>,
    /// Everything that PingOne sent.
    pub raw: Value,
}

impl RoleAssignment {
    /// Decodes an assignment.
    pub(crate) fn read(raw: Value, mask: &Mask) -> Self {
        // Read before masking, which may garble ids if a secret happens to be part of them.
        let text = |pointer| raw.pointer(pointer).and_then(Value::as_str);
        let id = text("/id").and_then(|id| id.parse().ok());
        let through = text("/group/id").and_then(|id| id.parse().ok());
        let read_only = raw.get("readOnly") == Some(&Value::Bool(true));
        let role = text("/role/id").and_then(|id| id.parse().ok());
        let scope = text("/scope/id").and_then(|id| id.parse().ok());
        let grant = role.zip(scope).zip(text("/scope/type"));
        let grant = grant.map(|((role, scope), scope_type)| Grant {
            role,
            scope_type: mask.text(scope_type),
            scope,
        });
        Self {
            id,
            grant,
            read_only,
            through,
            raw: mask.value(raw),
        }
    }
}

impl From<RoleAssignment> for Value {
    fn from(assignment: RoleAssignment) -> Self {
        assignment.raw
    }
}

impl Borrow<Value> for RoleAssignment {
    fn borrow(&self) -> &Value {
        &self.raw
    }
}

/// The role assignments of a user, group or application. A user's include those that come through groups.
/// <https://developer.pingidentity.com/pingone-api/platform/users/user-role-assignments.html>
pub(crate) fn of(principal: Principal) -> List {
    List::at(path(principal, &[]), ASSIGNMENTS)
}

/// A role assignment.
pub(crate) fn assignment(principal: Principal, assignment: RoleAssignmentId) -> Read {
    Read::at(path(principal, &[&assignment.to_string()]))
}

/// Assigns a role. It may be repeated: the same role for the same scope grants nothing more, whether PingOne refuses it
/// or not.
pub(crate) fn assign(principal: Principal, grant: &Grant) -> Write {
    let body = json!({
        "role": {"id": grant.role.to_string()},
        "scope": {"id": grant.scope.to_string(), "type": grant.scope_type},
    });
    Write::bare(Method::POST, path(principal, &[]), principal.into()).with_body(JSON, body)
}

/// Removes a role assignment.
pub(crate) fn remove(principal: Principal, assignment: RoleAssignmentId) -> Write {
    Write::delete(
        path(principal, &[&assignment.to_string()]),
        principal.into(),
    )
}

/// The built-in roles with their names; a role assignment has only the id. They belong to no environment.
pub(crate) fn built_in() -> List {
    List::at(Path::outside_environments(&[ROLES]), ROLES)
}

/// The roles of the environment: the only list that includes custom roles.
pub(crate) fn of_environment() -> List {
    List::at(Path::of(&[ROLES]), ROLES)
}

fn path(principal: Principal, rest: &[&str]) -> Path {
    let holders = match principal {
        Principal::User(_) => "users",
        Principal::Group(_) => "groups",
        Principal::Application(_) => "applications",
    };
    let start: [&str; 3] = [holders, &principal.to_string(), ASSIGNMENTS];
    Path::of(&[&start, rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_tells_what_it_grants_and_where_it_comes_from() {
        let assignment = RoleAssignment::read(
            json!({
                "id": "fb1d1e2c-bffe-5384-83d6-0c2907c66a79",
                "role": {"id": "e1bc848f-5cf4-5a48-a5b3-471f4431a705"},
                "scope": {"id": "ddb6c9c6-d1df-40d6-9dd3-7de5a05465ad", "type": "ENVIRONMENT"},
                "readOnly": true,
                "group": {"id": "58a3b146-db0b-5c63-a2e8-274649f28132"},
            }),
            &Mask::default(),
        );
        let grant = assignment.grant.expect("a role and a scope");
        assert_eq!(
            (
                grant.role.to_string(),
                grant.scope.to_string(),
                &*grant.scope_type
            ),
            (
                "e1bc848f-5cf4-5a48-a5b3-471f4431a705".to_owned(),
                "ddb6c9c6-d1df-40d6-9dd3-7de5a05465ad".to_owned(),
                "ENVIRONMENT"
            )
        );
        assert_eq!(grant.to_string().parse::<Grant>().ok(), Some(grant));
        assert!(assignment.read_only);
        let group = assignment.through.map(|group| group.to_string());
        assert_eq!(
            group.as_deref(),
            Some("58a3b146-db0b-5c63-a2e8-274649f28132")
        );
    }

    #[test]
    fn an_assignment_without_scope_is_listed_but_cannot_be_assigned_again() {
        let raw = json!({"id": "fb1d1e2c-bffe-5384-83d6-0c2907c66a79", "readOnly": "no"});
        let assignment = RoleAssignment::read(raw, &Mask::default());
        assert!(assignment.id.is_some());
        assert_eq!(assignment.grant, None);
        assert!(!assignment.read_only);
    }
}
