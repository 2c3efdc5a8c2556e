//! Users: finding, reading, creating, changing and deleting them, and their account's state.
//! <https://developer.pingidentity.com/pingone-api/platform/users/users-1.html>

use std::fmt;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    client::{Call, Client, JSON, unusable},
    error::Error,
    filter,
    id::{PopulationId, UserId},
    retry::Repeat,
};

/// Selects the unlock operation; the same address with other media types does other things.
/// <https://developer.pingidentity.com/pingone-api/platform/users/user-accounts/user-account-unlock.html>
const UNLOCK: &str = "application/vnd.pingidentity.account.unlock+json";

/// A user as PingOne describes it, with every secret masked.
#[derive(Debug)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The members that are used by name.
    pub fields: UserFields,
    /// Everything that PingOne sent.
    pub raw: Value,
    /// The parts that an update sends back.
    pub returned: Returned,
}

/// Members of a user to be sent back to PingOne as they came. A secret in them is not masked, or an update
/// would write the mask into the user; so they are not to be shown.
pub struct Returned(Map<String, Value>);

impl Returned {
    fn of(raw: &Value) -> Self {
        let members = ["name", "address"].into_iter();
        Self(
            members
                .filter_map(|member| Some((member.to_owned(), raw.get(member)?.clone())))
                .collect(),
        )
    }

    /// The user's member.
    pub fn get(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returned")
    }
}

/// PingOne leaves out what a user does not have.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserFields {
    /// Unique in the environment.
    pub username: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether the user may sign on at all.
    pub enabled: Option<bool>,
    /// RFC 3339.
    pub created_at: Option<String>,
    /// RFC 3339.
    pub updated_at: Option<String>,
    /// The parts of the name.
    pub name: Option<Name>,
    /// The account's state.
    pub account: Option<Account>,
    /// Where the user lives.
    pub environment: Option<Reference>,
    /// Where in the environment.
    pub population: Option<Reference>,
    /// Street, town and so on; kept whole for updates.
    pub address: Option<Map<String, Value>>,
}

/// The parts of a user's name that are shown.
#[derive(Debug, Default, Deserialize)]
pub struct Name {
    /// The name as it is to be shown.
    pub formatted: Option<String>,
    /// First name.
    pub given: Option<String>,
    /// Last name.
    pub family: Option<String>,
}

/// The state of a user's account.
#[derive(Debug, Default, Deserialize)]
pub struct Account {
    /// `OK` or `LOCKED`; others may come.
    pub status: Option<String>,
}

/// Another resource.
#[derive(Debug, Deserialize)]
pub struct Reference {
    /// Its id.
    pub id: Option<String>,
}

impl UserFields {
    /// The state of the account, if PingOne told it.
    pub fn account_status(&self) -> Option<&str> {
        self.account.as_ref()?.status.as_deref()
    }
}

/// What `GET …/users` calls its list.
const USERS: &str = "users";

