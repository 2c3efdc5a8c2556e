//! Role assignments and custom roles.

/// A role of a user, group or application in some scope.
#[derive(Clone, Debug)]
pub(crate) struct RoleAssignment {
    pub(crate) id: String,
    /// The role's id.
    pub(crate) role: String,
    /// The scope's id.
    pub(crate) scope: String,
    pub(crate) scope_type: String,
}

/// A custom role.
#[derive(Clone, Debug)]
pub(crate) struct CustomRole {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) applicable_to: Vec<String>,
    /// Permission ids.
    pub(crate) permissions: Vec<String>,
    /// The ids of roles.
    pub(crate) can_be_assigned_by: Vec<String>,
}
