//! What must not be changed, as plain data. `exchange/guard.rs` checks changes against it.

/// What must not be changed. The default forbids nothing.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Nothing may be changed.
    pub read_only: bool,
    /// Users who are never changed, each given as a username, email address or id.
    pub protected_users: Vec<String>,
    /// Groups that are never changed, each given as a name or id. Their members are protected too, and so is the
    /// membership of groups nested in them.
    pub protected_groups: Vec<String>,
    /// Applications that are never changed, each given as a name or id. PingOne's own applications, and the worker
    /// application that makes the calls, are never changed either.
    pub protected_applications: Vec<String>,
    /// How messages name all this.
    pub labels: PolicyLabels,
}

/// How error messages name the setting that forbids a change, so that readers can find it.
#[derive(Clone, Copy, Debug)]
pub struct PolicyLabels {
    /// States that nothing may be changed: `The client is read-only`.
    pub read_only: &'static str,
    /// The setting that lists the protected users.
    pub protected_users: &'static str,
    /// The setting that lists the protected groups.
    pub protected_groups: &'static str,
    /// The setting that lists the protected applications.
    pub protected_applications: &'static str,
}

impl Default for PolicyLabels {
    fn default() -> Self {
        Self {
            read_only: "The client is read-only",
            protected_users: "protected users",
            protected_groups: "protected groups",
            protected_applications: "protected applications",
        }
    }
}

impl Policy {
    /// Whether anything is forbidden.
    pub fn forbids_anything(&self) -> bool {
        self.read_only || self.protects_anything() || !self.protected_applications.is_empty()
    }

    /// Whether any user or group is protected.
    pub(crate) fn protects_anything(&self) -> bool {
        !(self.protected_users.is_empty() && self.protected_groups.is_empty())
    }
}
