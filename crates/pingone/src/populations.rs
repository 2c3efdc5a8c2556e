//! Populations: the parts of an environment that its users live in.
//! <https://developer.pingidentity.com/pingone-api/platform/populations.html>

use serde_json::Value;

use super::{
    client::{Call, Client},
    error::Error,
    id::PopulationId,
    pages::{Paging, Part},
};

const POPULATIONS: &str = "populations";

impl Client<'_> {
    /// Populations that a filter finds; none is every population.
    pub async fn search_populations(
        &self,
        filter: Option<&str>,
        paging: &Paging,
    ) -> Result<Part, Error> {
        self.list_part(&[POPULATIONS], POPULATIONS, filter, paging)
            .await
    }

    /// Reads a population.
    pub async fn read_population(&self, id: PopulationId) -> Result<Value, Error> {
        self.read(Call::get(self.url(&[POPULATIONS, &id.to_string()], "")))
            .await
    }
}
