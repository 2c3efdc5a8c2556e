//! The one-way mode, recorded: requests from stdin, answers on stdout as ever, and a fixture of it all at the end.

use std::{io, path::Path, pin::pin};

use anyhow::{Context as _, Result};
use tokio::sync::mpsc;

use super::{
    console::{self, tell},
    exit::End,
    interrupt,
    record::{Recording, Tee, answers},
};
use crate::{
    env::Env,
    protocol::Incoming,
    run::{self, Runner},
    server::{Input, Server},
    session,
};

/// Serves stdin and records it in `folder`.
pub(crate) fn run(folder: &Path, anonymize: bool) -> Result<End> {
    run::hide_panics();
    let env = Env::of_the_process();
    let recording = Recording::begin(folder, anonymize, &env)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (output, written) = Tee::new(console::out());
    let mut runner = Runner::record(env, recording.recorder());
    let served = runtime.block_on(serve(&recording, &mut runner, output));
    // A name look-up that is still under way would hold the process back.
    runtime.shutdown_background();
    let messages = answers(&written.borrow())?;
    if served?.is_none() {
        let answered = messages
            .iter()
            .filter(|one| one["type"] == "result")
            .count();
        let command = recording.command_after(answered);
        tell(&interrupt::truth(command.as_deref(), &runner.changes(), 0));
        tell("nothing was recorded");
        return Ok(End::Interrupted);
    }
    let finished = recording.finish(messages).context("nothing was recorded")?;
    tell(&finished.told());
    Ok(End::fine_if(finished.differences.is_empty()))
}

/// Serves until the input ends; `None` if a person ended it.
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
                recording.note(request);
            }
            if sender.send(incoming).await.is_err() {
                break;
            }
        }
        drop(sender);
        // The end of the input is not the end of the answers.
        std::future::pending::<()>().await;
    };
    let mut server = Server::new(Input::OneWay(receiver), output);
    let mut interrupted = pin!(interrupt::interrupted());
    tokio::select! {
        biased;
        signal = &mut interrupted => signal.map(|()| None).context("waiting for signals"),
        served = session::serve(&mut server, runner) => {
            served.map(Some).context("the answer could not be written")
        }
        () = noted => Ok(None),
    }
}
