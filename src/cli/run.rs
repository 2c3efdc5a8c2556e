//! Carries out commands as they are typed in the War Room, one after the other in one process, with one token and
//! one context. All lines are read and checked before the first is carried out.

use std::{io::Write, path::PathBuf, pin::pin};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::{
    console::{self, Keyboard, tell},
    exit::End,
    interrupt,
    params::Source,
    progress,
    record::Recording,
    terminal::{Style, render},
    typed::{Order, Reader},
};
use crate::{
    context::IncidentContext,
    entry::Entry,
    env::Env,
    protocol::Request,
    run::{Runner, hide_panics},
};
use pingone::{
    journal::Journal,
    secrets::wipe,
    visible::{visible, visible_json},
};

/// What `pingone-xsoar run` was asked for.
pub(crate) struct Asked {
    /// The commands as they are typed.
    pub(crate) lines: Vec<String>,
    /// Where the instance's parameters come from.
    pub(crate) source: Source,
    /// What is shown.
    pub(crate) shown: Shown,
    /// Where to record it.
    pub(crate) record: Option<PathBuf>,
    /// Whether the recording is to be without personal data.
    pub(crate) anonymize: bool,
}

/// What is shown.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// The entries as JSON instead of their texts.
    pub(crate) json: bool,
    /// The context after all commands.
    pub(crate) context: bool,
}

/// The name of the instance where there is none.
const INSTANCE: &str = "PingOne_instance_1";

/// Carries out what was asked for.
pub(crate) fn run(asked: Asked) -> Result<End> {
    let Asked {
        lines,
        source,
        shown,
        record,
        anonymize,
    } = asked;
    hide_panics();
    let env = Env::of_the_process();
    let style = console::style(&env);
    let orders = read(&lines, &env)?;
    // Lives as long as the commands.
    let (params, _sandbox) = source.params(&env)?;
    let recording = record
        .as_deref()
        .map(|folder| Recording::begin(folder, anonymize, &env))
        .transpose()?;
    let runner = match &recording {
        Some(recording) => Runner::record(env, recording.recorder()),
        None => Runner::live(env),
    };
    let mut desk = Desk {
        runner,
        params,
        recording: recording.as_ref(),
        out: console::out(),
        shown,
        style,
        context: IncidentContext::default(),
        messages: Vec::new(),
        failed: false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(desk.carry_out(orders));
    // A name look-up that is still under way would hold the process back.
    runtime.shutdown_background();
    let Desk {
        mut out,
        context,
        messages,
        failed,
        params,
        ..
    } = desk;
    wipe(Value::Object(params));
    if let Ended::Interrupted(truth) = ended? {
        tell(&truth);
        if recording.is_some() {
            tell("nothing was recorded");
        }
        return Ok(End::Interrupted);
    }
    if shown.context {
        if !shown.json {
            writeln!(out, "{}", style.bold("Context"))?;
        }
        writeln!(
            out,
            "{}",
            visible_json(&format!("{:#}", context.to_value()))
        )?;
        out.flush()?;
    }
    let mut fine = !failed;
    if let Some(recording) = recording {
        let finished = recording.finish(messages).context("nothing was recorded")?;
        tell(&finished.told());
        fine &= finished.differences.is_empty();
    }
    Ok(End::fine_if(fine))
}

fn read(lines: &[String], env: &Env) -> Result<Vec<Order>> {
    let mut asks = Keyboard;
    let mut reader = Reader {
        env,
        asks: &mut asks,
        warnings: Vec::new(),
    };
    let mut orders = Vec::new();
    for line in lines {
        orders.extend(reader.orders(line)?);
    }
    for warning in reader.warnings {
        tell(&format!("warning: {warning}"));
    }
    Ok(orders)
}

/// How a sequence of commands ended.
enum Ended {
    /// All were carried out.
    Done,
    /// A person ended it; what has to be told.
    Interrupted(String),
}

/// What the commands of one run have in common.
struct Desk<'a, W> {
    runner: Runner,
    params: Map<String, Value>,
    recording: Option<&'a Recording>,
    out: W,
    shown: Shown,
    style: Style,
    context: IncidentContext,
    /// The protocol messages, for the recording.
    messages: Vec<Value>,
    failed: bool,
}

impl<W: Write> Desk<'_, W> {
    async fn carry_out(&mut self, orders: Vec<Order>) -> Result<Ended> {
        let mut interrupted = pin!(interrupt::interrupted());
        let is_watched = console::is_watched();
        let count = orders.len();
        for (number, Order { command, args }) in (1..).zip(orders) {
            let request = Request {
                command: command.clone(),
                params: self.params.clone(),
                args,
                context: Map::from_iter([
                    ("IntegrationBrand".to_owned(), json!("PingOne")),
                    ("IntegrationInstance".to_owned(), json!(INSTANCE)),
                ]),
                native: number == count,
            };
            if let Some(recording) = self.recording {
                recording.note(&request);
            }
            if count > 1 && !self.shown.json {
                let heading = format!("[{number}/{count}] !{command}");
                writeln!(self.out, "{}", self.style.dim(&visible(&heading)))?;
            }
            let journal = Journal::keeping();
            let entries = match self.runner.prepare(request, &journal) {
                Err(entry) => vec![*entry],
                Ok(prepared) => {
                    let work =
                        progress::during(&command, is_watched, &journal, prepared.run(&journal));
                    tokio::select! {
                        biased;
                        signal = &mut interrupted => {
                            signal.context("waiting for signals")?;
                            let changes = self.runner.changes();
                            let left = count - number;
                            return Ok(Ended::Interrupted(interrupt::truth(
                                Some(&command), &changes, left,
                            )));
                        }
                        entries = work => entries,
                    }
                }
            };
            self.show(&entries, number == count)?;
        }
        Ok(Ended::Done)
    }

    fn show(&mut self, entries: &[Entry], is_last: bool) -> Result<()> {
        if self.recording.is_some() {
            self.messages.extend([
                json!({"type": "result", "results": entries}),
                json!({"type": "completed"}),
            ]);
        }
        for entry in entries {
            self.show_entry(entry)?;
        }
        if !self.shown.json && (!is_last || self.shown.context) {
            writeln!(self.out)?;
        }
        // Whoever waits for the next command sees this one.
        self.out.flush()?;
        Ok(())
    }

    fn show_entry(&mut self, entry: &Entry) -> Result<()> {
        self.failed |= matches!(entry, Entry::Error(_));
        if self.shown.json {
            let json = serde_json::to_string_pretty(entry)?;
            writeln!(self.out, "{}", visible_json(&json))?;
        } else {
            let text = match entry {
                Entry::Note(_) => render(entry.readable(), self.style),
                Entry::Error(_) => entry
                    .readable()
                    .lines()
                    .map(|line| self.style.red(&visible(line)) + "\n")
                    .collect(),
            };
            self.out.write_all(text.as_bytes())?;
        }
        if let Err(error) = self.context.apply(entry) {
            tell(&format!("warning: {error:#}"));
        }
        Ok(())
    }
}
