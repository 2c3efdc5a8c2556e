//! Users: finding, reading, creating, changing and deleting them, and their account's state.
//! <https://developer.pingidentity.com/pingone-api/platform/users/users-1.html>

use std::fmt;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    client::{Call, Client, JSON, unusable},
    error::Error,
    filter,
    id::{UserId, read_id},
    names::{closest, likeness},
    pages::{Paging, Part},
    policy::Touches,
    retry::Repeat,
};
use crate::times::written;

/// Selects the unlock operation; the same address with other media types does other things.
/// <https://developer.pingidentity.com/pingone-api/platform/users/user-accounts/user-account-unlock.html>
const UNLOCK: &str = "application/vnd.pingidentity.account.unlock+json";

/// Selects the lock operation.
/// <https://developer.pingidentity.com/pingone-api/platform/users/user-accounts/user-account-lock.html>
const LOCK: &str = "application/vnd.pingidentity.account.lock+json";

/// Whether a media type selects an operation that PingOne refuses with 415 where the user is disabled.
pub fn needs_enabled_user(operation: &str) -> bool {
    [LOCK, UNLOCK].contains(&operation)
}

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

/// What a user may be called, not masked.
pub(super) struct UserNames {
    pub(super) username: String,
    pub(super) email: Option<String>,
}

/// The members of a user on which decisions rest. What a user does not have PingOne leaves out; one of another kind
/// than it should be says as little. What is only shown is taken from [`User::raw`] as it came.
#[derive(Debug, Default)]
pub struct UserFields {
    /// Unique in the environment.
    pub username: Option<String>,
    /// Whether the user may sign on at all.
    pub enabled: Option<bool>,
    /// RFC 3339.
    pub created_at: Option<String>,
    /// The state of the account: `OK` or `LOCKED`; others may come.
    pub account_status: Option<String>,
    /// The id of the population that the user is in.
    pub population: Option<String>,
}

impl UserFields {
    fn of(raw: &Value) -> Self {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let part =
            |object: &str, member: &str| text(raw.get(object).and_then(|part| part.get(member)));
        Self {
            username: text(raw.get("username")),
            enabled: raw.get("enabled").and_then(Value::as_bool),
            created_at: text(raw.get("createdAt")),
            account_status: part("account", "status"),
            population: part("population", "id"),
        }
    }

    /// The state of the account, if PingOne told it.
    pub fn account_status(&self) -> Option<&str> {
        self.account_status.as_deref()
    }
}

/// What `GET …/users` calls its list.
const USERS: &str = "users";

