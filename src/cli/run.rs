//! Runs commands as they are typed in the War Room, in order, in one process, with one token and one context. All
//! lines are parsed and checked before the first one runs.

use std::{io::Write, path::PathBuf, pin::pin};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::{
    console::{self, TerminalPrompt, report},
    exit::ExitStatus,
    interrupt,
    params::Source,
    progress,
    record::Recording,
    terminal::{Style, render},
    typed::{CommandParser, ParsedCommand},
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

/// What `pingone-xsoar run` was asked to do.
pub(crate) struct Options {
    /// The commands as they are typed.
    pub(crate) lines: Vec<String>,
    /// Where the instance's parameters come from.
    pub(crate) source: Source,
    /// What to print.
    pub(crate) shown: Shown,
    /// The folder for a recording, if one is wanted.
    pub(crate) record: Option<PathBuf>,
    /// Whether to replace personal data in the recording.
    pub(crate) anonymize: bool,
}

/// What to print.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// The entries as JSON instead of text.
    pub(crate) json: bool,
    /// The context after all commands.
    pub(crate) context: bool,
}

/// Stands in for the name of an XSOAR instance.
const INSTANCE: &str = "PingOne_instance_1";

/// Runs the commands; fails if one of them did, or a recording does not replay as it ran.
pub(crate) fn run(options: Options) -> Result<ExitStatus> {
    let Options {
        lines,
        source,
        shown,
        record,
        anonymize,
    } = options;
    hide_panics();
    let env = Env::from_process();
    let style = console::style(&env);
    let commands = parse(&lines, &env)?;
    // The sandbox runs until it is dropped.
    let (params, _sandbox) = source.params(&env)?;
    let recording = record
        .as_deref()
        .map(|folder| Recording::start(folder, anonymize, &env))
        .transpose()?;
    let runner = match &recording {
        Some(recording) => Runner::record(env, recording.recorder()),
        None => Runner::live(env),
    };
    let mut sequence = Sequence {
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
    let ended = runtime.block_on(sequence.run_all(commands));
    // A pending DNS lookup would keep the process alive.
    runtime.shutdown_background();
    let Sequence {
        mut out,
        context,
        messages,
        failed,
        params,
        ..
    } = sequence;
    wipe(Value::Object(params));
    if let Ended::Interrupted(summary) = ended? {
        report(&summary);
        if recording.is_some() {
            report("nothing was recorded");
        }
        return Ok(ExitStatus::Interrupted);
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
    let mut success = !failed;
    if let Some(recording) = recording {
        let finished = recording.finish(messages).context("nothing was recorded")?;
        report(&finished.summary());
        success &= finished.differences.is_empty();
    }
    Ok(ExitStatus::success_if(success))
}

fn parse(lines: &[String], env: &Env) -> Result<Vec<ParsedCommand>> {
    let mut prompt = TerminalPrompt;
    let mut parser = CommandParser {
        env,
        prompt: &mut prompt,
        warnings: Vec::new(),
    };
    let mut commands = Vec::new();
    for line in lines {
        commands.extend(parser.parse(line)?);
    }
    for warning in parser.warnings {
        report(&format!("warning: {warning}"));
    }
    Ok(commands)
}

/// How a sequence of commands ended.
enum Ended {
    /// All of them ran.
    Completed,
    /// A signal stopped it; what to tell the user.
    Interrupted(String),
}

/// What the commands of one run share.
struct Sequence<'a, W> {
    runner: Runner,
    params: Map<String, Value>,
    recording: Option<&'a Recording>,
    out: W,
    shown: Shown,
    style: Style,
    context: IncidentContext,
    /// The protocol messages to record.
    messages: Vec<Value>,
    failed: bool,
}

impl<W: Write> Sequence<'_, W> {
    async fn run_all(&mut self, commands: Vec<ParsedCommand>) -> Result<Ended> {
        let mut interrupted = pin!(interrupt::signalled());
        let stderr_is_terminal = console::stderr_is_terminal();
        let count = commands.len();
        for (number, ParsedCommand { command, args }) in (1..).zip(commands) {
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
                recording.add_request(&request);
            }
            if count > 1 && !self.shown.json {
                let heading = format!("[{number}/{count}] !{command}");
                writeln!(self.out, "{}", self.style.dim(&visible(&heading)))?;
            }
            let journal = Journal::buffered();
            let entries = match self.runner.prepare(request, &journal) {
                Err(entry) => vec![*entry],
                Ok(prepared) => {
                    let work = progress::show_while(
                        &command,
                        stderr_is_terminal,
                        &journal,
                        prepared.run(&journal),
                    );
                    tokio::select! {
                        biased;
                        signal = &mut interrupted => {
                            signal.context("waiting for signals")?;
                            let changes = self.runner.changes();
                            let left = count - number;
                            return Ok(Ended::Interrupted(interrupt::summary(
                                Some(&command), &changes, left,
                            )));
                        }
                        entries = work => entries,
                    }
                }
            };
            self.show(&entries, number == count)?;
        }
        Ok(Ended::Completed)
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
        // Show this one before the next one starts.
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
                Entry::Note(note) => render(&note.document, self.style),
                Entry::Error(_) => entry
                    .readable()
                    .lines()
                    .map(|line| self.style.red(&visible(line)) + "\n")
                    .collect(),
            };
            self.out.write_all(text.as_bytes())?;
        }
        if let Err(error) = self.context.apply(entry) {
            report(&format!("warning: {error:#}"));
        }
        Ok(())
    }
}
