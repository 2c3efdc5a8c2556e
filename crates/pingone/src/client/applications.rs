//! Applications, and the scopes that they may ask for.

use serde_json::Value;

use super::Client;
use crate::{
    endpoints::applications::{self, Application},
    error::Error,
    id::{ApplicationId, ResourceId},
};

impl Client<'_> {
    /// All applications of the environment, PingOne's own included.
    pub async fn applications(&self) -> Result<Vec<Application>, Error> {
        let listing = self.reader().list(applications::applications()).await?;
        let mask = self.mask();
        listing.into_decoded(|raw| Application::read(raw, &mask))
    }

    /// The applications with this name, compared as usernames are.
    pub async fn find_applications(&self, name: &str) -> Result<Vec<Application>, Error> {
        let listing = self.reader().list(applications::applications()).await?;
        let mask = self.mask();
        listing.decode_best_matches("name", name, |raw| Application::read(raw, &mask))
    }

    /// Reads an application; `None` if there is none with this id.
    pub async fn read_application(&self, id: ApplicationId) -> Result<Option<Application>, Error> {
        let read = applications::application(id);
        self.read_if_exists(read, |raw| Application::read(raw, &self.mask()))
            .await
    }

    /// The scopes that an application may ask for, by resource.
    pub async fn application_grants(&self, id: ApplicationId) -> Result<Vec<Value>, Error> {
        self.list(applications::grants(id)).await
    }

    /// The resources of the environment: a grant has only their ids.
    pub async fn resources(&self) -> Result<Vec<Value>, Error> {
        self.list(applications::resources()).await
    }

    /// The scopes of a resource: a grant has only their ids.
    pub async fn scopes(&self, resource: ResourceId) -> Result<Vec<Value>, Error> {
        self.list(applications::scopes(resource)).await
    }
}
