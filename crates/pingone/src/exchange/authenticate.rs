//! How a call gets its token: the current one, a new one, and what follows when PingOne refuses it. `token.rs` knows
//! what a token is and how it is requested.

use std::cell::{Cell, RefCell};

use secrecy::SecretString;
use zeroize::Zeroize as _;

use super::dispatcher::{Attempted, Dispatcher};
use crate::{
    answer::check_content_type,
    connection::Connection,
    error::{Attempts, Error, Problem, Refusal, TokenRefusal},
    journal::Level,
    private_key::SigningError,
    retry::Repeat,
    server_clock::ClockError,
    token::{self, ClientAuthentication, TokenState},
    wire::Reply,
};

/// What PingOne refused for good.
#[derive(Clone)]
enum Refused {
    /// The credentials.
    Credentials(Box<TokenRefusal>),
    /// A token that it had just issued.
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

/// Which token a call carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenSource {
    /// The one that was known when the call began.
    Cached,
    /// A new one, after PingOne refused the first.
    Renewed,
}

/// Obtains the tokens for one command.
#[derive(Default)]
pub(super) struct Authenticator {
    /// Why no further call is made: PingOne definitely refuses the credentials, or a token that it just issued.
    refused: RefCell<Option<Refused>>,
}

impl Authenticator {
    /// Whether to repeat the call with a new token. PingOne refuses a token with 401. A stored token may be damaged in
    /// other ways, so it is also dropped after a status that a gateway sends for a bad header; if a permission is
    /// missing, that costs one more call. After a second 401 no further call can succeed.
    pub(super) async fn should_renew_token(
        &self,
        dispatcher: &Dispatcher<'_>,
        reply: &Reply,
        token: &SecretString,
        source: TokenSource,
    ) -> bool {
        let connection = dispatcher.connection;
        if reply.is_success() {
            // If a token is being requested right now, another one is in use soon.
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

    /// A token for one more call.
    pub(super) async fn bearer(&self, dispatcher: &Dispatcher<'_>) -> Result<SecretString, Error> {
        let mut state = dispatcher.connection.token.lock().await;
        if let Some(refused) = self.refused.borrow().clone() {
            return Err(refused.into_error());
        }
        if state.usable(dispatcher.connection.clock.now()).is_none() {
            // An expiring token is still a secret.
            if let Some(token) = state.current() {
                dispatcher.hide(token);
            }
            self.authenticate(dispatcher, &mut state).await?;
        }
        // There is one after `authenticate`; PingOne would refuse an empty token.
        let token = state.current().cloned().unwrap_or_default();
        dispatcher.hide(&token);
        Ok(token)
    }

    /// Requests a token with the method that worked last, then with the other one if PingOne asks for it.
    async fn authenticate(
        &self,
        dispatcher: &Dispatcher<'_>,
        state: &mut TokenState,
    ) -> Result<(), Error> {
        let began = dispatcher.elapsed();
        let mut attempts = Attempts::default();
        let credentials = &dispatcher.connection.settings.credentials;
        let first = ClientAuthentication::first(credentials, state.authentication);
        let mut refusal = match request_token(dispatcher, state, first, &mut attempts).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(refusal)) => Ok(refusal),
            Err(problem) => Err(problem),
        };
        if let Ok(unsupported) = &refusal
            && is_unsupported_method(&unsupported.refusal)
            && let Some(second) = first.alternative()
        {
            attempts = Attempts::default();
            match request_token(dispatcher, state, second, &mut attempts).await {
                Ok(Ok(())) => return Ok(()),
                // Prefer the refusal that is not "unsupported authentication method".
                Ok(Err(other)) if !is_unsupported_method(&other.refusal) => refusal = Ok(other),
                Ok(Err(_)) => {}
                Err(problem) => refusal = Err(problem),
            }
        }
        attempts.elapsed = dispatcher.elapsed().saturating_sub(began);
        if let Ok(refused) = &refusal
            && refused.refusal.is_definite()
        {
            let refused = Refused::Credentials(refused.clone());
            self.refused.replace(Some(refused));
        }
        Err(Error {
            problem: Box::new(refusal.map_or_else(|problem| problem, Problem::NoToken)),
            attempts,
        })
    }
}

/// Requests a token with one method. The inner error is PingOne's refusal. Each attempt has an assertion of its own:
/// an earlier one may have expired, or count as used.
async fn request_token(
    dispatcher: &Dispatcher<'_>,
    state: &mut TokenState,
    authentication: ClientAuthentication,
    attempts: &mut Attempts,
) -> Result<Result<(), Box<TokenRefusal>>, Problem> {
    let Connection {
        settings, clock, ..
    } = dispatcher.connection;
    let hide = |assertion: &SecretString| dispatcher.hide(assertion);
    // When the last attempt began, by the date and by the clock that measures the command's time.
    let began = Cell::default();
    let make = || {
        let now = clock.now();
        began.set((now, clock.elapsed()));
        token::request(settings, authentication, now, hide)
            .map_err(|SigningError| Problem::Unsigned)
    };
    let sent = dispatcher.send(Attempted::New(&make), Repeat::Safe, None, attempts);
    let mut reply = sent.await?;
    if !reply.is_success() {
        let (date, elapsed) = began.get();
        let took = clock.elapsed().saturating_sub(elapsed);
        return Ok(Err(Box::new(TokenRefusal {
            refusal: Refusal::read(&reply, &dispatcher.mask()),
            authentication,
            clock_error: ClockError::read(&reply, date, took).filter(|_| authentication.is_dated()),
        })));
    }
    let accepted =
        check_content_type(&reply).and_then(|()| state.accept(&reply, authentication, clock.now()));
    reply.body.zeroize();
    match accepted {
        Ok(()) => Ok(Ok(())),
        Err(reason) => Err(Problem::Answer {
            call: token::label(settings),
            reason: reason.to_owned(),
            change: false,
        }),
    }
}

/// Recognizes PingOne's message for a worker application that is set to another method. `invalid_client` alone does
/// not distinguish the two.
fn is_unsupported_method(refusal: &Refusal) -> bool {
    let message = refusal
        .message
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    matches!(refusal.status, 400 | 401) && message.contains("unsupported authentication method")
}
