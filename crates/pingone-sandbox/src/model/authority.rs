//! What a worker application may do: its roles, and which roles it may hand out.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/roles.html` and `…/platform/applications/`.

use crate::model::application::Application;
use crate::model::nesting::memberships;
use crate::model::permission::{Access, Area, ROLES, granted, granted_by_permission};
use crate::model::roles::RoleAssignment;
use crate::model::store::{Store, User};
use crate::protocol::error::ApiError;

/// A user's role: assigned directly, or through a group.
#[derive(Debug)]
pub(crate) struct EffectiveRole<'a> {
    pub(crate) assignment: &'a RoleAssignment,
    /// The id of the group.
    pub(crate) group: Option<&'a str>,
}

impl Store {
    /// Whether `application` has `access` in `area`.
    pub(crate) fn is_allowed(&self, application: &Application, area: Area, access: Access) -> bool {
        let now = self.clock.now();
        !application.denied.contains(&area)
            && application
                .role_ids(now)
                .any(|role| self.role_grants(role, area, access))
    }

    fn role_grants(&self, role: &str, area: Area, access: Access) -> bool {
        if let Some((name, _)) = ROLES.iter().find(|(_, id)| *id == role) {
            return granted(name, area) >= Some(access);
        }
        let custom = self.custom_roles.iter().find(|custom| custom.id == role);
        custom.is_some_and(|custom| {
            area == Area::Environment && access == Access::Read
                || custom
                    .permissions
                    .iter()
                    .filter_map(|permission| granted_by_permission(permission))
                    .any(|(granted_area, granted)| granted_area == area && granted >= access)
        })
    }

    /// Whether the role exists.
    pub(crate) fn is_role(&self, id: &str) -> bool {
        ROLES.iter().any(|(_, known)| *known == id)
            || self.custom_roles.iter().any(|custom| custom.id == id)
    }

    /// Whether the application may assign the role to anybody, or remove it.
    pub(crate) fn may_assign(&self, application: &str, role: &str) -> bool {
        let now = self.clock.now();
        let Ok(application) = self.find_application(application) else {
            return false;
        };
        let mut own = application.role_ids(now);
        let custom = self.custom_roles.iter().find(|custom| custom.id == role);
        own.any(|own| match custom {
            Some(custom) => custom.can_be_assigned_by.iter().any(|id| id == own),
            None => assigns(role_name(own), role_name(role)),
        })
    }

    /// Whether the application has every role in `roles` itself.
    pub(crate) fn holds_all(&self, application: &str, roles: &[RoleAssignment]) -> bool {
        let now = self.clock.now();
        self.find_application(application).is_ok_and(|application| {
            roles
                .iter()
                .all(|wanted| application.role_ids(now).any(|own| own == wanted.role))
        })
    }

    /// A user's roles, direct ones first.
    pub(crate) fn effective_roles<'a>(&'a self, user: &'a User) -> Vec<EffectiveRole<'a>> {
        let direct = user.roles.iter().map(|assignment| EffectiveRole {
            assignment,
            group: None,
        });
        let inherited = memberships(self, user).into_iter().flat_map(|membership| {
            let group = membership.group;
            group.roles.iter().map(|assignment| EffectiveRole {
                assignment,
                group: Some(group.id.as_str()),
            })
        });
        direct.chain(inherited).collect()
    }

    /// The application with this id.
    pub(crate) fn find_application(&self, id: &str) -> Result<&Application, ApiError> {
        self.applications
            .iter()
            .find(|application| application.id == id)
            .ok_or_else(ApiError::not_found)
    }

    /// The application with this id, for modification.
    pub(crate) fn find_application_mut(&mut self, id: &str) -> Result<&mut Application, ApiError> {
        self.applications
            .iter_mut()
            .find(|application| application.id == id)
            .ok_or_else(ApiError::not_found)
    }
}

fn role_name(id: &str) -> &'static str {
    let mut roles = ROLES.iter();
    roles
        .find(|(_, known)| *known == id)
        .map_or("", |(name, _)| name)
}

/// Whether holders of the built-in role `own` can assign the built-in role `role`.
fn assigns(own: &str, role: &str) -> bool {
    match own {
        "Organization Admin" => true,
        "Environment Admin" => role != "Organization Admin",
        "Identity Data Admin" => ["Identity Data Admin", "Identity Data Read Only"].contains(&role),
        "Client Application Developer" => role == own,
        _ => false,
    }
}
