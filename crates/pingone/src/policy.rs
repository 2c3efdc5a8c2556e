//! What must not be changed, as plain data. Changes are held against it by `exchange/guard.rs`.

/// What must not be changed. By default everything may.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Nothing may be changed.
    pub read_only: bool,
    /// Users that are never changed, each a username, an e-mail address or an id.
    pub protected_users: Vec<String>,
    /// Groups that are never changed, each a name or an id; nor are their members, nor who is in a group that is
    /// nested in one.
    pub protected_groups: Vec<String>,
    /// How texts name all this.
    pub labels: PolicyLabels,
}

/// How error texts name what forbids a change, so that whoever reads them finds it.
#[derive(Clone, Copy, Debug)]
pub struct PolicyLabels {
    /// Says that nothing may be changed: `The client is read-only`.
    pub read_only: &'static str,
    /// Where the protected users are listed.
    pub protected_users: &'static str,
    /// Where the protected groups are listed.
    pub protected_groups: &'static str,
}

impl Default for PolicyLabels {
    fn default() -> Self {
        Self {
            read_only: "The client is read-only",
            protected_users: "protected users",
            protected_groups: "protected groups",
        }
    }
}

impl Policy {
    /// Whether anything is forbidden.
    pub fn forbids_anything(&self) -> bool {
        self.read_only || self.protects_anything()
    }

    /// Whether a user or a group is protected.
    pub(crate) fn protects_anything(&self) -> bool {
        !(self.protected_users.is_empty() && self.protected_groups.is_empty())
    }
}