impl Client<'_> {
    /// The users of this name: none or one, unless PingOne holds names that differ in case alone. PingOne's
    /// filter ignores case, and whether it reads an escaped value as meant is unconfirmed; so its answers
    /// are compared again.
    pub async fn find_users(&self, username: &str) -> Result<Vec<User>, Error> {
        self.find_users_by("username", username).await
    }

    /// The users with this e-mail address, which need not be unique.
    pub async fn find_users_by_email(&self, email: &str) -> Result<Vec<User>, Error> {
        self.find_users_by("email", email).await
    }

    async fn find_users_by(&self, attribute: &str, value: &str) -> Result<Vec<User>, Error> {
        let url = self.url(
            &[USERS],
            &filter::query(&[("filter", &filter::equals(attribute, value))]),
        );
        let call = format!("GET {}", url.path());
        let listing = self.list(url, USERS).await?;
        let alike = listing.items.into_iter().filter_map(|raw| {
            let likeness = likeness(value, raw.get(attribute)?.as_str()?)?;
            Some((likeness, raw))
        });
        let found = closest(alike.collect()).into_iter();
        found.map(|raw| self.user(&call, false, raw)).collect()
    }

    /// Asks for a single user of the environment: whether the credentials, the environment and the roles will do.
    pub async fn probe_users(&self) -> Result<(), Error> {
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
        self.user_of(Call::get(self.user_url(id, &[]))).await
    }

    /// The names by which a user may be protected, not masked: for comparing, never for showing. `None` if the
    /// answer is not about this user, or does not tell them. A user need not have an e-mail address.
    pub(super) async fn user_names(&self, id: UserId) -> Result<Option<UserNames>, Error> {
        let raw = self.call_json(Call::get(self.user_url(id, &[]))).await?;
        let text = |member| raw.get(member).and_then(Value::as_str);
        let is_this = text("id").and_then(|id| id.parse().ok()) == Some(id);
        let username = text("username").filter(|name| is_this && !name.is_empty());
        let email = match raw.get("email") {
            None | Some(Value::Null) => Some(None),
            Some(email) => email.as_str().map(|email| Some(email.to_owned())),
        };
        Ok(username.zip(email).map(|(username, email)| UserNames {
            username: username.to_owned(),
            email,
        }))
    }

    /// Whether there is such a user: PingOne answers 404 if not.
    pub async fn user_exists(&self, id: UserId) -> Result<bool, Error> {
        found(
            self.call_json(Call::get(self.user_url(id, &[])))
                .await
                .map(drop),
        )
    }

    /// Creates a user. It is not tried again once it may have reached PingOne: there is nothing by which
    /// PingOne would know the second request for the same.
    pub async fn create_user(&self, user: &Value) -> Result<User, Error> {
        let call = Call::with_body(
            Method::POST,
            self.url(&[USERS], ""),
            JSON,
            user.clone(),
            Touches::NewUser,
        );
        self.user_of(Call {
            repeat: Repeat::OnlyIfUnsent,
            ..call
        })
        .await
    }

    /// Changes the members that `change` has and leaves the others.
    pub async fn update_user(&self, id: UserId, change: &Value) -> Result<User, Error> {
        let url = self.user_url(id, &[]);
        self.user_of(Call::with_body(
            Method::PATCH,
            url,
            JSON,
            change.clone(),
            Touches::User(id),
        ))
        .await
    }

    /// Deletes a user.
    pub async fn delete_user(&self, id: UserId) -> Result<(), Error> {
        self.call_maybe_json(Call::delete(self.user_url(id, &[]), Touches::User(id)))
            .await
            .map(drop)
    }

    /// Unlocks the account; `None` if PingOne said nothing but that it did. Of a disabled user PingOne
    /// refuses it with 415, as if the media type were wrong; `once_enabled` says that the user was enabled a
    /// moment ago, so that this may pass.
    pub async fn unlock_user(&self, id: UserId, once_enabled: bool) -> Result<Option<User>, Error> {
        let unlock = Call::operation(self.user_url(id, &[]), UNLOCK, Touches::User(id));
        self.account_call(unlock, once_enabled).await
    }

    /// Locks the account, until `until` or until an administrator unlocks it. Of a disabled user PingOne
    /// refuses it with 415; `once_enabled` as for unlocking. That no end means no end is UNCONFIRMED (the page
    /// hints otherwise), so the answer has to be looked at.
    pub async fn lock_user(
        &self,
        id: UserId,
        until: Option<jiff::Timestamp>,
        once_enabled: bool,
    ) -> Result<Option<User>, Error> {
        let url = self.user_url(id, &[]);
        let touches = Touches::User(id);
        let call = match until {
            Some(until) => Call::with_body(
                Method::POST,
                url,
                LOCK,
                json!({"unlockAt": written(until)}),
                touches,
            ),
            None => Call::operation(url, LOCK, touches),
        };
        self.account_call(call, once_enabled).await
    }

    async fn account_call(&self, call: Call, once_enabled: bool) -> Result<Option<User>, Error> {
        let repeat = if once_enabled {
            Repeat::SafeOnceEnabled
        } else {
            Repeat::Safe
        };
        let call = Call { repeat, ..call };
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
        let url = self.user_url(id, &["enabled"]);
        let raw = self
            .change(Call::with_body(
                Method::PUT,
                url,
                JSON,
                json!({"enabled": enabled}),
                Touches::User(id),
            ))
            .await?;
        let now = raw
            .as_ref()
            .and_then(|raw| raw.get("enabled"))
            .and_then(Value::as_bool);
        Ok((raw, now))
    }

    /// Users that a filter finds; none is every user.
    pub async fn search_users(&self, filter: Option<&str>, paging: &Paging) -> Result<Part, Error> {
        self.list_part(&[USERS], USERS, filter, paging).await
    }

    async fn user_of(&self, call: Call) -> Result<User, Error> {
        let (described, change) = (
            format!("{} {}", call.method, call.url.path()),
            call.method != Method::GET,
        );
        let raw = self.call_json(call).await?;
        self.user(&described, change, raw)
    }

    /// The id of a user out of a list that a search gave.
    pub fn listed_user(&self, raw: &Value) -> Result<UserId, Error> {
        read_id(raw, "a user").map_err(|reason| unusable("GET users", false, &reason))
    }

    /// Reads a user out of an answer.
    fn user(&self, call: &str, change: bool, raw: Value) -> Result<User, Error> {
        // The id is taken first: masking may make it unreadable where a secret happens to be part of it.
        let id = read_id(&raw, "a user").map_err(|reason| unusable(call, change, &reason))?;
        let returned = Returned::of(&raw);
        let raw = self.mask().value(raw);
        let fields = UserFields::of(&raw);
        Ok(User {
            id,
            fields,
            raw,
            returned,
        })
    }
}

/// PingOne's 404 as the answer to whether something exists, or existed until a DELETE: where an earlier try of
/// it got no answer, that it is gone now is its doing.
pub(super) fn found(result: Result<(), Error>) -> Result<bool, Error> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.status() == Some(404) => Ok(error.tries.outcome_unknown),
        Err(error) => Err(error),
    }
}
