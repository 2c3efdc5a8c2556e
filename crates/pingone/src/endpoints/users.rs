//! Users: find, read, create, update and delete them, and change the state of their accounts.
//! <https://developer.pingidentity.com/pingone-api/platform/users/users-1.html>

use std::fmt;

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::{
    call::{Effect, JSON, List, Path, Read, Write},
    filter,
    id::{LinkedAccountId, UserId, read_id},
    retry::Repeat,
    secrets::Mask,
    times::to_rfc3339_millis,
};

/// Selects the unlock operation; the same address with other media types does other things.
/// <https://developer.pingidentity.com/pingone-api/platform/users/user-accounts/user-account-unlock.html>
const UNLOCK: &str = "application/vnd.pingidentity.account.unlock+json";

/// Selects the lock operation.
/// <https://developer.pingidentity.com/pingone-api/platform/users/user-accounts/user-account-lock.html>
const LOCK: &str = "application/vnd.pingidentity.account.lock+json";

/// Whether a media type selects an operation that PingOne refuses with 415 for a disabled user.
pub fn needs_enabled_user(operation: &str) -> bool {
    [LOCK, UNLOCK].contains(&operation)
}

/// When a user was enabled. PingOne may need a moment before it locks or unlocks a user who was disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnabledSince {
    /// Some time ago.
    Before,
    /// A moment ago, by the command under way.
    JustNow,
}

/// A user as PingOne returns it, with every secret masked.
#[derive(Debug)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// The members that the program uses.
    pub fields: UserFields,
    /// Everything that PingOne sent.
    pub raw: Value,
    /// The parts that an update sends back.
    pub returned: RoundTrip,
}

/// Members of a user that are sent back to PingOne unchanged. Secrets in them are not masked, or an update would write
/// the mask into the user; so they must not be shown.
pub struct RoundTrip(Map<String, Value>);

impl RoundTrip {
    fn of(raw: &Value) -> Self {
        let members = ["name", "address"].into_iter();
        Self(
            members
                .filter_map(|member| Some((member.to_owned(), raw.get(member)?.clone())))
                .collect(),
        )
    }

    /// The user's member of this name.
    pub fn get(&self, member: &str) -> Option<&Value> {
        self.0.get(member)
    }
}

impl fmt::Debug for RoundTrip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Returned")
    }
}

/// The names by which a user may be protected, not masked: for comparison only.
pub(crate) struct UserNames {
    pub(crate) username: String,
    pub(crate) email: Option<String>,
}

impl UserNames {
    /// Decodes the names; `None` if the answer is about another user or lacks them. A user need not have an email
    /// address.
    pub(crate) fn read(raw: &Value, id: UserId) -> Option<Self> {
        let text = |member| raw.get(member).and_then(Value::as_str);
        let is_this = text("id").and_then(|id| id.parse().ok()) == Some(id);
        let username = text("username").filter(|name| is_this && !name.is_empty());
        let email = match raw.get("email") {
            None | Some(Value::Null) => Some(None),
            Some(email) => email.as_str().map(|email| Some(email.to_owned())),
        };
        username.zip(email).map(|(username, email)| Self {
            username: username.to_owned(),
            email,
        })
    }
}

/// The members of a user that decisions depend on. PingOne omits what a user does not have; a member of the wrong type
/// counts as absent. What is only shown is taken from [`User::raw`].
#[derive(Debug, Default)]
pub struct UserFields {
    /// Unique in the environment.
    pub username: Option<String>,
    /// Whether the user may sign on at all.
    pub enabled: Option<bool>,
    /// When the user was created, in RFC 3339.
    pub created_at: Option<String>,
    /// The state of the account: `OK` or `LOCKED`; PingOne may add others.
    pub account_status: Option<String>,
    /// The id of the user's population.
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

    /// The state of the account, if the answer has it.
    pub fn account_status(&self) -> Option<&str> {
        self.account_status.as_deref()
    }
}

impl User {
    /// Decodes a user.
    pub(crate) fn read(raw: Value, mask: &Mask) -> Result<Self, String> {
        // The id is read first: masking may garble it if a secret happens to be part of it.
        let id = read_id(&raw, "a user")?;
        let returned = RoundTrip::of(&raw);
        let raw = mask.value(raw);
        let fields = UserFields::of(&raw);
        Ok(Self {
            id,
            fields,
            raw,
            returned,
        })
    }
}

