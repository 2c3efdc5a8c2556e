//! Records the one-way mode: requests from stdin and answers to stdout as usual, and a fixture at the end.

use std::{io, path::Path, pin::pin};

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;

use super::{
    console::{self, report},
    exit::ExitStatus,
    interrupt,
    record::{Recording, Tee, answers},
};
use crate::{
    env::Env,
    panics,
    protocol::Incoming,
    run::Runner,
    server::{Input, Server},
    session,
};

/// Serves requests from stdin and records them in `folder`.
pub(crate) fn run(folder: &Path, anonymize: bool) -> Result<ExitStatus> {
    panics::hide_panics();
    let env = Env::from_process();
    let recording = Recording::start(folder, anonymize, &env)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (output, written) = Tee::new(console::out());
    let mut runner = Runner::record(env, recording.recorder());
    let served = runtime.block_on(serve(&recording, &mut runner, output));
    // A pending DNS lookup would keep the process alive.
    runtime.shutdown_background();
    let messages = answers(&written.borrow())?;
    if served?.is_none() {
        let answered = messages
            .iter()
            .filter(|one| one["type"] == "result")
            .count();
        let command = recording.command_after(answered);
        report(&interrupt::summary(
            command.as_deref(),
            &runner.changes(),
            0,
        ));
        report("nothing was recorded");
        return Ok(ExitStatus::Interrupted);
    }
    let finished = recording.finish(messages).context("nothing was recorded")?;
    report(&finished.summary());
    Ok(ExitStatus::success_if(finished.differences.is_empty()))
}

/// Serves until the input ends; `None` if a signal stopped it.
async fn serve(
    recording: &Recording,
    runner: &mut Runner,
    output: impl io::Write,
) -> Result<Option<()>> {
    let mut incoming = console::requests();
    let (sender, receiver) = mpsc::channel(1);
    let noted = async move {
        while let Some(incoming) = incoming.recv().await {
            if let Incoming::Request(request) = &incoming {
                recording.add_request(request);
            }
            if sender.send(incoming).await.is_err() {
                break;
            }
        }
        drop(sender);
        // The input has ended, but the answers may not have.
        std::future::pending::<()>().await;
    };
    let mut server = Server::new(Input::OneWay(receiver), output);
    let mut interrupted = pin!(interrupt::signalled());
    tokio::select! {
        biased;
        signal = &mut interrupted => signal.map(|()| None).context("waiting for signals"),
        served = session::serve(&mut server, runner) => {
            served.map(Some).context("the answer could not be written")
        }
        () = noted => Ok(None),
    }
}
