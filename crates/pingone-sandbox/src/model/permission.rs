//! Which role lets a worker application do what: whole groups of endpoints, no finer.
//!
//! Follows `developer.pingidentity.com/pingone-api/platform/roles.html` as far as the commands
//! need it. PingOne decides by single permissions; a role here is the sum of them per area.

use serde::Deserialize;

/// A group of endpoints that a role opens or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Area {
    /// Reading the environment itself.
    Environment,
    /// Users, enabling, locking, their population and their MFA switch.
    Users,
    /// Password states and changes.
    Passwords,
    /// Groups and memberships.
    Groups,
    /// Populations.
    Populations,
    /// Sessions.
    Sessions,
    /// MFA devices and the bypass.
    Devices,
    /// The audit trail.
    Activities,
    /// Roles and role assignments.
    Roles,
}

/// What is done in an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The built-in roles that the sandbox knows: name and id.
///
/// The ids are those of one recorded tenant, which third parties treat as constants. That they
/// are is UNCONFIRMED; a client should look them up.
pub(crate) const ROLES: &[(&str, &str)] = &[
    (
        "Identity Data Admin",
        "0bd9c966-7664-4ac1-b059-0ff9293908e2",
    ),
    (
        "Identity Data Read Only",
        "ce00e15f-f845-4df1-abf3-fdc4ff4e176c",
    ),
    ("Organization Admin", "1813bc13-8d13-4e88-a825-d40bfe82777b"),
    ("Environment Admin", "29ddce68-cd7f-4b2a-b6fc-f7a19553b496"),
    (
        "Client Application Developer",
        "b5057d0d-7281-47f6-9398-8a7e4cb71397",
    ),
    (
        "Configuration Read Only",
        "7aba580c-5ec7-4b26-987d-85f462767455",
    ),
];

/// What `role` allows in `area`.
pub(crate) fn granted(role: &str, area: Area) -> Option<Access> {
    use Access::{Read, Write};
    match (role, area) {
        // An Identity Data Admin reads populations but does not change them.
        (_, Area::Environment)
        | ("Identity Data Admin", Area::Populations | Area::Activities)
        | ("Identity Data Read Only", _)
        | ("Environment Admin" | "Client Application Developer", Area::Groups) => Some(Read),
        ("Identity Data Admin", _) | ("Environment Admin", Area::Populations | Area::Roles) => {
            Some(Write)
        }
        _ => None,
    }
}

/// Whether any of `roles` allows `access` in `area`.
pub(crate) fn is_allowed(roles: &[String], area: Area, access: Access) -> bool {
    roles
        .iter()
        .any(|role| granted(role, area).is_some_and(|granted| granted >= access))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_does_not_open_writing() {
        let reader = ["Identity Data Read Only".to_owned()];
        assert!(is_allowed(&reader, Area::Users, Access::Read));
        assert!(!is_allowed(&reader, Area::Users, Access::Write));
        let admin = ["Identity Data Admin".to_owned()];
        assert!(is_allowed(&admin, Area::Passwords, Access::Write));
        assert!(!is_allowed(&admin, Area::Populations, Access::Write));
        assert!(!is_allowed(&[], Area::Environment, Access::Read));
    }
}