impl Client<'_> {
    /// The users of this name: none or one, unless PingOne holds names that differ in case alone. PingOne's
    /// filter ignores case, and whether it reads an escaped value as meant is unconfirmed; so its answers
    /// are compared again.
    pub async fn find_users(&self, username: &str) -> Result<Vec<User>, Error> {
        let url = self.url(
            &[USERS],
            &filter::query(&[("filter", &filter::equals("username", username))]),
        );
        let call = format!("GET {}", url.path());
        let wanted = username.to_lowercase();
        let mut found = Vec::new();
        for raw in self.list(url, USERS).await?.items {
            if raw
                .get("username")
                .and_then(Value::as_str)
                .is_some_and(|name| name.to_lowercase() == wanted)
            {
                found.push(self.user(&call, false, raw)?);
            }
        }
        Ok(found)
    }

    /// Asks for a single user of the environment: whether the credentials, the environment and the roles will do.
    pub async fn probe_users(&self) -> Result<(), Error> {
        self.list_page_of_one().await
    }

    async fn list_page_of_one(&self) -> Result<(), Error> {
        let url = self.url(&[USERS], "limit=1");
        let described = format!("GET {}", url.path());
        let page = self.call_json(Call::get(url)).await?;
        match page
            .get("_embedded")
            .and_then(|embedded| embedded.get(USERS))
        {
            Some(Value::Array(_)) => Ok(()),
            _ => Err(unusable(
                &described,
                false,
                "`_embedded.users` is not a list",
            )),
        }
    }

    /// Reads a user.
    pub async fn read_user(&self, id: UserId) -> Result<User, Error> {
        let url = self.url(&[USERS, &id.to_string()], "");
        self.user_of(Call::get(url)).await
    }

    /// Whether there is such a user: PingOne answers 404 if not.
    pub async fn user_exists(&self, id: UserId) -> Result<bool, Error> {
        found(
            self.call_json(Call::get(self.url(&[USERS, &id.to_string()], "")))
                .await
                .map(drop),
        )
    }

    /// Creates a user. It is not tried again once it may have reached PingOne: there is nothing by which
    /// PingOne would know the second request for the same.
    pub async fn create_user(
        &self,
        username: &str,
        population: PopulationId,
    ) -> Result<User, Error> {
        let body = json!({"population": {"id": population.to_string()}, "username": username});
        let call = Call::with_body(Method::POST, self.url(&[USERS], ""), JSON, body);
        self.user_of(Call {
            repeat: Repeat::OnlyIfUnsent,
            ..call
        })
        .await
    }

    /// Changes the members that `change` has and leaves the others.
    pub async fn update_user(&self, id: UserId, change: &Value) -> Result<User, Error> {
        let url = self.url(&[USERS, &id.to_string()], "");
        self.user_of(Call::with_body(Method::PATCH, url, JSON, change.clone()))
            .await
    }

    /// Deletes a user.
    pub async fn delete_user(&self, id: UserId) -> Result<(), Error> {
        self.call_maybe_json(Call::delete(self.url(&[USERS, &id.to_string()], "")))
            .await
            .map(drop)
    }

    /// Unlocks the account; `None` if PingOne said nothing but that it did. Of a disabled user PingOne
    /// refuses it with 415, as if the media type were wrong.
    pub async fn unlock_user(&self, id: UserId) -> Result<Option<User>, Error> {
        let call = Call::operation(self.url(&[USERS, &id.to_string()], ""), UNLOCK);
        let described = format!("POST {}", call.url.path());
        let raw = self.call_maybe_json(call).await?;
        raw.map(|raw| self.user(&described, true, raw)).transpose()
    }

    /// Enables or disables a user. Gives PingOne's answer and the state it tells, if it tells one.
    pub async fn set_enabled(
        &self,
        id: UserId,
        enabled: bool,
    ) -> Result<(Option<Value>, Option<bool>), Error> {
        let url = self.url(&[USERS, &id.to_string(), "enabled"], "");
        let call = Call::with_body(Method::PUT, url, JSON, json!({"enabled": enabled}));
        let raw = self.call_maybe_json(call).await?;
        let now = raw
            .as_ref()
            .and_then(|raw| raw.get("enabled"))
            .and_then(Value::as_bool);
        Ok((raw.map(|raw| self.mask().value(raw)), now))
    }

    async fn user_of(&self, call: Call) -> Result<User, Error> {
        let (described, change) = (
            format!("{} {}", call.method, call.url.path()),
            call.method != Method::GET,
        );
        let raw = self.call_json(call).await?;
        self.user(&described, change, raw)
    }

    /// Reads a user out of an answer.
    fn user(&self, call: &str, change: bool, raw: Value) -> Result<User, Error> {
        let id = raw
            .get("id")
            .and_then(Value::as_str)
            .and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| unusable(call, change, "a user in it has no id"))?;
        // The id was taken before: masking may make it unreadable where a secret happens to be part of it.
        let returned = Returned::of(&raw);
        let raw = self.mask().value(raw);
        let fields = UserFields::deserialize(&raw).map_err(|error| {
            unusable(
                call,
                change,
                &format!("a user in it has another shape ({error})"),
            )
        })?;
        Ok(User {
            id,
            fields,
            raw,
            returned,
        })
    }
}

/// PingOne's 404 as the answer to whether something exists.
pub(super) fn found(result: Result<(), Error>) -> Result<bool, Error> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.status() == Some(404) => Ok(false),
        Err(error) => Err(error),
    }
}
