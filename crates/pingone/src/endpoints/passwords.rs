//! Passwords. All operations share one address; method and media type select the operation.
//! <https://developer.pingidentity.com/pingone-api/platform/users/user-passwords.html>

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{
    call::{Effect, Path, Read, Write},
    id::UserId,
    retry::Repeat,
};

/// An administrator's reset: subject to no policy, and the user must change the password at the next sign-on.
const RESET: &str = "application/vnd.pingidentity.password.reset+json";
/// Sets a password, subject to the policy.
const SET: &str = "application/vnd.pingidentity.password.set+json";
/// Ends a password lockout.
const UNLOCK: &str = "application/vnd.pingidentity.password.unlock+json";
/// Another spelling of the same operation.
const BARE_UNLOCK: &str = "application/vnd.pingidentity.password.unlock";
/// Documented without `+json`, unlike its neighbours.
const FORCE_CHANGE: &str = "application/vnd.pingidentity.password.forceChange";

/// Sets a password that the user must change at the next sign-on.
pub(crate) fn reset(user: UserId, password: &SecretString) -> Write {
    let body = json!({"newPassword": password.expose_secret()});
    Write::bare(Method::PUT, path(user), Effect::User(user)).with_body(RESET, body)
}

/// How a password is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct PasswordOptions {
    /// The user must change it at the next sign-on.
    pub force_change: bool,
    /// The password policy does not apply.
    pub bypass_policy: bool,
}

/// Sets a password. If the policy applies, it is not retried once it may have reached PingOne: the password would be
/// in the history already, and be refused for that.
pub(crate) fn set(user: UserId, password: &SecretString, options: PasswordOptions) -> Write {
    let PasswordOptions {
        force_change,
        bypass_policy,
    } = options;
    let body = json!({"value": password.expose_secret(), "forceChange": force_change, "bypassPolicy": bypass_policy});
    let repeat = if bypass_policy {
        Repeat::Safe
    } else {
        Repeat::OnlyIfUnsent
    };
    Write::bare(Method::PUT, path(user), Effect::User(user))
        .with_body(SET, body)
        .with_repeat(repeat)
}

/// Makes the user change the password at the next sign-on. PingOne documents 200; 204 is accepted too.
pub(crate) fn force_change(user: UserId) -> Write {
    Write::operation(path(user), FORCE_CHANGE, Effect::User(user))
}

/// Ends a lockout after too many wrong passwords, in both spellings of the media type: the page has it with and
/// without `+json` (UNCONFIRMED which is right), so the second follows if the first is refused.
pub(crate) fn unlock(user: UserId) -> [Write; 2] {
    [UNLOCK, BARE_UNLOCK]
        .map(|media_type| Write::operation(path(user), media_type, Effect::User(user)))
}

/// Reads the state of the password, never the password.
pub(crate) fn state(user: UserId) -> Read {
    Read::at(path(user))
}

/// Checks that an answer has the state of a password.
pub(crate) fn check_state(raw: Value) -> Result<Value, String> {
    if raw.get("status").is_some_and(Value::is_string) {
        Ok(raw)
    } else {
        Err("it has no status".to_owned())
    }
}

fn path(user: UserId) -> Path {
    Path::of_user(user, &["password"])
}
