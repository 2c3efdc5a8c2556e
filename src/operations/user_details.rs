//! Everything about a user. The parts are asked for at once; one that PingOne refuses costs that part, not the others.

use jiff::Timestamp;
use serde_json::Value;

use super::roles::{RoleNames, role_names};
use pingone::{Client, Error, groups::Membership, sessions::Session, users::User};

/// What PingOne says of a user, part by part.
pub struct UserDetails {
    /// The groups that it is in by itself.
    pub groups: Result<Vec<Membership>, Error>,
    /// Its population, if it has one.
    pub population: Result<Option<Value>, Error>,
    /// Its devices.
    pub devices: Result<Vec<Value>, Error>,
    /// The state of its password.
    pub password: Result<Value, Error>,
    /// Its administrator roles.
    pub assignments: Result<Vec<Value>, Error>,
    /// The names of these roles.
    pub role_names: RoleNames,
    /// Its sessions.
    pub sessions: Result<Vec<Session>, Error>,
    /// PingOne's time after that.
    pub now: Timestamp,
}

/// Asks for all parts.
pub async fn user_details(pingone: &Client<'_>, user: &User) -> UserDetails {
    let id = user.id;
    let population = user
        .fields
        .population
        .as_deref()
        .and_then(|population| population.parse().ok());
    let (groups, population, devices, password, assignments, role_names, sessions) = tokio::join!(
        pingone.direct_groups(id),
        async {
            match population {
                Some(population) => Ok(Some(pingone.read_population(population).await?)),
                None => Ok(None),
            }
        },
        pingone.devices(id),
        pingone.read_password_state(id),
        pingone.role_assignments(id),
        role_names(pingone),
        pingone.sessions(id),
    );
    UserDetails {
        groups: groups.map(|(_, groups)| groups),
        population,
        devices,
        password,
        assignments,
        role_names,
        sessions,
        now: pingone.now_at_pingone(),
    }
}
