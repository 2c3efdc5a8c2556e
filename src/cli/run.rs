//! Runs commands as they are typed in the War Room, in order, in one process, with one token and one context. All
//! lines are parsed and checked before the first one runs.

use std::{
    collections::VecDeque,
    io::Write,
    path::{Path, PathBuf},
    pin::{Pin, pin},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::time::interval;

use super::{
    confirm,
    console::{self, TerminalPrompt, report},
    containment_record,
    exit::ExitStatus,
    interrupt,
    params::Source,
    progress,
    record::Recording,
    shell_quoting,
    style::Style,
    terminal::{render, render_error},
    typed::{CommandParser, ParsedCommand},
};
use crate::{
    context::IncidentContext,
    entry::{Entry, Incidents, Note},
    env::Env,
    manifest::CommandName,
    panics::hide_panics,
    protocol::Request,
    run::Runner,
};
use pingone::{
    changes::Change,
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
    /// Whether to run the remaining commands after one has failed.
    pub(crate) keep_going: bool,
    /// Whether to run everything without confirmation.
    pub(crate) yes: bool,
    /// The folder for a recording, if one is wanted.
    pub(crate) record: Option<PathBuf>,
    /// Whether to replace personal data in the recording.
    pub(crate) anonymize: bool,
}

/// What to print. JSON and context are for other programs, so nothing else goes to stdout with them.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    /// The entries as JSON instead of text.
    pub(crate) json: bool,
    /// The context after all commands.
    pub(crate) context: bool,
}

impl Shown {
    /// Whether to print War Room texts.
    fn texts(self) -> bool {
        !self.json && !self.context
    }
}

/// Stands in for the name of an XSOAR instance.
const INSTANCE: &str = "PingOne_instance_1";

/// Runs the commands; fails if one of them did, or a recording does not replay as it ran.
pub(crate) fn run(options: Options) -> Result<ExitStatus> {
    let Options {
        lines,
        source,
        shown,
        keep_going,
        yes,
        record,
        anonymize,
    } = options;
    hide_panics();
    let env = Env::from_process();
    let style = console::style(&env);
    let commands = parse(&lines, &env)?;
    // The sandbox runs until it is dropped.
    let (params, sandbox) = source.params(&env)?;
    let start = |folder: PathBuf| Recording::start(&folder, anonymize, &env);
    let recording = record.map(start).transpose()?;
    let records = containment_record::folder(&env);
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
        keep_going,
        // Nothing in a sandbox is real.
        is_confirmed: yes || sandbox.is_some(),
        records,
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
    wipe(Value::Object(std::mem::take(&mut sequence.params)));
    if let Ended::Interrupted(summary) = ended? {
        report(&summary);
        if recording.is_some() {
            report("nothing was recorded");
        }
        return Ok(ExitStatus::Interrupted);
    }
    sequence.show_context()?;
    let Sequence {
        messages, failed, ..
    } = sequence;
    let replays = recording.map_or(Ok(true), |recording| finish(recording, messages))?;
    Ok(ExitStatus::success_if(replays && !failed))
}

/// Writes the recording. False if its replay differs.
fn finish(recording: Recording, messages: Vec<Value>) -> Result<bool> {
    let finished = recording.finish(messages).context("nothing was recorded")?;
    report(&finished.summary());
    Ok(finished.differences.is_empty())
}

fn parse(lines: &[String], env: &Env) -> Result<Vec<ParsedCommand>> {
    shell_quoting::check(lines)?;
    let mut prompt = TerminalPrompt;
    let mut parser = CommandParser {
        env,
        prompt: &mut prompt,
        warnings: Vec::new(),
    };
    let mut commands = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        commands.extend(parser.parse(line, number)?);
    }
    for warning in parser.warnings {
        report(&format!("warning: {warning}"));
    }
    Ok(commands)
}

/// How often a command that XSOAR's server would run again by itself is run here: Ping's own pace for polls.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(3);

/// What the server would run next by itself.
fn scheduled(entry: &Entry) -> Option<(String, Map<String, Value>)> {
    let Entry::Note(note) = entry else {
        return None;
    };
    let polling = note.polling.as_ref()?;
    Some((
        polling.polling_command.clone(),
        polling.polling_args.clone(),
    ))
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
    keep_going: bool,
    /// Whether no command needs a confirmation.
    is_confirmed: bool,
    /// The folder for records of containments.
    records: PathBuf,
    context: IncidentContext,
    /// The protocol messages to record.
    messages: Vec<Value>,
    failed: bool,
}

/// A signal that ends the run.
type Signal<'a> = Pin<&'a mut dyn Future<Output = std::io::Result<()>>>;

