//! Makes one call with a token, and once more with a new one where PingOne refuses that. Whether a call may be made is
//! decided before.

use std::{rc::Rc, time::Duration};

use secrecy::SecretString;

use super::{
    authenticate::{Authenticator, TokenSource},
    dispatcher::Dispatcher,
};
use crate::{
    changes::ChangeLog,
    connection::Connection,
    error::{Attempts, Error, Problem, Refusal},
    journal::Journal,
    memory::Budget,
    retry::Repeat,
    secrets::Mask,
    server_clock::ServerClock,
    settings::Limits,
    wire::{Authorization, HttpRequest, Reply},
};

/// A call, before it has a token.
pub(super) struct Outgoing<'a> {
    pub(super) request: HttpRequest,
    pub(super) repeat: Repeat,
    /// The log of changes, if it is one.
    pub(super) log: Option<&'a ChangeLog>,
}

/// Makes the calls of one command.
pub(crate) struct Sender<'a> {
    dispatcher: Dispatcher<'a>,
    authenticator: Authenticator,
    server_clock: ServerClock,
}

impl<'a> Sender<'a> {
    /// For one command, whose time begins now.
    pub(crate) fn new(connection: &'a Connection, limits: Limits, journal: &'a Journal) -> Self {
        Self {
            dispatcher: Dispatcher::new(connection, limits, journal),
            authenticator: Authenticator::default(),
            server_clock: ServerClock::default(),
        }
    }

    /// Makes the call; an answer that is no success is an error.
    pub(super) async fn call(&self, outgoing: Outgoing<'_>) -> Result<Reply, Error> {
        let operation = outgoing.request.content_type;
        let (reply, attempts) = self.exchange(outgoing).await?;
        if reply.is_success() {
            return Ok(reply);
        }
        let problem = Problem::Refused(Refusal {
            operation,
            ..Refusal::read(&reply, &self.mask())
        });
        Err(Error {
            problem: Box::new(problem),
            attempts,
        })
    }

    /// Makes the call and gives the last answer, whatever it is.
    pub(super) async fn exchange(
        &self,
        outgoing: Outgoing<'_>,
    ) -> Result<(Reply, Attempts), Error> {
        let Outgoing {
            mut request,
            repeat,
            log,
        } = outgoing;
        let dispatcher = &self.dispatcher;
        let _turn = dispatcher.connection.transport.turn().await;
        let began = dispatcher.elapsed();
        let mut attempts = Attempts::default();
        let mut source = TokenSource::Cached;
        let problem = loop {
            let bearer = self.authenticator.bearer(dispatcher).await;
            // No token any more after an earlier try of a change: that try may have been carried out.
            let token = bearer.map_err(|mut error| {
                error.attempts.outcome_unknown |= attempts.outcome_unknown;
                error
            })?;
            request.authorization = Authorization::Bearer(token.clone());
            let reply = match dispatcher.send(&request, repeat, log, &mut attempts).await {
                Ok(reply) => reply,
                Err(problem) => break problem,
            };
            let received = dispatcher.elapsed();
            if reply.is_success() {
                self.server_clock.update(&reply, received);
            }
            let renew = self
                .authenticator
                .should_renew_token(dispatcher, &reply, &token, source);
            if renew.await {
                source = TokenSource::Renewed;
                continue;
            }
            attempts.elapsed = received.saturating_sub(began);
            return Ok((reply, attempts));
        };
        attempts.elapsed = dispatcher.elapsed().saturating_sub(began);
        Err(Error {
            problem: Box::new(problem),
            attempts,
        })
    }

    /// The connection.
    pub(super) fn connection(&self) -> &Connection {
        self.dispatcher.connection
    }

    /// PingOne's clock.
    pub(crate) fn server_clock(&self) -> &ServerClock {
        &self.server_clock
    }

    /// Time passed on the clock that counts the command's time.
    pub(crate) fn elapsed(&self) -> Duration {
        self.dispatcher.elapsed()
    }

    /// What the command may still use of memory.
    pub(crate) fn budget(&self) -> &Budget {
        &self.dispatcher.budget
    }

    /// The secrets that are known so far.
    pub(crate) fn mask(&self) -> Rc<Mask> {
        self.dispatcher.mask()
    }

    /// Masks a secret from now on.
    pub(crate) fn hide(&self, secret: &SecretString) {
        self.dispatcher.hide(secret);
    }
}
