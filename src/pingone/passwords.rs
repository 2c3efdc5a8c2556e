//! Passwords. All operations have one address; method and media type choose which is meant.
//! <https://developer.pingidentity.com/pingone-api/platform/users/user-passwords.html>

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{
    client::{Call, Client, unusable},
    error::Error,
    id::UserId,
};

/// An administrator's reset: checked against no policy, and the user must change it at the next sign-on.
const RESET: &str = "application/vnd.pingidentity.password.reset+json";
/// Documented without `+json`, unlike its neighbours.
const FORCE_CHANGE: &str = "application/vnd.pingidentity.password.forceChange";

impl Client<'_> {
    /// Sets a password that the user must change at the next sign-on.
    pub async fn reset_password(
        &self,
        id: UserId,
        password: &SecretString,
    ) -> Result<Option<Value>, Error> {
        let body = json!({"newPassword": password.expose_secret()});
        self.password_call(Call::with_body(
            Method::PUT,
            self.password_url(id),
            RESET,
            body,
        ))
        .await
    }

    /// Makes the user change the password at the next sign-on. PingOne documents 200; 204 is as good.
    pub async fn force_password_change(&self, id: UserId) -> Result<Option<Value>, Error> {
        self.password_call(Call::operation(self.password_url(id), FORCE_CHANGE))
            .await
    }

    /// Reads the state of the password, never the password.
    pub async fn read_password_state(&self, id: UserId) -> Result<Value, Error> {
        let call = Call::get(self.password_url(id));
        let described = format!("GET {}", call.url.path());
        let raw = self.call_json(call).await?;
        if !raw.get("status").is_some_and(Value::is_string) {
            return Err(unusable(&described, false, "it has no status"));
        }
        Ok(self.mask().value(raw))
    }

    fn password_url(&self, id: UserId) -> reqwest::Url {
        self.url(&["users", &id.to_string(), "password"], "")
    }

    async fn password_call(&self, call: Call) -> Result<Option<Value>, Error> {
        let raw = self.call_maybe_json(call).await?;
        Ok(raw.map(|raw| self.mask().value(raw)))
    }
}
