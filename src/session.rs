//! The conversation with XSOAR's server, request after request: read, carry out, answer, `completed`. What a
//! request means is the business of `run.rs`. In the two-way mode the access token is kept in the instance's
//! integration context, so that the next process need not ask PingOne for one.

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

/// Serves until the server sends no more, or wants the process to end. An error means that an answer could
/// not be written.
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
                let entries = answer(server, runner, *request).await?;
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

/// Carries out one request.
async fn answer<W: Write>(
    server: &mut Server<W>,
    runner: &mut Runner,
    request: Request,
) -> io::Result<Vec<Entry>> {
    let journal = server.journal();
    journal.log(
        Level::Debug,
        format!("Command being called is {}", request.command),
    );
    // The integration context may not be touched by the test button.
    let keeps_token = server.answers() && request.command != TEST;
    let began = Instant::now();
    server.answer_by(None);
    let entries = match runner.prepare(request, &journal) {
        Err(entry) => vec![*entry],
        Ok(mut prepared) => {
            server.answer_by(began.checked_add(prepared.limits.command));
            let connection = prepared.connection.clone();
            let mut read = None;
            if keeps_token && connection.needs_token().await {
                read = restore_token(server, &connection, &journal).await?;
                // What the server took is not the command's any more.
                let seconds = Duration::from_secs(began.elapsed().as_secs());
                prepared.limits.command = prepared.limits.command.saturating_sub(seconds);
            }
            let entries = prepared.run(&journal).await;
            if keeps_token && let Some(token) = connection.take_unsaved_token().await {
                store_token(server, &token, read, &journal).await?;
            }
            entries
        }
    };
    server.log(journal.take()).await?;
    Ok(entries)
}

/// The member of the integration context that holds the token, as a JSON text: XSOAR's own helpers expect
/// texts there. Other members are left as they are.
const TOKEN_KEY: &str = "pingone_token";
/// How often storing is tried when another process wrote meanwhile.
const STORE_TRIES: usize = 3;

/// Takes over the token that another process stored. Gives back what was read.
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
                format!("the integration context could not be read: {reason}"),
            );
            Ok(None)
        }
    }
}

/// Puts the token into the integration context: read, merge, write, again if another process was faster. What was
/// read before the command will do if it has a version, by which the server tells whether somebody wrote since.
async fn store_token<W: Write>(
    server: &mut Server<W>,
    token: &StoredToken,
    read: Option<IntegrationContext>,
    journal: &Journal,
) -> io::Result<()> {
    let Ok(text) = serde_json::to_string(token) else {
        return Ok(());
    };
    let mut reason = String::new();
    let mut read = read.filter(IntegrationContext::has_version);
    for _ in 0..STORE_TRIES {
        let context = match read.take() {
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
    // The next process asks PingOne for a token of its own; nothing else is lost. The server may have echoed
    // what it was given: the journal knows the token.
    journal.log(
        Level::Info,
        format!("the access token could not be stored: {reason}"),
    );
    Ok(())
}
