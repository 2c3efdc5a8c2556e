//! Everything about a user. The sections are read concurrently; a section that PingOne refuses does not affect the others.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    recent_changes::{RecentChanges, recent_changes},
    roles::{RoleNames, role_names},
};
use pingone::{
    Client, Error,
    devices::MfaBypass,
    groups::Membership,
    roles::RoleAssignment,
    sessions::Session,
    users::{User, linked_accounts},
};

/// What PingOne knows about a user, section by section.
pub struct UserDetails {
    /// Memberships that are not through another group.
    pub groups: Result<Vec<Membership>, Error>,
    /// The population, if the user has one.
    pub population: Result<Option<Value>, Error>,
    /// Linked accounts at external identity providers.
    pub linked_accounts: Result<Vec<Value>, Error>,
    /// MFA devices.
    pub devices: Result<Vec<Value>, Error>,
    /// What was done to devices and linked accounts lately.
    pub recent: anyhow::Result<RecentChanges>,
    /// The MFA bypass.
    pub mfa_bypass: Result<MfaBypass, Error>,
    /// The state of the password.
    pub password: Result<Value, Error>,
    /// Assignments of administrator roles.
    pub assignments: Result<Vec<RoleAssignment>, Error>,
    /// The names of roles, and of the groups and the population that the other sections read.
    pub role_names: RoleNames,
    /// Sessions.
    pub sessions: Result<Vec<Session>, Error>,
    /// PingOne's time after the answers.
    pub now: Timestamp,
}

/// Reads all sections.
pub async fn user_details(pingone: &Client<'_>, user: &User) -> UserDetails {
    let id = user.id;
    let population = user
        .fields
        .population
        .as_deref()
        .and_then(|population| population.parse().ok());
    let (
        groups,
        population,
        linked_accounts,
        devices,
        recent,
        mfa_bypass,
        password,
        assignments,
        mut role_names,
        sessions,
    ) = tokio::join!(
        pingone.direct_groups(id),
        async {
            match population {
                Some(population) => Ok(Some(pingone.read_population(population).await?)),
                None => Ok(None),
            }
        },
        pingone.list(linked_accounts(id)),
        pingone.devices(id),
        recent_changes(pingone, id),
        pingone.mfa_bypass(id),
        pingone.read_password_state(id),
        pingone.role_assignments(id),
        role_names(pingone),
        pingone.sessions(id),
    );
    let groups = groups.map(|(_, groups)| groups);
    for Membership { group, name, .. } in groups.iter().flatten() {
        role_names.add_place(group.to_string(), name.as_deref().unwrap_or_default());
    }
    if let (Some(id), Ok(Some(population))) = (&user.fields.population, &population) {
        let name = population.get("name").and_then(Value::as_str);
        role_names.add_place(id.clone(), name.unwrap_or_default());
    }
    UserDetails {
        groups,
        population,
        linked_accounts,
        devices,
        recent: recent.map_err(Into::into),
        mfa_bypass,
        password,
        assignments,
        role_names,
        sessions,
        now: pingone.now_at_pingone(),
    }
}
