//! A user's sessions at PingOne. That ending one also revokes the access tokens issued through it is UNCONFIRMED.
//! <https://developer.pingidentity.com/pingone-api/platform/users/user-sessions.html>

use std::{borrow::Borrow, net::IpAddr};

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    call::{Effect, List, Path, Read, Write},
    id::{SessionId, UserId},
    secrets::Mask,
};

const SESSIONS: &str = "sessions";

/// A session as PingOne returns it, with every secret masked.
#[derive(Debug)]
pub struct Session {
    /// Its id, if it has a valid one.
    pub id: Option<SessionId>,
    /// Everything that PingOne sent.
    pub raw: Value,
    expires: Option<Timestamp>,
}

impl Session {
    /// Decodes a session.
    pub(crate) fn read(raw: Value, mask: &Mask) -> Self {
        let text = |member: &str| raw.get(member).and_then(Value::as_str);
        // Read before masking, which may garble them if a secret happens to be part of them.
        let id = text("id").and_then(|id| id.parse().ok());
        let expires = text("expiresAt").and_then(|at| at.parse().ok());
        Self {
            id,
            expires,
            raw: mask.value(raw),
        }
    }

    /// Whether the session has expired at `now`, which is PingOne's time: PingOne keeps listing expired sessions.
    /// `None` if PingOne does not say when it expires.
    /// <https://developer.pingidentity.com/pingone-api/platform/users/user-sessions/read-all-sessions.html>
    pub fn has_expired(&self, now: Timestamp) -> Option<bool> {
        self.expires.map(|expires| expires <= now)
    }

    /// Whether the user signed on from this address, or was seen there since: PingOne keeps the last five locations.
    pub fn was_at(&self, ip: IpAddr) -> bool {
        let locations = self.raw.get("locations").and_then(Value::as_array);
        let seen = locations.into_iter().flatten();
        let is_ip = |place: &Value| {
            let own = place.get("remoteIp").and_then(Value::as_str);
            own.and_then(|own| own.parse().ok()) == Some(ip)
        };
        self.raw
            .get("lastSignOn")
            .into_iter()
            .chain(seen)
            .any(is_ip)
    }

    /// Whether somebody may be signed on with it at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.has_expired(now) != Some(true)
    }
}

impl From<Session> for Value {
    fn from(session: Session) -> Self {
        session.raw
    }
}

impl Borrow<Value> for Session {
    fn borrow(&self) -> &Value {
        &self.raw
    }
}

/// The sessions of a user, newest first, including expired ones. PingOne lists ten at most.
pub(crate) fn of_user(user: UserId) -> List {
    List::at(Path::of_user(user, &[SESSIONS]), SESSIONS)
}

/// A session, even one that PingOne does not list.
pub(crate) fn session(user: UserId, session: SessionId) -> Read {
    Read::at(session_path(user, session))
}

/// Ends a session.
pub(crate) fn end(user: UserId, session: SessionId) -> Write {
    Write::delete(session_path(user, session), Effect::User(user))
}

fn session_path(user: UserId, session: SessionId) -> Path {
    Path::of_user(user, &[SESSIONS, &session.to_string()])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_session_is_live_until_its_expiry() {
        let session = |expires: Value| {
            Session::read(json!({"id": "x", "expiresAt": expires}), &Mask::default())
        };
        let now = "2026-03-04T10:00:00Z".parse().expect("a time");
        for (expires, has_expired) in [
            (json!("2026-03-04T10:00:00.001Z"), Some(false)),
            (json!("2026-03-04T10:00:00.000Z"), Some(true)),
            (json!("2026-02-01T07:58:44.102Z"), Some(true)),
            (json!("2026-03-04T12:00:00+02:00"), Some(true)),
            (json!("soon"), None),
            (json!(1_772_000_000), None),
            (Value::Null, None),
        ] {
            let session = session(expires.clone());
            assert_eq!(session.has_expired(now), has_expired, "{expires}");
            assert_eq!(session.is_live(now), has_expired != Some(true), "{expires}");
        }
    }
}
