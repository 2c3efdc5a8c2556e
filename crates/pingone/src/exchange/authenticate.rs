//! A call's way to its token: the one that is known, a new one, and what follows when PingOne refuses it. What a token
//! is and how it is asked for is known to `token.rs`.

use std::cell::RefCell;

use secrecy::SecretString;
use zeroize::Zeroize as _;

use super::dispatcher::Dispatcher;
use crate::{
    answer::check_content_type,
    error::{Attempts, Error, Problem, Refusal},
    journal::Level,
    retry::Repeat,
    token::{self, ClientAuthentication, TokenState},
    wire::Reply,
};

/// What PingOne definitely refused.
#[derive(Clone)]
enum Refused {
    /// To give a token.
    Credentials(Refusal),
    /// A token that it had given for this command.
    FreshToken(Refusal),
}

impl Refused {
    fn into_error(self) -> Error {
        match self {
            Self::Credentials(refusal) => Problem::NoToken(refusal),
            Self::FreshToken(refusal) => Problem::Refused(refusal),
        }
        .into()
    }
}

/// Whether a call had a new token already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenSource {
    /// It goes with the one that was known.
    Cached,
    /// PingOne refused that one, and it goes with a new one.
    Renewed,
}

/// Gets the tokens of one command.
#[derive(Default)]
pub(super) struct Authenticator {
    /// Why no further call is made: PingOne definitely refuses the credentials, or a token that it just gave.
    refused: RefCell<Option<Refused>>,
}

impl Authenticator {
    /// Whether the call is to be made once more with a new token. PingOne refuses a token with 401. One that was
    /// stored may be broken in other ways, so that it is also dropped after what a gateway says of a bad header;
    /// where a permission is missing, that costs one more call. After a second 401 no further call has a chance.
    pub(super) async fn should_renew_token(
        &self,
        dispatcher: &Dispatcher<'_>,
        reply: &Reply,
        token: &SecretString,
        source: TokenSource,
    ) -> bool {
        let connection = dispatcher.connection;
        if reply.is_success() {
            // If a token is being asked for just now, another is in use soon.
            if let Ok(mut state) = connection.token.try_lock() {
                state.prove(token);
            }
            return false;
        }
        if !matches!(reply.status, 400 | 401 | 403 | 431) {
            return false;
        }
        let mut state = connection.token.lock().await;
        if reply.status != 401 && (source == TokenSource::Renewed || !state.is_unproven(token)) {
            return false;
        }
        state.refuse(token);
        if source == TokenSource::Renewed {
            let refusal = Refusal::read(reply, &dispatcher.mask());
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
        dispatcher.journal.log(Level::Info, note);
        true
    }

    /// A token that is good for one more call.
    pub(super) async fn bearer(&self, dispatcher: &Dispatcher<'_>) -> Result<SecretString, Error> {
        let mut state = dispatcher.connection.token.lock().await;
        if let Some(refused) = self.refused.borrow().clone() {
            return Err(refused.into_error());
        }
        if state.usable(dispatcher.connection.clock.now()).is_none() {
            // One that is about to end is still a secret.
            if let Some(token) = state.current() {
                dispatcher.hide(token);
            }
            self.authenticate(dispatcher, &mut state).await?;
        }
        // After `authenticate` there is one; an empty token would be refused by PingOne.
        let token = state.current().cloned().unwrap_or_default();
        dispatcher.hide(&token);
        Ok(token)
    }

    /// Asks for a token, in the way that worked last, then in the other if PingOne wants that.
    async fn authenticate(
        &self,
        dispatcher: &Dispatcher<'_>,
        state: &mut TokenState,
    ) -> Result<(), Error> {
        let began = dispatcher.elapsed();
        let mut attempts = Attempts::default();
        let first = state.authentication;
        let second = match first {
            ClientAuthentication::Basic => ClientAuthentication::Form,
            ClientAuthentication::Form => ClientAuthentication::Basic,
        };
        let mut refusal = match request_token(dispatcher, state, first, &mut attempts).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(refusal)) => Ok(refusal),
            Err(problem) => Err(problem),
        };
        if let Ok(unsupported) = &refusal
            && is_unsupported_method(unsupported)
        {
            attempts = Attempts::default();
            match request_token(dispatcher, state, second, &mut attempts).await {
                Ok(Ok(())) => return Ok(()),
                // Prefer the refusal that is not "unsupported authentication method".
                Ok(Err(other)) if !is_unsupported_method(&other) => refusal = Ok(other),
                Ok(Err(_)) => {}
                Err(problem) => refusal = Err(problem),
            }
        }
        attempts.elapsed = dispatcher.elapsed().saturating_sub(began);
        if let Ok(refusal) = &refusal
            && refusal.is_definite()
        {
            let refused = Refused::Credentials(refusal.clone());
            self.refused.replace(Some(refused));
        }
        Err(Error {
            problem: Box::new(refusal.map_or_else(|problem| problem, Problem::NoToken)),
            attempts,
        })
    }
}

/// One way of asking. The inner error is PingOne's refusal.
async fn request_token(
    dispatcher: &Dispatcher<'_>,
    state: &mut TokenState,
    authentication: ClientAuthentication,
    attempts: &mut Attempts,
) -> Result<Result<(), Refusal>, Problem> {
    let request = token::request(&dispatcher.connection.settings, authentication);
    let sent = dispatcher.send(&request, Repeat::Safe, None, attempts);
    let mut reply = sent.await?;
    if !reply.is_success() {
        return Ok(Err(Refusal::read(&reply, &dispatcher.mask())));
    }
    let now = dispatcher.connection.clock.now();
    let accepted =
        check_content_type(&reply).and_then(|()| state.accept(&reply, authentication, now));
    reply.body.zeroize();
    match accepted {
        Ok(()) => Ok(Ok(())),
        Err(reason) => Err(Problem::Answer {
            call: request.label(),
            reason: reason.to_owned(),
            change: false,
        }),
    }
}

/// PingOne's text for a worker application that is set to the other method.
/// `invalid_client` alone does not tell the two apart.
fn is_unsupported_method(refusal: &Refusal) -> bool {
    let message = refusal
        .message
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    matches!(refusal.status, 400 | 401) && message.contains("unsupported authentication method")
}
