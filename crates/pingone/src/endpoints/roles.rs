//! Administrator roles that users hold.
//! <https://developer.pingidentity.com/pingone-api/platform/users/user-role-assignments.html>

use crate::{
    call::{Path, Read},
    id::UserId,
};

/// What `GET …/roleAssignments` calls its list.
pub(crate) const ASSIGNMENTS: &str = "roleAssignments";
/// What `GET …/roles` calls its list.
pub(crate) const ROLES: &str = "roles";

/// The role assignments of a user.
pub(crate) fn of_user(user: UserId) -> Read {
    Read::at(Path::of_user(user, &[ASSIGNMENTS]))
}

/// The built-in roles with their names; an assignment has the id alone. They belong to no environment.
pub(crate) fn built_in() -> Read {
    Read::at(Path::outside_environments(&[ROLES]))
}

/// The roles of the environment: the only list that has the custom ones.
/// <https://developer.pingidentity.com/pingone-api/platform/roles.html>
pub(crate) fn of_environment() -> Read {
    Read::at(Path::of(&[ROLES]))
}
