//! The command line for people: which subcommands there are and what they take. The work of each is done in
//! `cli`. Requests of XSOAR's server never come through here, so nothing here costs them any time.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Result, bail};
use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::cli::{
    commands_help, console, exit::End, params::Source, record_stdin, replay, run, verify,
};
use crate::env::Env;
use pingone::id::PopulationId;

/// PingOne for Cortex XSOAR.
///
/// Without a subcommand, requests are read from stdin as XSOAR's server sends them, one JSON object each, and
/// answered on stdout.
#[derive(Parser)]
#[command(
    name = "pingone-xsoar",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    recording: Recording,
}

#[derive(Args)]
struct Recording {
    /// Records requests, exchanges and answers in a new folder, without secrets, for `replay`
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// Replaces ids and personal data in the recording
    #[arg(long, requires = "record")]
    anonymize: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serves XSOAR's server in both directions: strictly one line one message, with log and integration context
    Serve,
    /// Carries out commands as they are typed in the War Room
    ///
    /// Which PingOne, and as whom: from --params, or from the environment variables `PINGONE_ENVIRONMENT_ID`,
    /// `PINGONE_REGION`, `PINGONE_CLIENT_ID`, `PINGONE_CLIENT_SECRET`, `PINGONE_API_URL` and `PINGONE_AUTH_URL`,
    /// or from a sandbox that is made for the run.
    Run(Run),
    /// Plays recorded requests offline and compares the answers
    Replay {
        /// Folders with cases, at any depth
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Shows verdicts alone, not the War Room texts
        #[arg(long)]
        quiet: bool,
        /// Shows the context after each case
        #[arg(long)]
        context: bool,
    },
    /// Lists the commands of the integration
    Commands,
    /// Explains a command of the integration, or a subcommand
    Help {
        /// Such as pingone-get-user, or run
        name: Option<String>,
    },
    /// Attempts every command on a throwaway user of a real trial environment, and reports what was found
    Verify {
        /// A JSON file with the instance's parameters; without it, the variables PINGONE_… are read
        #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
        params: Option<PathBuf>,
        /// Confirms without being asked
        #[arg(long)]
        yes: bool,
        /// Where the throwaway users go [default: the default population]
        #[arg(long, value_name = "ID")]
        population: Option<PopulationId>,
        /// How long to wait for something to show in the audit trail
        #[arg(long, value_name = "SECONDS", default_value_t = 120)]
        wait: u64,
        /// Works on an in-memory PingOne instead of a real one
        #[arg(long)]
        sandbox: bool,
    },
}

#[derive(Args)]
struct Run {
    /// Such as '!pingone-get-user username=emma.sharp'; several share the token and the context
    #[arg(required = true, value_name = "COMMAND")]
    lines: Vec<String>,
    /// A JSON file with the instance's parameters, as in a request's `params`
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
    params: Option<PathBuf>,
    /// Uses a PingOne in memory, with a small company in it
    #[arg(long)]
    sandbox: bool,
    /// Shows the War Room entries as JSON, one after the other
    #[arg(long)]
    json: bool,
    /// Shows the context after all commands, as a playbook sees it
    #[arg(long)]
    context: bool,
    #[command(flatten)]
    recording: Recording,
}

/// How a process ends that a person ended: 128 and the number of the signal.
const INTERRUPTED: u8 = 130;

/// Carries out the process's arguments.
pub fn main() -> ExitCode {
    match carry_out(Arguments::parse()) {
        Ok(End::Fine) => ExitCode::SUCCESS,
        Ok(End::Failed) => ExitCode::FAILURE,
        Ok(End::Interrupted) => ExitCode::from(INTERRUPTED),
        // Whoever closed the pipe has seen enough.
        Err(error)
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) =>
        {
            ExitCode::FAILURE
        }
        Err(error) => {
            console::tell(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn carry_out(arguments: Arguments) -> Result<End> {
    let Arguments { command, recording } = arguments;
    let style = console::style(&Env::of_the_process());
    match command {
        None => match recording.record {
            Some(folder) => record_stdin::run(&folder, recording.anonymize),
            None => bail!("nothing to do; `pingone-xsoar help` tells what there is"),
        },
        Some(Command::Serve) => bail!("serve takes no arguments"),
        Some(Command::Run(asked)) => run::run(asked.into()),
        Some(Command::Replay {
            paths,
            quiet,
            context,
        }) => {
            let shown = replay::Shown {
                texts: !quiet,
                context,
            };
            replay::run(&paths, &shown, style, &mut console::out())
        }
        Some(Command::Verify {
            params,
            yes,
            population,
            wait,
            sandbox,
        }) => {
            let patience = Duration::from_secs(wait);
            verify::run(&source(params, sandbox), yes, population, patience)
        }
        Some(Command::Commands) => print(&commands_help::list(style)),
        Some(Command::Help { name }) => print(&help(name.as_deref())?),
    }
}

impl From<Run> for run::Asked {
    fn from(asked: Run) -> Self {
        let Run {
            lines,
            params,
            sandbox,
            json,
            context,
            recording: Recording { record, anonymize },
        } = asked;
        Self {
            lines,
            source: source(params, sandbox),
            shown: run::Shown { json, context },
            record,
            anonymize,
        }
    }
}

/// Where the instance's parameters come from.
fn source(params: Option<PathBuf>, sandbox: bool) -> Source {
    match params {
        Some(path) => Source::File(path),
        None if sandbox => Source::Sandbox,
        None => Source::Environment,
    }
}

/// The help for a subcommand or for a command of the integration, or for all.
fn help(name: Option<&str>) -> Result<String> {
    let mut cli = Arguments::command();
    cli.build();
    let Some(name) = name else {
        return Ok(cli.render_long_help().to_string());
    };
    if let Some(subcommand) = cli.find_subcommand_mut(name) {
        return Ok(subcommand.render_long_help().to_string());
    }
    let style = console::style(&Env::of_the_process());
    commands_help::about(name, style).map_err(anyhow::Error::msg)
}

fn print(text: &str) -> Result<End> {
    let mut out = console::out();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(End::Fine)
}