const USERS: &str = "users";
const LINKED_ACCOUNTS: &str = "linkedAccounts";

/// The users of the environment.
pub(crate) fn users() -> List {
    List::at(Path::of(&[USERS]), USERS)
}

/// The users of the environment, each with the name of its population. Where PingOne puts the name is UNCONFIRMED.
/// <https://developer.pingidentity.com/pingone-api/platform/users/users-1/read-all-users.html>
pub(crate) fn with_populations() -> List {
    users().query(&[("expand", "population")])
}

/// The users with this value in an attribute. PingOne's filter ignores case, and whether it reads an escaped value as
/// intended is UNCONFIRMED; so its answers must be compared again.
pub(crate) fn with_attribute(attribute: &str, value: &str) -> List {
    users().query(&[("filter", &filter::equals(attribute, value))])
}

/// Any single user of the environment.
pub(crate) fn any_user() -> Read {
    users().query(&[("limit", "1")]).into_read()
}

/// Checks that an answer is a page of users.
pub(crate) fn check_page(page: &Value) -> Result<(), String> {
    let users = page
        .get("_embedded")
        .and_then(|embedded| embedded.get(USERS));
    match users {
        Some(Value::Array(_)) => Ok(()),
        _ => Err("`_embedded.users` is not a list".to_owned()),
    }
}

/// The accounts at other identity providers that are linked to a user.
/// <https://developer.pingidentity.com/pingone-api/platform/users/linked-accounts.html>
pub fn linked_accounts(user: UserId) -> List {
    List::at(Path::of_user(user, &[LINKED_ACCOUNTS]), LINKED_ACCOUNTS)
}

/// Removes the link to an account: the user can no longer sign on with it.
pub(crate) fn unlink(user: UserId, account: LinkedAccountId) -> Write {
    let path = Path::of_user(user, &[LINKED_ACCOUNTS, &account.to_string()]);
    Write::delete(path, Effect::User(user))
}

/// A user.
pub(crate) fn user(id: UserId) -> Read {
    Read::at(Path::of_user(id, &[]))
}

/// Creates a user. It is not retried once it may have reached PingOne, which could not recognize the second request as
/// a duplicate.
pub(crate) fn create(user: Value) -> Write {
    Write::bare(Method::POST, Path::of(&[USERS]), Effect::NewUser)
        .with_body(JSON, user)
        .with_repeat(Repeat::OnlyIfUnsent)
}

/// Changes the members that `change` has and leaves the others alone.
pub(crate) fn update(id: UserId, change: Value) -> Write {
    let path = Path::of_user(id, &[]);
    Write::bare(Method::PATCH, path, Effect::User(id)).with_body(JSON, change)
}

/// Deletes a user.
pub(crate) fn delete(id: UserId) -> Write {
    Write::delete(Path::of_user(id, &[]), Effect::User(id))
}

/// Unlocks the account. PingOne refuses this for a disabled user with 415, as if the media type were wrong.
pub(crate) fn unlock(id: UserId) -> Write {
    Write::operation(Path::of_user(id, &[]), UNLOCK, Effect::User(id))
}

/// Locks the account until `until`, or until an administrator unlocks it. PingOne refuses this for a disabled user
/// with 415. That a lock without an end has none is UNCONFIRMED (the page hints otherwise), so callers must check the
/// answer.
pub(crate) fn lock(id: UserId, until: Option<jiff::Timestamp>) -> Write {
    let lock = Write::operation(Path::of_user(id, &[]), LOCK, Effect::User(id));
    match until {
        Some(until) => lock.with_body(LOCK, json!({"unlockAt": to_rfc3339_millis(until)})),
        None => lock,
    }
}

/// Enables or disables a user.
pub(crate) fn set_enabled(id: UserId, enabled: bool) -> Write {
    let path = Path::of_user(id, &["enabled"]);
    Write::bare(Method::PUT, path, Effect::User(id)).with_body(JSON, json!({"enabled": enabled}))
}
