//! Passwords.

use secrecy::SecretString;
use serde_json::Value;

use super::Client;
use crate::{
    endpoints::passwords::{self, PasswordOptions},
    error::Error,
    id::UserId,
};

impl Client<'_> {
    /// Sets a password that the user must change at the next sign-on.
    pub async fn reset_password(
        &self,
        id: UserId,
        password: &SecretString,
    ) -> Result<Option<Value>, Error> {
        self.change(passwords::reset(id, password)).await
    }

    /// Sets a password.
    pub async fn set_password(
        &self,
        id: UserId,
        password: &SecretString,
        options: PasswordOptions,
    ) -> Result<Option<Value>, Error> {
        self.change(passwords::set(id, password, options)).await
    }

    /// Makes the user change the password at the next sign-on.
    pub async fn force_password_change(&self, id: UserId) -> Result<Option<Value>, Error> {
        self.change(passwords::force_change(id)).await
    }

    /// Ends a lockout after too many wrong passwords.
    pub async fn unlock_password(&self, id: UserId) -> Result<Option<Value>, Error> {
        let [unlock, other_spelling] = passwords::unlock(id);
        match self.change(unlock).await {
            Err(error) if error.status() == Some(415) => self.change(other_spelling).await,
            result => result,
        }
    }

    /// Reads the state of the password, never the password.
    pub async fn read_password_state(&self, id: UserId) -> Result<Value, Error> {
        let answer = self.reader().read(passwords::state(id)).await?;
        let state = answer.decode(passwords::check_state)?;
        Ok(self.mask().value(state))
    }
}
