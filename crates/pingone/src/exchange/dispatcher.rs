//! Sends one request within the command's time, with retries, until there is a final answer. Knows nothing of tokens.

use std::{rc::Rc, time::Duration};

use secrecy::{ExposeSecret, SecretString};

use crate::{
    changes::{ChangeLog, ChangeState},
    connection::Connection,
    error::{Attempts, Problem},
    journal::{Journal, Level},
    memory::Budget,
    retry::{self, Attempt, Outcome, Repeat},
    secrets::Mask,
    settings::Limits,
    wire::{HttpRequest, NoAnswer, Reply},
};

/// What the attempts of a call send.
#[derive(Clone, Copy)]
pub(super) enum Attempted<'a> {
    /// The same request each time.
    Same(&'a HttpRequest),
    /// A new one each time.
    New(&'a dyn Fn() -> Result<HttpRequest, Problem>),
}

/// Sends the requests of one command, whose time starts when this is created.
pub(super) struct Dispatcher<'a> {
    pub(super) connection: &'a Connection,
    limits: Limits,
    began: Duration,
    pub(super) journal: &'a Journal,
    pub(super) budget: Budget,
}

impl<'a> Dispatcher<'a> {
    pub(super) fn new(connection: &'a Connection, limits: Limits, journal: &'a Journal) -> Self {
        Self {
            connection,
            limits,
            began: connection.clock.elapsed(),
            journal,
            budget: Budget::for_command(),
        }
    }

    /// Sends the request until an answer is not worth a retry, or until time or attempts run out. `log` is set for
    /// changes.
    pub(super) async fn send(
        &self,
        attempted: Attempted<'_>,
        repeat: Repeat,
        log: Option<&ChangeLog>,
        attempts: &mut Attempts,
    ) -> Result<Reply, Problem> {
        let clock = &self.connection.clock;
        let mut attempt = 0;
        loop {
            let new;
            let request = match attempted {
                Attempted::Same(request) => request,
                Attempted::New(make) => {
                    new = make()?;
                    &new
                }
            };
            let remaining = self.remaining();
            if remaining.is_zero() {
                return Err(Problem::OutOfTime {
                    call: request.label(),
                    limit: self.limits.command,
                });
            }
            attempt += 1;
            attempts.count += 1;
            let pending = log.map(|log| log.begin(request.label()));
            let result = self.send_once(request, remaining, attempt).await;
            if let Some(pending) = pending {
                pending.end(match &result {
                    Ok(reply) => ChangeState::Answered(reply.status),
                    Err(failure) if failure.reached => ChangeState::Unanswered,
                    Err(_) => ChangeState::Unsent,
                });
            }
            let outcome = self.outcome(&result);
            attempts.outcome_unknown |= log.is_some() && outcome.unknown();
            let made = Attempt {
                number: attempt,
                retries: self.limits.retries,
                remaining: self.remaining(),
                jitter: clock.jitter(),
            };
            let wait = retry::backoff(outcome, repeat, made);
            let Some(wait) = wait else {
                return result.map_err(Problem::NoAnswer);
            };
            let what = match &result {
                Ok(reply) => format!("{} answered {}", request.label(), reply.status),
                Err(failure) => failure.to_string(),
            };
            self.journal.log(
                Level::Info,
                format!("{what}; next attempt in {:.1} s", wait.as_secs_f64()),
            );
            clock.sleep(wait).await;
        }
    }

    async fn send_once(
        &self,
        request: &HttpRequest,
        remaining: Duration,
        attempt: u32,
    ) -> Result<Reply, NoAnswer> {
        let Connection {
            clock, transport, ..
        } = self.connection;
        let mask = self.mask();
        let sent = clock.elapsed();
        let timeout = self.limits.request.min(remaining);
        let (result, took) = transport.send(request, timeout, &mask, &self.budget).await;
        clock.advance(took);
        self.journal.log_call(|| {
            let took = clock.elapsed().saturating_sub(sent).as_secs_f64();
            let outcome = match &result {
                Ok(reply) => reply.status.to_string(),
                Err(failure) => failure.to_string(),
            };
            format!(
                "{}, attempt {attempt}, {took:.3} s: {outcome}",
                request.label()
            )
        });
        result
    }

    fn outcome(&self, result: &Result<Reply, NoAnswer>) -> Outcome {
        match result {
            Ok(reply) => {
                let now = || self.connection.clock.now();
                let asked = reply.retry_after.as_deref();
                let asked = asked.and_then(|header| retry::retry_after(header, now()));
                Outcome::Status(reply.status, asked)
            }
            Err(failure) => Outcome::NoAnswer {
                transient: failure.is_transient(),
                reached: failure.reached,
            },
        }
    }

    /// Time on the clock that measures the command's time.
    pub(super) fn elapsed(&self) -> Duration {
        self.connection.clock.elapsed()
    }

    /// Waits for `duration`; false, without waiting, if less than `reserve` of the command's time would be left.
    pub(super) async fn pause(&self, duration: Duration, reserve: Duration) -> bool {
        let has_time = self.remaining() > duration + reserve;
        if has_time {
            self.connection.clock.sleep(duration).await;
        }
        has_time
    }

    /// What is left of the command's time.
    fn remaining(&self) -> Duration {
        self.limits
            .command
            .saturating_sub(self.elapsed().saturating_sub(self.began))
    }

    /// The secrets known so far.
    pub(super) fn mask(&self) -> Rc<Mask> {
        self.journal.mask()
    }

    /// Masks a secret from now on: a token, or a generated password.
    pub(super) fn hide(&self, secret: &SecretString) {
        self.journal.hide(secret.expose_secret());
    }
}
