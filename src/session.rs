//! The session with XSOAR's server, one request after another: read, run, answer, `completed`. `run.rs` handles the
//! request itself. In two-way mode two things are kept in the integration context for the next process: the access
//! token, which saves it a token request, and which verifications may be pending. A fetch also has a last run, which
//! the server keeps apart. It is replaced only after the answer was sent: XSOAR repeats a fetch that failed.

use std::{
    io::{self, Write},
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::anyhow;
use serde_json::{Map, Value};

use crate::{
    access::{TEST, is_fetch},
    entry::Entry,
    last_run::LastRun,
    pending::PendingVerifications,
    protocol::{Incoming, Message, Request},
    run::Runner,
    server::{IntegrationContext, Server},
};
use pingone::{
    journal::{Journal, Level},
    token::StoredToken,
};

/// Serves requests until input ends or the server asks the process to exit. Fails if an answer cannot be written.
pub async fn serve<W: Write>(server: &mut Server<W>, runner: &mut Runner) -> io::Result<()> {
    while let Some(incoming) = server.next().await {
        match incoming {
            Incoming::Ping => server.send(&Message::Pong)?,
            Incoming::Malformed(reason) => {
                server.send_exception(reason)?;
                server.send(&Message::Completed)?;
            }
            Incoming::Request(request) => {
                let native = request.native;
                let fetches = is_fetch(&request.command);
                let (entries, next_run) = handle(server, runner, *request).await?;
                match &entries[..] {
                    // An error entry would pass for the result of the fetch.
                    [.., Entry::Error(error)] if fetches => {
                        server.send_exception(error.contents.clone())?;
                    }
                    _ => server.send(&Message::Result { results: &entries })?,
                }
                if let Some(next_run) = next_run {
                    store_last_run(server, next_run).await?;
                }
                server.send(&Message::Completed)?;
                if native {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// What the next fetch will find, if this was one.
type NextRun = Option<Map<String, Value>>;

/// Handles one request.
async fn handle<W: Write>(
    server: &mut Server<W>,
    runner: &mut Runner,
    request: Request,
) -> io::Result<(Vec<Entry>, NextRun)> {
    let journal = server.journal();
    journal.log(
        Level::Debug,
        format!("Command being called is {}", request.command),
    );
    // XSOAR does not allow the test button to access the integration context.
    let keeps_state = server.is_two_way() && request.command != TEST;
    let has_last_run = server.is_two_way() && is_fetch(&request.command);
    let mut next_run = None;
    let began = Instant::now();
    server.set_deadline(None);
    let entries = match runner.prepare(request, &journal) {
        Err(entry) => vec![*entry],
        Ok(mut prepared) => {
            server.set_deadline(began.checked_add(prepared.limits.command));
            let connection = prepared.connection.clone();
            let pending = prepared.pending.clone();
            let mut context = None;
            let needs_token = connection.needs_token().await;
            if keeps_state && (needs_token || prepared.starts_verification()) {
                context = read_context(server, &journal).await?;
                let text = |key| context.as_ref()?.value.get(key)?.as_str();
                let token = text(TOKEN_KEY).and_then(|token| serde_json::from_str(token).ok());
                if let Some(token) = token.filter(|_| needs_token) {
                    connection.restore_token(token).await;
                }
                pending.restore(text(PENDING_KEY).unwrap_or_default());
                // The time spent waiting for the server counts against the command's timeout.
                let seconds = Duration::from_secs(began.elapsed().as_secs());
                prepared.limits.command = prepared.limits.command.saturating_sub(seconds);
            }
            let mut last_run = Ok(LastRun::default());
            if has_last_run {
                last_run = server.last_run().await?.map(LastRun::new);
            }
            let entries = match last_run {
                Ok(last_run) => {
                    let last_run = Rc::new(last_run);
                    prepared.last_run = Rc::clone(&last_run);
                    let entries = prepared.run(&journal).await;
                    next_run = last_run.take_next().filter(|_| has_last_run);
                    entries
                }
                // Without it, everything would be fetched again.
                Err(reason) => {
                    prepared.fail(&anyhow!("Cannot read the last run: {reason}"), &journal)
                }
            };
            if keeps_state {
                let state = State {
                    token: connection.take_unsaved_token().await,
                    pending: pending.take_changed().then_some(&pending),
                };
                store(server, &state, context, &journal).await?;
            }
            entries
        }
    };
    server.log(journal.take()).await?;
    Ok((entries, next_run))
}

/// Stores what the next fetch will find. The answer is out, so a failure can only be logged.
async fn store_last_run<W: Write>(
    server: &mut Server<W>,
    next_run: Map<String, Value>,
) -> io::Result<()> {
    if let Err(reason) = server.set_last_run(next_run).await? {
        let text = format!(
            "The last run may not be stored, so the next fetch may repeat this one: {reason}"
        );
        server.log(vec![(Level::Error, text)]).await?;
    }
    Ok(())
}

/// The keys in the integration context that hold the token and the pending verifications, as JSON strings: XSOAR's own
/// helpers expect strings there. Other keys are left alone.
const TOKEN_KEY: &str = "pingone_token";
const PENDING_KEY: &str = "pingone_pending_verifications";
/// How often to try storing the state while other processes write to the integration context.
const MAX_STORE_ATTEMPTS: usize = 3;

/// What other processes stored; `None` if it cannot be read.
async fn read_context<W: Write>(
    server: &mut Server<W>,
    journal: &Journal,
) -> io::Result<Option<IntegrationContext>> {
    match server.integration_context().await? {
        Ok(context) => Ok(Some(context)),
        Err(reason) => {
            journal.log(
                Level::Info,
                format!("Cannot read the integration context: {reason}"),
            );
            Ok(None)
        }
    }
}

/// What the next process needs to know.
struct State<'a> {
    /// The token, if it is new.
    token: Option<StoredToken>,
    /// The pending verifications, if they changed.
    pending: Option<&'a PendingVerifications>,
}

impl State<'_> {
    /// Adds it to the members of the integration context.
    fn add_to(&self, stored: &mut Map<String, Value>) {
        let token = self.token.as_ref();
        if let Some(Ok(token)) = token.map(serde_json::to_string) {
            stored.insert(TOKEN_KEY.to_owned(), token.into());
        }
        if let Some(pending) = self.pending {
            let earlier = stored.get(PENDING_KEY).and_then(Value::as_str);
            let merged = pending.merged_with(earlier.unwrap_or_default());
            stored.insert(PENDING_KEY.to_owned(), merged.into());
        }
    }
}

/// Stores the state in the integration context: read, merge, write, and retry on a conflict. The context read before
/// the command is good enough if it has a version, by which the server detects conflicting writes.
async fn store<W: Write>(
    server: &mut Server<W>,
    state: &State<'_>,
    known: Option<IntegrationContext>,
    journal: &Journal,
) -> io::Result<()> {
    if state.token.is_none() && state.pending.is_none() {
        return Ok(());
    }
    let mut reason = String::new();
    let mut known = known.filter(IntegrationContext::has_version);
    for _ in 0..MAX_STORE_ATTEMPTS {
        let context = match known.take() {
            Some(context) => Ok(context),
            None => server.integration_context().await?,
        };
        let mut context = match context {
            Ok(context) => context,
            Err(error) => {
                reason = error;
                break;
            }
        };
        state.add_to(&mut context.value);
        match server.set_integration_context(context).await? {
            Ok(()) => return Ok(()),
            Err(error) => reason = error,
        }
    }
    // The next process simply requests its own token, but does not know of the verification. The server's message may
    // quote what it received, but the journal masks the token.
    if state.token.is_some() {
        journal.log(
            Level::Info,
            format!("Cannot cache the access token: {reason}"),
        );
    }
    if state.pending.is_some() {
        journal.log(
            Level::Info,
            format!("Cannot store which verifications are pending: {reason}"),
        );
    }
    Ok(())
}
