//! A call's way to its token: the one that is known, a new one, and what follows when PingOne refuses it. What a token
//! is and how it is asked for is known to `token.rs`.

use secrecy::SecretString;
use zeroize::Zeroize as _;

use super::{
    client::{Client, check_content_type},
    error::{Error, Problem, Refusal, Tries},
    retry::Repeat,
    token::{self, ClientAuthentication, TokenState},
    transport::Reply,
};
use crate::journal::Level;

/// What PingOne definitely refused.
#[derive(Clone)]
pub(super) enum Refused {
    /// To give a token.
    Credentials(Refusal),
    /// A token that it had given for this command.
    FreshToken(Refusal),
}

impl Refused {
    fn error(self) -> Error {
        let problem = match self {
            Self::Credentials(refusal) => Problem::NoToken(refusal),
            Self::FreshToken(refusal) => Problem::Refused(refusal),
        };
        Error {
            problem: Box::new(problem),
            tries: Tries::default(),
        }
    }
}

impl Client<'_> {
    /// Whether the call is to be made once more with a new token. PingOne refuses a token with 401. One that was
    /// stored may be broken in other ways, so that it is also dropped after what a gateway says of a bad header;
    /// where a permission is missing, that costs one more call. After a second 401 no further call has a chance.
    pub(super) async fn gives_up_token(
        &self,
        reply: &Reply,
        token: &SecretString,
        renewed: bool,
    ) -> bool {
        if reply.is_success() {
            // If a token is being asked for just now, another is in use soon.
            if let Ok(mut state) = self.connection.token.try_lock() {
                state.prove(token);
            }
            return false;
        }
        if !matches!(reply.status, 400 | 401 | 403 | 431) {
            return false;
        }
        let mut state = self.connection.token.lock().await;
        if reply.status != 401 && (renewed || !state.is_unproven(token)) {
            return false;
        }
        state.refuse(token);
        if renewed {
            let refusal = Refusal::read(reply, &self.mask());
            self.refused.replace(Some(Refused::FreshToken(refusal)));
            return false;
        }
        let note = if reply.status == 401 {
            "PingOne refused the access token; asking for a new one".to_owned()
        } else {
            format!(
                "PingOne answered {} to a stored access token; asking for a new one",
                reply.status
            )
        };
        self.journal.note(Level::Info, note);
        true
    }

    /// A token that is good for one more call.
    pub(super) async fn bearer(&self) -> Result<SecretString, Error> {
        let mut state = self.connection.token.lock().await;
        if let Some(refused) = self.refused.borrow().clone() {
            return Err(refused.error());
        }
        if state.usable(self.connection.clock.now()).is_none() {
            // One that is about to end is still a secret.
            if let Some(token) = state.current() {
                self.hide(token);
            }
            self.authenticate(&mut state).await?;
        }
        // After `authenticate` there is one; an empty token would be refused by PingOne.
        let token = state.current().cloned().unwrap_or_default();
        self.hide(&token);
        Ok(token)
    }

    /// Asks for a token, in the way that worked last, then in the other if PingOne wants that.
    async fn authenticate(&self, state: &mut TokenState) -> Result<(), Error> {
        let began = self.connection.clock.elapsed();
        let mut tries = Tries::default();
        let first = state.authentication;
        let second = match first {
            ClientAuthentication::Basic => ClientAuthentication::Form,
            ClientAuthentication::Form => ClientAuthentication::Basic,
        };
        let mut refusal = match self.ask_for_token(state, first, &mut tries).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(refusal)) => Ok(refusal),
            Err(problem) => Err(problem),
        };
        if let Ok(unsupported) = &refusal
            && wants_other_method(unsupported)
        {
            tries = Tries::default();
            match self.ask_for_token(state, second, &mut tries).await {
                Ok(Ok(())) => return Ok(()),
                // Of two refusals, that which does not merely dislike the method tells what is wrong.
                Ok(Err(other)) if !wants_other_method(&other) => refusal = Ok(other),
                Ok(Err(_)) => {}
                Err(problem) => refusal = Err(problem),
            }
        }
        tries.elapsed = self.connection.clock.elapsed().saturating_sub(began);
        if let Ok(refusal) = &refusal
            && refusal.is_definite()
        {
            let refused = Refused::Credentials(refusal.clone());
            self.refused.replace(Some(refused));
        }
        Err(Error {
            problem: Box::new(refusal.map_or_else(|problem| problem, Problem::NoToken)),
            tries,
        })
    }

    /// One way of asking. The inner error is PingOne's refusal.
    async fn ask_for_token(
        &self,
        state: &mut TokenState,
        authentication: ClientAuthentication,
        tries: &mut Tries,
    ) -> Result<Result<(), Refusal>, Problem> {
        let request = token::request(&self.connection.settings, authentication);
        let mut reply = self.attempts(&request, Repeat::Safe, tries).await?;
        if !reply.is_success() {
            return Ok(Err(Refusal::read(&reply, &self.mask())));
        }
        let now = self.connection.clock.now();
        let accepted =
            check_content_type(&reply).and_then(|()| state.accept(&reply, authentication, now));
        reply.body.zeroize();
        match accepted {
            Ok(()) => Ok(Ok(())),
            Err(reason) => Err(Problem::Answer {
                call: request.call(),
                reason: reason.to_owned(),
                change: false,
            }),
        }
    }
}

/// PingOne's text for a worker application that is set to the other method.
/// `invalid_client` alone does not tell the two apart.
fn wants_other_method(refusal: &Refusal) -> bool {
    let message = refusal
        .message
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    matches!(refusal.status, 400 | 401) && message.contains("unsupported authentication method")
}