/// How a single command ended.
enum CommandEnd {
    Success,
    Failure,
    /// A signal stopped it, or a prompt before it.
    Interrupted {
        was_running: bool,
    },
}

impl<W: Write> Sequence<'_, W> {
    async fn run_all(&mut self, commands: Vec<ParsedCommand>) -> Result<Ended> {
        let mut signal = pin!(interrupt::signalled());
        let mut queue = VecDeque::from(commands);
        let mut number = 0;
        while let Some(next) = queue.pop_front() {
            let line = next.line;
            let end = match next.resolve(&self.context) {
                Err(error) => {
                    report(&format!("{error:#}"));
                    CommandEnd::Failure
                }
                Ok(mut resolved) => {
                    // A list from the context runs the command once for each item.
                    for more in resolved.drain(1..).rev() {
                        queue.push_front(more);
                    }
                    let Some(command) = resolved.pop() else {
                        continue;
                    };
                    number += 1;
                    let name = command.command.clone();
                    let place = (number, number + queue.len());
                    let end = self.run_one(command, place, signal.as_mut()).await?;
                    if let CommandEnd::Interrupted { was_running } = end {
                        let changes = self.runner.changes();
                        let running = was_running.then_some(name.as_str());
                        let remaining = queue.len() + usize::from(!was_running);
                        return Ok(self.interrupted(running, &changes, remaining));
                    }
                    end
                }
            };
            if matches!(end, CommandEnd::Failure) {
                self.failed = true;
                if !self.keep_going {
                    stop_after(line, &mut queue);
                }
            }
        }
        Ok(Ended::Completed)
    }

    async fn run_one(
        &mut self,
        command: ParsedCommand,
        (number, count): (usize, usize),
        mut signal: Signal<'_>,
    ) -> Result<CommandEnd> {
        let ParsedCommand { command, args, .. } = command;
        if count > 1 && self.shown.texts() {
            let heading = format!("[{number}/{count}] !{command}");
            writeln!(self.out, "{}", self.style.dim(&visible(&heading)))?;
            self.out.flush()?;
        }
        if let Some(end) = self.confirm(&command, &args, signal.as_mut()).await? {
            return Ok(end);
        }
        let mut round = Some((command, args));
        let mut failed = false;
        while let Some((command, args)) = round.take() {
            let Some(entries) = self
                .execute(command, args, number == count, signal.as_mut())
                .await?
            else {
                return Ok(CommandEnd::Interrupted { was_running: true });
            };
            // A recording has one request for each typed command.
            if self.recording.is_none() {
                round = entries.iter().find_map(scheduled);
            }
            let is_silent = entries.iter().all(|entry| entry.readable().is_empty());
            let shown = if is_silent && !self.shown.json {
                Ok(())
            } else {
                self.show(&entries, number == count && round.is_none())
            };
            // Even if nobody reads the output any more.
            self.save_records(&containment_record::from_entries(&entries), now());
            shown?;
            failed = entries.iter().any(|entry| matches!(entry, Entry::Error(_)));
            if round.is_some() && !self.pause(signal.as_mut()).await? {
                return Ok(CommandEnd::Interrupted { was_running: true });
            }
        }
        Ok(if failed {
            CommandEnd::Failure
        } else {
            CommandEnd::Success
        })
    }

    /// Waits for the next round; false if a signal came.
    async fn pause(&self, signal: Signal<'_>) -> Result<bool> {
        let journal = Journal::buffered();
        let is_shown = console::stderr_is_terminal();
        let wait = async {
            let mut rounds = interval(BETWEEN_ROUNDS);
            // The first tick is immediate.
            rounds.tick().await;
            rounds.tick().await;
        };
        let wait = progress::show_while("waiting for the user", is_shown, &journal, wait);
        tokio::select! {
            biased;
            result = signal => {
                result.context("waiting for signals")?;
                Ok(false)
            }
            () = wait => Ok(true),
        }
    }

    /// The entries that a command returns; `None` if a signal stopped it. `is_last`: no typed command follows.
    async fn execute(
        &mut self,
        command: String,
        args: Map<String, Value>,
        is_last: bool,
        signal: Signal<'_>,
    ) -> Result<Option<Vec<Entry>>> {
        let request = Request {
            command: command.clone(),
            params: self.params.clone(),
            args,
            context: Map::from_iter([
                ("IntegrationBrand".to_owned(), json!("PingOne")),
                ("IntegrationInstance".to_owned(), json!(INSTANCE)),
            ]),
            native: is_last,
        };
        if let Some(recording) = self.recording {
            recording.add_request(&request);
        }
        let journal = Journal::buffered();
        let prepared = match self.runner.prepare(request, &journal) {
            Err(entry) => return Ok(Some(vec![*entry])),
            Ok(prepared) => prepared,
        };
        let is_shown = console::stderr_is_terminal();
        let work = progress::show_while(&command, is_shown, &journal, prepared.run(&journal));
        tokio::select! {
            biased;
            result = signal => {
                result.context("waiting for signals")?;
                Ok(None)
            }
            entries = work => Ok(Some(entries)),
        }
    }

    /// Asks for confirmation if the command needs it; `None` if it may run.
    async fn confirm(
        &self,
        command: &str,
        args: &Map<String, Value>,
        signal: Signal<'_>,
    ) -> Result<Option<CommandEnd>> {
        if self.is_confirmed {
            return Ok(None);
        }
        let Some(question) = confirm::question(command, args) else {
            return Ok(None);
        };
        if !console::can_ask() {
            report(&format!(
                "{command} needs a confirmation, and there is no terminal to ask at. It did not run. Use --yes"
            ));
            return Ok(Some(CommandEnd::Failure));
        }
        // Only once the signals are being watched, which the first poll below begins.
        let asked = async {
            let ask = move || console::ask(&[&question, " [y/N] "].concat());
            tokio::task::spawn_blocking(ask).await
        };
        let answer = tokio::select! {
            biased;
            result = signal => {
                result.context("waiting for signals")?;
                return Ok(Some(CommandEnd::Interrupted { was_running: false }));
            }
            answer = asked => answer.context("asking for confirmation")??,
        };
        if confirm::is_yes(&answer) {
            return Ok(None);
        }
        report(&format!("{command} did not run"));
        Ok(Some(CommandEnd::Failure))
    }

    /// What to tell the user after a signal. Saves what a containment had changed by then.
    fn interrupted(&self, running: Option<&str>, changes: &[Change], remaining: usize) -> Ended {
        let summary = interrupt::summary(running, changes, remaining);
        let containments = [CommandName::ContainUser, CommandName::ContainApplication];
        if containments.iter().any(|one| running == Some(one.name())) {
            let at = now();
            self.save_records(&containment_record::from_changes(changes, at), at);
        }
        Ended::Interrupted(summary)
    }

    /// Saves the records of containments, and says where.
    fn save_records(&self, containments: &[Value], at: Timestamp) {
        if containments.is_empty() {
            return;
        }
        match containment_record::save(&self.records, containments, at) {
            Ok(path) => report(&saved(&path, containments)),
            Err(error) => report(&format!(
                "cannot save the record of the containment ({error:#}). Keep it to restore the user:\n{}",
                Value::from(containments)
            )),
        }
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
        if self.shown.texts() && !is_last {
            writeln!(self.out)?;
        }
        // Show this one before the next one starts.
        self.out.flush()?;
        Ok(())
    }

    /// Prints the context, if it is wanted.
    fn show_context(&mut self) -> Result<()> {
        if self.shown.context {
            let context = format!("{:#}", self.context.to_value());
            writeln!(self.out, "{}", visible_json(&context))?;
            self.out.flush()?;
        }
        Ok(())
    }

    fn show_entry(&mut self, entry: &Entry) -> Result<()> {
        match entry {
            _ if self.shown.json => {
                let json = serde_json::to_string_pretty(entry)?;
                writeln!(self.out, "{}", visible_json(&json))?;
            }
            // Only the context is wanted, but a failure must not go unnoticed.
            Entry::Error(_) if self.shown.context => report(entry.readable()),
            Entry::Note(_) | Entry::Incidents(_) if self.shown.context => {}
            Entry::Note(Note { document, .. }) | Entry::Incidents(Incidents { document, .. }) => {
                let text = render(document, self.style);
                self.out.write_all(text.as_bytes())?;
            }
            Entry::Error(_) => {
                let text = render_error(entry.readable(), self.style);
                self.out.write_all(text.as_bytes())?;
            }
        }
        if let Err(error) = self.context.apply(entry) {
            report(&format!("warning: {error:#}"));
        }
        Ok(())
    }
}

/// Drops the commands of later lines, and says so. The other items of a list still run, as they do in XSOAR.
fn stop_after(line: usize, queue: &mut VecDeque<ParsedCommand>) {
    let before = queue.len();
    queue.retain(|command| command.line == line);
    match before - queue.len() {
        0 => {}
        1 => report("a command failed, so the last one will not run (--keep-going runs it anyway)"),
        more => report(&format!(
            "a command failed, so the remaining {more} will not run (--keep-going runs them anyway)"
        )),
    }
}

fn saved(path: &Path, containments: &[Value]) -> String {
    format!(
        "saved the record of this containment; {} takes it as record={}{}",
        containment_record::undone_by(containments).name(),
        containment_record::FROM_FILE,
        path.display()
    )
}

fn now() -> Timestamp {
    Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}
