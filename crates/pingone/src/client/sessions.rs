//! A user's sessions at PingOne.

use super::Client;
use crate::{
    endpoints::sessions::{self, Session},
    error::{Error, exists_or_404},
    id::{SessionId, UserId},
};

impl Client<'_> {
    /// The sessions, newest first, including expired ones. PingOne lists ten at most.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>, Error> {
        let listing = self.reader().list(sessions::of_user(user)).await?;
        let mask = self.mask();
        let sessions = listing.into_raw_items()?.into_iter();
        Ok(sessions
            .map(|session| Session::read(session, &mask))
            .collect())
    }

    /// A session, even one that PingOne does not list; `None` if there is none with this id.
    pub async fn session(
        &self,
        user: UserId,
        session: SessionId,
    ) -> Result<Option<Session>, Error> {
        let read = sessions::session(user, session);
        self.read_if_exists(read, |raw| Ok(Session::read(raw, &self.mask())))
            .await
    }

    /// Ends a session; false if it had ended already.
    pub async fn end_session(&self, user: UserId, session: SessionId) -> Result<bool, Error> {
        exists_or_404(self.write(sessions::end(user, session)).await)
    }
}
