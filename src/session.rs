//! The session with XSOAR's server, one request after another: read, run, answer, `completed`. `run.rs` handles the
//! request itself. In two-way mode the access token is cached in the integration context, which saves the next process
//! a token request.

use std::{
    io::{self, Write},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    access::TEST,
    entry::Entry,
    protocol::{Incoming, Message, Request},
    run::Runner,
    server::{IntegrationContext, Server},
};
use pingone::{
    Connection,
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
                let entries = handle(server, runner, *request).await?;
                server.send(&Message::Result { results: &entries })?;
                server.send(&Message::Completed)?;
                if native {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// Handles one request.
async fn handle<W: Write>(
    server: &mut Server<W>,
    runner: &mut Runner,
    request: Request,
) -> io::Result<Vec<Entry>> {
    let journal = server.journal();
    journal.log(
        Level::Debug,
        format!("Command being called is {}", request.command),
    );
    // XSOAR does not allow the test button to access the integration context.
    let caches_token = server.is_two_way() && request.command != TEST;
    let began = Instant::now();
    server.set_deadline(None);
    let entries = match runner.prepare(request, &journal) {
        Err(entry) => vec![*entry],
        Ok(mut prepared) => {
            server.set_deadline(began.checked_add(prepared.limits.command));
            let connection = prepared.connection.clone();
            let mut context = None;
            if caches_token && connection.needs_token().await {
                context = restore_token(server, &connection, &journal).await?;
                // The time spent waiting for the server counts against the command's timeout.
                let seconds = Duration::from_secs(began.elapsed().as_secs());
                prepared.limits.command = prepared.limits.command.saturating_sub(seconds);
            }
            let entries = prepared.run(&journal).await;
            if caches_token && let Some(token) = connection.take_unsaved_token().await {
                store_token(server, &token, context, &journal).await?;
            }
            entries
        }
    };
    server.log(journal.take()).await?;
    Ok(entries)
}

/// The key in the integration context that holds the token, as a JSON string: XSOAR's own helpers expect strings
/// there. Other keys are left alone.
const TOKEN_KEY: &str = "pingone_token";
/// How often to try storing the token while other processes write to the integration context.
const MAX_STORE_ATTEMPTS: usize = 3;

/// Loads the token that another process stored. Returns the integration context it read.
async fn restore_token<W: Write>(
    server: &mut Server<W>,
    connection: &Connection,
    journal: &Journal,
) -> io::Result<Option<IntegrationContext>> {
    match server.integration_context().await? {
        Ok(context) => {
            let stored = context
                .value
                .get(TOKEN_KEY)
                .and_then(Value::as_str)
                .map(serde_json::from_str);
            if let Some(Ok(stored)) = stored {
                connection.restore_token(stored).await;
            }
            Ok(Some(context))
        }
        Err(reason) => {
            journal.log(
                Level::Info,
                format!("Cannot read the integration context: {reason}"),
            );
            Ok(None)
        }
    }
}

/// Stores the token in the integration context: read, merge, write, and retry on a conflict. The context read before
/// the command is good enough if it has a version, by which the server detects conflicting writes.
async fn store_token<W: Write>(
    server: &mut Server<W>,
    token: &StoredToken,
    known: Option<IntegrationContext>,
    journal: &Journal,
) -> io::Result<()> {
    let Ok(text) = serde_json::to_string(token) else {
        return Ok(());
    };
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
        context
            .value
            .insert(TOKEN_KEY.to_owned(), Value::from(text.as_str()));
        match server.set_integration_context(context).await? {
            Ok(()) => return Ok(()),
            Err(error) => reason = error,
        }
    }
    // The next process simply requests its own token. The server's message may quote what it received, but the
    // journal masks the token.
    journal.log(
        Level::Info,
        format!("Cannot cache the access token: {reason}"),
    );
    Ok(())
}
