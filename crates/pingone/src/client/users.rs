//! Users: find, read, create, update and delete them, and change the state of their accounts.

use serde_json::Value;

use super::Client;
use crate::{
    answer::CallLabel,
    call::Write,
    endpoints::users::{self, EnabledSince, User},
    error::{Error, exists_or_404},
    id::{LinkedAccountId, UserId, read_id},
    pages::{Paging, Part},
    retry::Repeat,
};

impl Client<'_> {
    /// The users with this name: none or one, unless PingOne has names that differ only in case.
    pub async fn find_users(&self, username: &str) -> Result<Vec<User>, Error> {
        self.find_users_by("username", username).await
    }

    /// The users with this email address, which need not be unique.
    pub async fn find_users_by_email(&self, email: &str) -> Result<Vec<User>, Error> {
        self.find_users_by("email", email).await
    }

    async fn find_users_by(&self, attribute: &str, value: &str) -> Result<Vec<User>, Error> {
        let list = users::with_attribute(attribute, value);
        let listing = self.reader().list(list).await?;
        let mask = self.mask();
        listing.decode_best_matches(attribute, value, |raw| User::read(raw, &mask))
    }

    /// Reads any single user: a check that credentials, environment and roles are sufficient.
    pub async fn probe_users(&self) -> Result<(), Error> {
        let page = self.reader().read(users::any_user()).await?;
        page.decode(|page| users::check_page(&page))
    }

    /// Reads a user.
    pub async fn read_user(&self, id: UserId) -> Result<User, Error> {
        let answer = self.reader().read(users::user(id)).await?;
        answer.decode(|raw| User::read(raw, &self.mask()))
    }

    /// Whether the user exists.
    pub async fn user_exists(&self, id: UserId) -> Result<bool, Error> {
        let found = self.read_if_exists(users::user(id), |_| Ok(())).await?;
        Ok(found.is_some())
    }

    /// Creates a user.
    pub async fn create_user(&self, user: &Value) -> Result<User, Error> {
        self.changed_user(users::create(user.clone())).await
    }

    /// Changes the members that `change` has and leaves the others alone.
    pub async fn update_user(&self, id: UserId, change: &Value) -> Result<User, Error> {
        self.changed_user(users::update(id, change.clone())).await
    }

    async fn changed_user(&self, write: Write) -> Result<User, Error> {
        let answer = self.write(write).await?;
        answer.decode(|raw| User::read(raw, &self.mask()))
    }

    /// Deletes a user.
    pub async fn delete_user(&self, id: UserId) -> Result<(), Error> {
        self.write(users::delete(id)).await.map(drop)
    }

    /// The accounts that are linked to the user, each with its id if it has one.
    pub async fn linked_accounts(
        &self,
        user: UserId,
    ) -> Result<Vec<(Option<LinkedAccountId>, Value)>, Error> {
        self.list_with_ids(users::linked_accounts(user)).await
    }

    /// Removes the link to an account; false if there was none.
    pub async fn unlink_account(
        &self,
        user: UserId,
        account: LinkedAccountId,
    ) -> Result<bool, Error> {
        exists_or_404(self.write(users::unlink(user, account)).await)
    }

    /// Unlocks the account. Returns the user if PingOne's answer has one. PingOne refuses to unlock a disabled user
    /// with 415, and may still do so just after the user was enabled.
    pub async fn unlock_user(
        &self,
        id: UserId,
        enabled: EnabledSince,
    ) -> Result<Option<User>, Error> {
        self.change_account(users::unlock(id), enabled).await
    }

    /// Locks the account until `until`, or until an administrator unlocks it. Returns and refuses like
    /// [`Client::unlock_user`].
    pub async fn lock_user(
        &self,
        id: UserId,
        until: Option<jiff::Timestamp>,
        enabled: EnabledSince,
    ) -> Result<Option<User>, Error> {
        self.change_account(users::lock(id, until), enabled).await
    }

    async fn change_account(
        &self,
        write: Write,
        enabled: EnabledSince,
    ) -> Result<Option<User>, Error> {
        let repeat = match enabled {
            EnabledSince::JustNow => Repeat::SafeOnceEnabled,
            EnabledSince::Before => Repeat::Safe,
        };
        let answer = self.write(write.with_repeat(repeat)).await?;
        answer.decode_if_any(|raw| User::read(raw, &self.mask()))
    }

    /// Enables or disables a user. Returns PingOne's answer and the new state, if the answer has it.
    pub async fn set_enabled(
        &self,
        id: UserId,
        enabled: bool,
    ) -> Result<(Option<Value>, Option<bool>), Error> {
        let raw = self.change(users::set_enabled(id, enabled)).await?;
        let now = raw
            .as_ref()
            .and_then(|raw| raw.get("enabled"))
            .and_then(Value::as_bool);
        Ok((raw, now))
    }

    /// Users that match a filter; without one, every user. PingOne is asked for the names of their populations too.
    pub async fn search_users(&self, filter: Option<&str>, paging: &Paging) -> Result<Part, Error> {
        self.search(users::with_populations(), filter, paging).await
    }

    /// The id of a user in a search result.
    pub fn listed_user(&self, raw: &Value) -> Result<UserId, Error> {
        let label = || CallLabel::reading("GET users");
        read_id(raw, "a user").map_err(|reason| label().unusable(&reason))
    }
}
