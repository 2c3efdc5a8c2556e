//! A user as PingOne renders it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::model::alternative::Alternative;
use crate::model::clock::{format_timestamp, seconds_until};
use crate::model::store::{ProviderReference, Store, User};
use crate::render::hal::link;

/// A user as PingOne renders it: empty members are absent, not null.
pub(crate) fn to_json(store: &Store, user: &User, now: Timestamp) -> Value {
    let url = store.user_url(&user.id);
    let password = format!("{url}/password");
    let mut value = Map::new();
    value.insert(
        "_links".to_owned(),
        json!({
            "self": link(&url),
            "password": link(&password),
            "password.set": link(&password),
            "password.reset": link(&password),
            "password.check": link(&password),
            "password.recover": link(&password),
            "account.sendVerificationCode": link(&url),
            "linkedAccounts": link(&format!("{url}/linkedAccounts")),
        }),
    );
    value.insert("id".to_owned(), user.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": store.environment.id }),
    );
    value.insert("account".to_owned(), account(store, user, now));
    let mut rest = user.profile.clone();
    rest.insert(
        "createdAt".to_owned(),
        format_timestamp(user.created_at).into(),
    );
    rest.insert(
        "updatedAt".to_owned(),
        format_timestamp(user.updated_at).into(),
    );
    rest.insert("enabled".to_owned(), user.enabled.into());
    rest.insert("identityProvider".to_owned(), identity_provider(user));
    if let Some((at, remote_ip)) = &user.last_sign_on {
        rest.insert(
            "lastSignOn".to_owned(),
            json!({ "at": format_timestamp(*at), "remoteIp": remote_ip }),
        );
    }
    rest.insert("lifecycle".to_owned(), json!({ "status": user.lifecycle }));
    if let Some(verified) = user.email_verified {
        rest.insert("emailVerified".to_owned(), verified.into());
    }
    rest.insert("mfaEnabled".to_owned(), user.mfa_enabled.into());
    rest.insert("population".to_owned(), json!({ "id": user.population }));
    rest.insert("verifyStatus".to_owned(), "NOT_INITIATED".into());
    // Recordings have the members after `account` in alphabetical order.
    let mut rest: Vec<(String, Value)> = rest.into_iter().collect();
    rest.sort_by(|(left, _), (right, _)| left.cmp(right));
    value.extend(rest);
    value.into()
}

/// The `identityProvider` member.
pub(crate) fn identity_provider(user: &User) -> Value {
    match &user.identity_provider {
        None => json!({ "type": "PING_ONE" }),
        Some(ProviderReference { id: None, kind }) => json!({ "type": kind }),
        Some(ProviderReference { id, kind }) => json!({ "id": id, "type": kind }),
    }
}

/// The `account` member. UNCONFIRMED: that a disabled user's status is `OK`, and that a password
/// lockout appears as `LOCKED` without `lockedAt`.
fn account(store: &Store, user: &User, now: Timestamp) -> Value {
    let lock = user.lock_at(now);
    let lockout = user
        .password
        .lockout(&store.policy, now)
        .filter(|_| !store.uses(Alternative::LockoutStaysOutOfAccount));
    let locked = lock.is_some() || lockout.is_some();
    let mut value = Map::new();
    value.insert(
        "canAuthenticate".to_owned(),
        (user.enabled && !locked).into(),
    );
    if let Some(lock) = lock {
        value.insert("lockedAt".to_owned(), format_timestamp(lock.at).into());
    }
    let until = match lock {
        Some(lock) => lock.until,
        None => lockout.and_then(|lockout| lockout.until),
    };
    if let Some(seconds) = until.and_then(|until| seconds_until(now, until)) {
        value.insert("secondsUntilUnlock".to_owned(), seconds.into());
    }
    let status = if locked { "LOCKED" } else { "OK" };
    value.insert("status".to_owned(), status.into());
    if let Some(until) = lock.and_then(|lock| lock.until) {
        value.insert("unlockAt".to_owned(), format_timestamp(until).into());
    }
    value.into()
}
