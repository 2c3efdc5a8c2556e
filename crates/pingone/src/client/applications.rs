//! Applications, the scopes that they may ask for, and their secrets.

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::Client;
use crate::{
    endpoints::applications::{self, Application, Draft, SecretState, secrets_in},
    error::Error,
    id::{ApplicationId, ResourceId, read_id},
};

impl Client<'_> {
    /// All applications of the environment, PingOne's own included.
    pub async fn applications(&self) -> Result<Vec<Application>, Error> {
        let listing = self.reader().list(applications::applications()).await?;
        listing.into_decoded(|raw| {
            self.hide_secrets(&raw);
            Application::read(raw, &self.mask())
        })
    }

    /// The applications with this name, compared as usernames are.
    pub async fn find_applications(&self, name: &str) -> Result<Vec<Application>, Error> {
        let listing = self.reader().list(applications::applications()).await?;
        listing.decode_best_matches("name", name, |raw| self.seen_application(raw))
    }

    /// Reads an application; `None` if there is none with this id.
    pub async fn read_application(&self, id: ApplicationId) -> Result<Option<Application>, Error> {
        let read = applications::application(id);
        self.read_if_exists(read, |raw| self.seen_application(raw))
            .await
    }

    /// Decodes an application, which then need not be read again before a change.
    fn seen_application(&self, raw: Value) -> Result<Application, String> {
        let id = read_id(&raw, "an application")?;
        self.guard.remember(id, &raw);
        self.hide_secrets(&raw);
        Application::read(raw, &self.mask())
    }

    /// Masks the secrets of an answer from now on, wherever else PingOne mentions them.
    fn hide_secrets(&self, answer: &Value) {
        for secret in secrets_in(answer) {
            self.hide(&SecretString::from(secret));
        }
    }

    fn secret_state_in(&self, answer: Value) -> Result<SecretState, String> {
        self.hide_secrets(&answer);
        SecretState::read(answer)
    }

    /// Reads an application that is to be written back; `None` if there is none with this id.
    pub async fn draft_application(&self, id: ApplicationId) -> Result<Option<Draft>, Error> {
        let read = applications::application(id);
        self.read_if_exists(read, |raw| {
            self.guard.remember(id, &raw);
            self.hide_secrets(&raw);
            Draft::read(raw, &self.mask())
        })
        .await
    }

    /// Writes an application back, whole: whoever changed it since it was read loses that change.
    pub async fn replace_application(&self, draft: &Draft) -> Result<(), Error> {
        self.write(applications::replace(draft)).await.map(drop)
    }

    /// What PingOne tells of the secret of an application. PingOne records `SECRET.READ`.
    pub async fn secret_state(&self, id: ApplicationId) -> Result<SecretState, Error> {
        let answer = self.reader().read(applications::secret(id)).await?;
        answer.decode(|raw| self.secret_state_in(raw))
    }

    /// Replaces the secret of an application. The old one works until `keep_until`, or no more. `None` if the answer was
    /// empty, as in a dry run.
    pub async fn rotate_secret(
        &self,
        id: ApplicationId,
        keep_until: Option<Timestamp>,
    ) -> Result<Option<SecretState>, Error> {
        let rotation = applications::rotate_secret(id, keep_until);
        let answer = self.write(rotation).await?;
        answer.decode_if_any(|raw| self.secret_state_in(raw))
    }

    /// Ends the secret before the current one.
    pub async fn drop_previous_secret(&self, id: ApplicationId) -> Result<(), Error> {
        self.write(applications::drop_previous_secret(id))
            .await
            .map(drop)
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
