//! Administrator roles that users hold.
//! <https://developer.pingidentity.com/pingone-api/platform/users/user-role-assignments.html>

use crate::{
    call::{List, Path},
    id::UserId,
};

const ASSIGNMENTS: &str = "roleAssignments";
const ROLES: &str = "roles";

/// The role assignments of a user.
pub(crate) fn of_user(user: UserId) -> List {
    List::at(Path::of_user(user, &[ASSIGNMENTS]), ASSIGNMENTS)
}

/// The built-in roles with their names; a role assignment has only the id. They belong to no environment.
pub(crate) fn built_in() -> List {
    List::at(Path::outside_environments(&[ROLES]), ROLES)
}

/// The roles of the environment: the only list that includes custom roles.
/// <https://developer.pingidentity.com/pingone-api/platform/roles.html>
pub(crate) fn of_environment() -> List {
    List::at(Path::of(&[ROLES]), ROLES)
}
