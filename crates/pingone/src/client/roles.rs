//! Administrator roles of users, and populations.

use serde_json::Value;

use super::Client;
use crate::{
    endpoints::{populations, roles},
    error::Error,
    id::{PopulationId, UserId},
    pages::{Paging, Part},
};

impl Client<'_> {
    /// The role assignments of a user.
    pub async fn role_assignments(&self, user: UserId) -> Result<Vec<Value>, Error> {
        self.list(roles::of_user(user)).await
    }

    /// The built-in roles with their names; a role assignment has only the id.
    pub async fn built_in_roles(&self) -> Result<Vec<Value>, Error> {
        self.list(roles::built_in()).await
    }

    /// The roles of the environment: the only list that includes custom roles.
    pub async fn environment_roles(&self) -> Result<Vec<Value>, Error> {
        self.list(roles::of_environment()).await
    }

    /// Populations that match a filter; without one, every population.
    pub async fn search_populations(
        &self,
        filter: Option<&str>,
        paging: &Paging,
    ) -> Result<Part, Error> {
        self.search(populations::populations(), filter, paging)
            .await
    }

    /// Reads a population.
    pub async fn read_population(&self, id: PopulationId) -> Result<Value, Error> {
        self.read(populations::population(id)).await
    }
}
