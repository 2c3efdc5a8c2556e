//! Sessions of a user at PingOne. That ending one also ends the access tokens that came from it is
//! UNCONFIRMED. <https://developer.pingidentity.com/pingone-api/platform/users/user-sessions.html>

use std::borrow::Borrow;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    call::{Effect, List, Path, Read, Write},
    id::{SessionId, UserId},
    secrets::Mask,
};

const SESSIONS: &str = "sessions";

/// A session as PingOne describes it, with every secret masked.
#[derive(Debug)]
pub struct Session {
    /// Its id, if PingOne tells one that can be used.
    pub id: Option<SessionId>,
    /// Everything that PingOne sent.
    pub raw: Value,
    expires: Option<Timestamp>,
}

impl Session {
    /// Reads a session out of an answer.
    pub(crate) fn read(raw: Value, mask: &Mask) -> Self {
        let text = |member: &str| raw.get(member).and_then(Value::as_str);
        // Both are taken before masking, which may make them unreadable where a secret happens to be part of them.
        let id = text("id").and_then(|id| id.parse().ok());
        let expires = text("expiresAt").and_then(|at| at.parse().ok());
        Self {
            id,
            expires,
            raw: mask.value(raw),
        }
    }

    /// Whether nobody is signed on with it any more at `now`, which is PingOne's time: PingOne goes on listing
    /// sessions that have expired. `None` if PingOne does not say when it expires.
    /// <https://developer.pingidentity.com/pingone-api/platform/users/user-sessions/read-all-sessions.html>
    pub fn has_expired(&self, now: Timestamp) -> Option<bool> {
        self.expires.map(|expires| expires <= now)
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

/// The sessions of a user, newest first, those that have expired among them. PingOne lists ten at the most.
pub(crate) fn of_user(user: UserId) -> List {
    List::at(Path::of_user(user, &[SESSIONS]), SESSIONS)
}

/// A session, also one that is not among those that PingOne lists.
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
    fn a_session_is_live_until_pingone_says_that_it_expired() {
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
