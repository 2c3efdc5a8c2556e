//! What each role lets a worker application do, per group of endpoints.
//!
//! Follows `developer.pingidentity.com/pingone-api/platform/roles.html` as far as the commands need
//! it. PingOne checks individual permissions; here a role is their sum per area.

use serde::Deserialize;

/// A group of endpoints that a role grants access to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Area {
    /// The environment itself.
    Environment,
    /// Users: profile, enabled, lock, population, MFA switch.
    Users,
    /// Passwords: status and changes.
    Passwords,
    /// Groups and memberships.
    Groups,
    /// Populations.
    Populations,
    /// Sessions.
    Sessions,
    /// MFA devices and the MFA bypass.
    Devices,
    /// Authenticating a user with an MFA device.
    DeviceAuthentications,
    /// The audit trail.
    Activities,
    /// Roles and role assignments.
    Roles,
    /// Applications, their secrets, and external identity providers.
    Applications,
    /// Risk evaluations and feedback.
    Risk,
    /// Policies, webhooks and other settings of the environment.
    Configuration,
}

/// The kind of access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    Read,
    Write,
}

/// The built-in roles: name and id.
///
/// The ids are from one recorded tenant; third parties treat them as constants. That they are is
/// UNCONFIRMED, so a client should look them up.
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

/// The access `role` grants in `area`.
pub(crate) fn granted(role: &str, area: Area) -> Option<Access> {
    use Access::{Read, Write};
    use Area::{
        Activities, Applications, Configuration, DeviceAuthentications, Environment, Groups,
        Populations, Risk, Roles,
    };
    match (role, area) {
        (_, Environment) => Some(Read),
        ("Identity Data Admin", Applications | Configuration)
        | ("Identity Data Read Only", Applications | Configuration | DeviceAuthentications) => None,
        // An Identity Data Admin can read populations but not change them.
        ("Identity Data Admin", Populations | Activities)
        | ("Identity Data Read Only", _)
        | ("Environment Admin", Groups | Activities)
        | ("Client Application Developer", Groups)
        | ("Configuration Read Only", Activities | Applications | Configuration | Roles) => {
            Some(Read)
        }
        ("Identity Data Admin", _)
        | ("Environment Admin", Applications | Configuration | Populations | Risk | Roles)
        | ("Client Application Developer", Applications) => Some(Write),
        _ => None,
    }
}

/// The access a custom role's permission grants. The ids are `service:verb:thing`; the list at
/// `developer.pingidentity.com/pingone-api/platform/roles/pingone-permissions-by-identifier` is
/// long, and things are matched by name here (UNCONFIRMED for most).
pub(crate) fn granted_by_permission(permission: &str) -> Option<(Area, Access)> {
    let mut parts = permission.splitn(3, ':');
    let (_service, verb, thing) = (parts.next()?, parts.next()?, parts.next()?);
    let thing = thing.to_ascii_lowercase();
    let area = THINGS
        .iter()
        .find_map(|(name, area)| thing.contains(name).then_some(*area))?;
    let access = if verb == "read" {
        Access::Read
    } else {
        Access::Write
    };
    Some((area, access))
}

/// What a permission's thing contains, the most specific first.
const THINGS: &[(&str, Area)] = &[
    ("activity", Area::Activities),
    ("roleassignment", Area::Roles),
    ("role", Area::Roles),
    ("session", Area::Sessions),
    ("password", Area::Passwords),
    ("deviceauthentication", Area::DeviceAuthentications),
    ("device", Area::Devices),
    ("mfa", Area::Devices),
    ("risk", Area::Risk),
    ("secret", Area::Applications),
    ("application", Area::Applications),
    ("identityprovider", Area::Applications),
    ("subscription", Area::Configuration),
    ("polic", Area::Configuration),
    ("population", Area::Populations),
    ("group", Area::Groups),
    ("user", Area::Users),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_access_does_not_include_write_access() {
        let reader = granted("Identity Data Read Only", Area::Users);
        assert_eq!(reader, Some(Access::Read));
        assert!(reader < Some(Access::Write));
        assert_eq!(
            granted("Identity Data Admin", Area::Passwords),
            Some(Access::Write)
        );
        assert_eq!(
            granted("Identity Data Admin", Area::Populations),
            Some(Access::Read)
        );
        assert_eq!(granted("Identity Data Admin", Area::Applications), None);
    }

    #[test]
    fn permissions_grant_access_to_their_area() {
        for (permission, area, access) in [
            ("dir:read:user", Area::Users, Access::Read),
            ("authn:delete:sessions", Area::Sessions, Access::Write),
            (
                "audit_reporting:read:activity",
                Area::Activities,
                Access::Read,
            ),
            (
                "permissions:read:userRoleAssignments",
                Area::Roles,
                Access::Read,
            ),
            (
                "applications:update:secret",
                Area::Applications,
                Access::Write,
            ),
        ] {
            assert_eq!(
                granted_by_permission(permission),
                Some((area, access)),
                "{permission}"
            );
        }
        assert_eq!(granted_by_permission("dir:read"), None);
    }
}
