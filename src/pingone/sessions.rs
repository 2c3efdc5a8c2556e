//! Sessions of a user at PingOne. That ending one also ends the access tokens that came from it is
//! UNCONFIRMED. <https://developer.pingidentity.com/pingone-api/platform/users/user-sessions.html>

use serde_json::Value;

use super::{
    client::{Call, Client},
    error::Error,
    id::{SessionId, UserId},
    policy::Touches,
    users::found,
};

const SESSIONS: &str = "sessions";

impl Client<'_> {
    /// The sessions, newest first. PingOne lists ten at the most.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Value>, Error> {
        let listing = self
            .list(self.user_url(user, &[SESSIONS]), SESSIONS)
            .await?;
        listing.into_items(&self.mask())
    }

    /// Whether there is such a session, also one that is not among those that PingOne lists.
    pub async fn session_exists(&self, user: UserId, session: SessionId) -> Result<bool, Error> {
        let url = self.user_url(user, &[SESSIONS, &session.to_string()]);
        found(self.call_json(Call::get(url)).await.map(drop))
    }

    /// Ends a session; false if it had ended already.
    pub async fn end_session(&self, user: UserId, session: SessionId) -> Result<bool, Error> {
        let url = self.user_url(user, &[SESSIONS, &session.to_string()]);
        found(
            self.call_maybe_json(Call::delete(url, Touches::User(user)))
                .await
                .map(drop),
        )
    }
}
