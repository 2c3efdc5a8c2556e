//! Makes one call with a token, and repeats it with a new one if PingOne refuses that. Whether a call is allowed is
//! decided before.

use std::{rc::Rc, time::Duration};

use secrecy::SecretString;

use super::{
    authenticate::{Authenticator, TokenSource},
    dispatcher::{Attempted, Dispatcher},
};
use crate::{
    changes::ChangeLog,
    connection::Connection,
    error::{Attempts, Error, Problem, Refusal},
    external_ids::ExternalIds,
    journal::{Journal, Level},
    memory::Budget,
    retry::Repeat,
    secrets::Mask,
    server_clock::ServerClock,
    settings::Limits,
    wire::{Authorization, HttpRequest, Reply},
};

/// A call that has no token yet.
pub(super) struct Outgoing<'a> {
    pub(super) request: HttpRequest,
    pub(super) repeat: Repeat,
    /// The log of changes, if the call is one.
    pub(super) log: Option<&'a ChangeLog>,
}

/// Makes the calls of one command.
pub(crate) struct Sender<'a> {
    dispatcher: Dispatcher<'a>,
    authenticator: Authenticator,
    server_clock: ServerClock,
    external_ids: Option<Rc<ExternalIds>>,
}

impl<'a> Sender<'a> {
    /// For one command, whose time starts now.
    pub(crate) fn new(connection: &'a Connection, limits: Limits, journal: &'a Journal) -> Self {
        Self {
            dispatcher: Dispatcher::new(connection, limits, journal),
            authenticator: Authenticator::default(),
            server_clock: ServerClock::default(),
            external_ids: None,
        }
    }

    /// From now on PingOne's audit trail shows these ids beside each call.
    pub(crate) fn set_external_ids(&mut self, ids: ExternalIds) {
        self.external_ids = Some(Rc::new(ids));
    }

    /// Makes the call; any status but a success is an error.
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

    /// Makes the call and returns the last reply, whatever its status.
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
            // No new token after an earlier attempt of a change, which may have been carried out.
            let token = bearer.map_err(|mut error| {
                error.attempts.outcome_unknown |= attempts.outcome_unknown;
                error
            })?;
            request.authorization = Authorization::Bearer(token.clone());
            request.external_ids.clone_from(&self.external_ids);
            let same = Attempted::Same(&request);
            let reply = match dispatcher.send(same, repeat, log, &mut attempts).await {
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

    /// Sends a request as it is, without a token of PingOne's.
    pub(super) async fn send_without_token(
        &self,
        request: &HttpRequest,
        repeat: Repeat,
    ) -> (Result<Reply, Problem>, Attempts) {
        let dispatcher = &self.dispatcher;
        let _turn = dispatcher.connection.transport.turn().await;
        let began = dispatcher.elapsed();
        let mut attempts = Attempts::default();
        let same = Attempted::Same(request);
        let reply = dispatcher.send(same, repeat, None, &mut attempts).await;
        attempts.elapsed = dispatcher.elapsed().saturating_sub(began);
        (reply, attempts)
    }

    /// The connection.
    pub(super) fn connection(&self) -> &'a Connection {
        self.dispatcher.connection
    }

    /// PingOne's clock.
    pub(crate) fn server_clock(&self) -> &ServerClock {
        &self.server_clock
    }

    /// Time on the clock that measures the command's time.
    pub(crate) fn elapsed(&self) -> Duration {
        self.dispatcher.elapsed()
    }

    /// Waits for `duration`; false, without waiting, if less than `reserve` of the command's time would be left.
    pub(crate) async fn pause(&self, duration: Duration, reserve: Duration) -> bool {
        self.dispatcher.pause(duration, reserve).await
    }

    /// The memory that the command may still use.
    pub(crate) fn budget(&self) -> &Budget {
        &self.dispatcher.budget
    }

    /// The secrets known so far.
    pub(crate) fn mask(&self) -> Rc<Mask> {
        self.dispatcher.mask()
    }

    /// Writes a line to the command's log.
    pub(crate) fn log(&self, level: Level, text: String) {
        self.dispatcher.journal.log(level, text);
    }

    /// Says how far the command has got.
    pub(crate) fn set_progress(&self, text: String) {
        self.dispatcher.journal.set_progress(text);
    }

    /// Logs an error that does not end the command.
    pub(crate) fn log_error(&self, text: String) {
        self.dispatcher.journal.log(Level::Error, text);
    }

    /// Masks a secret from now on.
    pub(crate) fn hide(&self, secret: &SecretString) {
        self.dispatcher.hide(secret);
    }
}
