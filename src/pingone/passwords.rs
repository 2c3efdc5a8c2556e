//! Passwords. All operations have one address; method and media type choose which is meant.
//! <https://developer.pingidentity.com/pingone-api/platform/users/user-passwords.html>

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{
    client::{Call, Client, unusable},
    error::Error,
    id::UserId,
    policy::Touches,
    retry::Repeat,
};

/// An administrator's reset: checked against no policy, and the user must change it at the next sign-on.
const RESET: &str = "application/vnd.pingidentity.password.reset+json";
/// Sets a password as the policy allows.
const SET: &str = "application/vnd.pingidentity.password.set+json";
/// Ends a password lockout.
const UNLOCK: &str = "application/vnd.pingidentity.password.unlock+json";
/// The other spelling of the same.
const BARE_UNLOCK: &str = "application/vnd.pingidentity.password.unlock";
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
        self.change(Call::with_body(
            Method::PUT,
            self.password_url(id),
            RESET,
            body,
            Touches::User(id),
        ))
        .await
    }

    /// Sets a password that stays, unless `force_change`. `bypass_policy`: even one that the policy forbids. Where the
    /// policy counts, it is not tried again once it may have reached PingOne: the password would be in the history
    /// already, and be refused for that.
    pub async fn set_password(
        &self,
        id: UserId,
        password: &SecretString,
        force_change: bool,
        bypass_policy: bool,
    ) -> Result<Option<Value>, Error> {
        let body = json!({"value": password.expose_secret(), "forceChange": force_change, "bypassPolicy": bypass_policy});
        let url = self.password_url(id);
        let call = Call::with_body(Method::PUT, url, SET, body, Touches::User(id));
        let repeat = if bypass_policy {
            Repeat::Safe
        } else {
            Repeat::OnlyIfUnsent
        };
        self.change(Call { repeat, ..call }).await
    }

    /// Makes the user change the password at the next sign-on. PingOne documents 200; 204 is as good.
    pub async fn force_password_change(&self, id: UserId) -> Result<Option<Value>, Error> {
        self.change(Call::operation(
            self.password_url(id),
            FORCE_CHANGE,
            Touches::User(id),
        ))
        .await
    }

    /// Ends a lockout after too many wrong passwords. The page writes the media type with and without `+json`
    /// (UNCONFIRMED which holds), so the second follows where the first is refused.
    pub async fn unlock_password(&self, id: UserId) -> Result<Option<Value>, Error> {
        let call = |media_type| {
            self.change(Call::operation(
                self.password_url(id),
                media_type,
                Touches::User(id),
            ))
        };
        match call(UNLOCK).await {
            Err(error) if error.status() == Some(415) => call(BARE_UNLOCK).await,
            result => result,
        }
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
        self.user_url(id, &["password"])
    }
}
