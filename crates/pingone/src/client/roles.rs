//! Administrator roles and their assignments, and populations.

use serde_json::Value;

use super::Client;
use crate::{
    endpoints::{
        populations,
        roles::{self, Grant, RoleAssignment},
    },
    error::{Error, exists_or_404},
    id::{PopulationId, Principal, RoleAssignmentId},
    pages::{Paging, Part},
};

impl Client<'_> {
    /// The role assignments of a user, group or application. A user's include those that come through groups.
    pub async fn role_assignments(
        &self,
        principal: impl Into<Principal>,
    ) -> Result<Vec<RoleAssignment>, Error> {
        let listing = self.reader().list(roles::of(principal.into())).await?;
        let mask = self.mask();
        let assignments = listing.into_raw_items()?.into_iter();
        Ok(assignments
            .map(|assignment| RoleAssignment::read(assignment, &mask))
            .collect())
    }

    /// A role assignment; `None` if there is none with this id.
    pub async fn role_assignment(
        &self,
        principal: Principal,
        assignment: RoleAssignmentId,
    ) -> Result<Option<RoleAssignment>, Error> {
        let read = roles::assignment(principal, assignment);
        self.read_if_exists(read, |raw| Ok(RoleAssignment::read(raw, &self.mask())))
            .await
    }

    /// Assigns a role. Returns the assignment, if PingOne's answer has it.
    pub async fn assign_role(
        &self,
        principal: Principal,
        grant: &Grant,
    ) -> Result<Option<RoleAssignment>, Error> {
        let answer = self.write(roles::assign(principal, grant)).await?;
        answer.decode_if_any(|raw| Ok(RoleAssignment::read(raw, &self.mask())))
    }

    /// Removes a role assignment; false if it was gone already.
    pub async fn remove_role_assignment(
        &self,
        principal: Principal,
        assignment: RoleAssignmentId,
    ) -> Result<bool, Error> {
        exists_or_404(self.write(roles::remove(principal, assignment)).await)
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
