//! The subcommands and their options. The files beside this one do the work.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Result, bail};
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use clap_complete::Shell;

use crate::cli::{
    commands_help, completions, console,
    exit::ExitStatus,
    key, man,
    params::Source,
    record_stdin,
    replay::{self, Shown},
    run,
    style::Style,
    verify, verify_file,
};
use crate::env::Env;
use pingone::id::PopulationId;

/// PingOne for Cortex XSOAR.
///
/// Without a subcommand, it reads requests from stdin as XSOAR's server sends them, one JSON object each, and answers
/// them on stdout.
#[derive(Parser)]
#[command(
    name = "pingone-xsoar",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = AFTER_HELP
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    recording: Recording,
}

const AFTER_HELP: &str = "\
Example, on an in-memory PingOne:
  pingone-xsoar run --sandbox '!pingone-get-user emma.sharp'
See also `pingone-xsoar commands`, and `pingone-xsoar help COMMAND`.";

#[derive(Args)]
struct Recording {
    /// Record requests, exchanges and answers in a new folder, without secrets, for `replay`
    #[arg(long, value_name = "DIR", hide_short_help = true)]
    record: Option<PathBuf>,
    /// Replace ids and personal data in the recording
    #[arg(long, requires = "record", hide_short_help = true)]
    anonymize: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serve XSOAR's server in both directions, one message per line
    Serve,
    /// Run commands as they are typed in the War Room
    ///
    /// The connection comes from --params, from the environment variables `PINGONE_ENVIRONMENT_ID`, `PINGONE_REGION`,
    /// `PINGONE_CLIENT_ID`, `PINGONE_CLIENT_SECRET`, `PINGONE_API_URL` and `PINGONE_AUTH_URL` (for a private key JWT,
    /// `PINGONE_CLIENT_AUTHENTICATION`, `PINGONE_PRIVATE_KEY_FILE` and `PINGONE_KEY_ID`), or from a temporary sandbox.
    ///
    /// Put each command in single quotes, so that the shell does not change it. Later commands can use the results of
    /// earlier ones: 'record=${PingOne.Containment}'. The first failure stops the run.
    ///
    /// Deleting a user and containing several need a confirmation, or --yes where there is no terminal. The record of
    /// every containment is saved in `$XDG_STATE_HOME/pingone-xsoar` (by default ~/.local/state/pingone-xsoar); to undo
    /// one, give pingone-restore-user record=@FILE.
    Run(Run),
    /// Replay recorded requests offline and compare the answers
    Replay {
        /// Folders that contain cases, at any depth
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Show only the verdicts, not the War Room texts
        #[arg(long, conflicts_with = "all")]
        quiet: bool,
        /// Show every case, not a summary with examples
        #[arg(long)]
        all: bool,
        /// Write a page with all cases, to look through in a browser
        #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "quiet", "context"])]
        html: Option<PathBuf>,
        /// Show the context after each case
        #[arg(long)]
        context: bool,
    },
    /// List the integration's commands
    Commands,
    /// Explain one of the integration's commands, or a subcommand
    Help {
        /// Such as pingone-get-user, or run
        name: Option<String>,
        /// List the context paths of the integration's command
        #[arg(long, requires = "name")]
        outputs: bool,
    },
    /// Try every command on throwaway users of a trial environment
    Verify {
        /// A JSON file with the instance's parameters [default: the variables PINGONE_…]
        #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
        params: Option<PathBuf>,
        /// Do not ask for confirmation
        #[arg(long)]
        yes: bool,
        /// The population for the throwaway users [default: the default population]
        #[arg(long, value_name = "ID")]
        population: Option<PopulationId>,
        /// How long to wait for an event to appear in the audit trail
        #[arg(long, value_name = "SECONDS", default_value_t = 120)]
        wait: u64,
        /// Use an in-memory PingOne instead of a real one
        #[arg(long)]
        sandbox: bool,
    },
    /// Create key pairs for worker applications (private key JWT)
    Key {
        #[command(subcommand)]
        action: Key,
    },
    /// Check the executable inside a one-file YAML against its SHA-256
    VerifyFile {
        /// The YAML file, as it was built or as XSOAR gives it back
        file: PathBuf,
        /// The SHA-256 that the executable should have
        #[arg(long, value_name = "SUM")]
        sha256: Option<String>,
    },
    /// Print a script that completes subcommands and names in a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page
    Man,
}

#[derive(Subcommand)]
enum Key {
    /// Create a key pair for ES256: the private key in a new file, the public JWKS on stdout
    ///
    /// For RS256, create the private key with `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out FILE`.
    New(KeyOptions),
    /// Print the public JWKS of a private key, to paste into PingOne
    Jwks(KeyOptions),
}

#[derive(Args)]
struct KeyOptions {
    /// The file of the private key, in PEM
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The `kid` of the public key [default: its thumbprint]
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
}

#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the flags of a command line"
)]
struct Run {
    /// Such as '!pingone-get-user emma.sharp'; several commands share token and context
    #[arg(required = true, value_name = "COMMAND")]
    lines: Vec<String>,
    /// A JSON file with the instance's parameters
    #[arg(long, value_name = "FILE", conflicts_with = "sandbox")]
    params: Option<PathBuf>,
    /// Use an in-memory PingOne with a small company in it
    #[arg(long)]
    sandbox: bool,
    /// An attack on that company: password-spray, mfa-fatigue, rogue-admin or stolen-worker
    #[arg(long, value_name = "NAME", requires = "sandbox")]
    scenario: Option<String>,
    /// Print the War Room entries as JSON, one after the other, and nothing else
    #[arg(long)]
    json: bool,
    /// Print the resulting context as JSON, as a playbook sees it, and nothing else
    #[arg(long)]
    context: bool,
    /// Run the remaining commands even if one has failed
    #[arg(long)]
    keep_going: bool,
    /// Do not ask before deleting a user or containing several
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    recording: Recording,
}

/// What to do instead of typing requests.
const AT_A_TERMINAL: &str = "this reads requests from XSOAR's server on stdin, which is your terminal. To run a command yourself:
  pingone-xsoar run '!pingone-get-user emma.sharp'
To try it without a PingOne environment, add --sandbox. More: pingone-xsoar help";

/// The conventional exit code after SIGINT: 128 plus the signal's number.
const INTERRUPTED: u8 = 130;

/// Runs the subcommand in the process's arguments.
pub fn main() -> ExitCode {
    match dispatch(Arguments::parse()) {
        Ok(ExitStatus::Success) => ExitCode::SUCCESS,
        Ok(ExitStatus::Failure) => ExitCode::FAILURE,
        Ok(ExitStatus::Interrupted) => ExitCode::from(INTERRUPTED),
        // The reader of the pipe has seen enough.
        Err(error)
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) =>
        {
            ExitCode::FAILURE
        }
        Err(error) => {
            console::report(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<ExitStatus> {
    let Arguments { command, recording } = arguments;
    let style = console::style(&Env::from_process());
    match command {
        None => {
            if let Some(folder) = recording.record {
                return record_stdin::run(&folder, recording.anonymize);
            }
            console::report(AT_A_TERMINAL);
            Ok(ExitStatus::Failure)
        }
        Some(Command::Serve) => bail!("serve takes no arguments"),
        Some(Command::Run(arguments)) => run::run(arguments.into()),
        Some(Command::Replay {
            paths,
            quiet,
            all,
            context,
            html,
        }) => {
            let shown = match html {
                Some(file) => Shown::Page(file),
                None if quiet => Shown::Verdicts,
                None if all => Shown::All,
                None => Shown::Summary,
            };
            let options = replay::Options {
                shown,
                context,
                style,
            };
            replay::run(&paths, &options, &mut console::out())
        }
        Some(Command::Verify {
            params,
            yes,
            population,
            wait,
            sandbox,
        }) => {
            let audit_wait = Duration::from_secs(wait);
            verify::run(&source(params, sandbox, None), yes, population, audit_wait)
        }
        Some(Command::Key { action }) => print(&match action {
            Key::New(KeyOptions { file, key_id }) => key::generate(&file, key_id.as_deref())?,
            Key::Jwks(KeyOptions { file, key_id }) => key::jwks(&file, key_id.as_deref())?,
        }),
        Some(Command::VerifyFile { file, sha256 }) => {
            print(&verify_file::check(&file, sha256.as_deref())?)
        }
        Some(Command::Commands) => print(&commands_help::list(style)),
        Some(Command::Help { name, outputs }) => print(&help(name.as_deref(), outputs, style)?),
        Some(Command::Completions { shell }) => {
            print(&completions::script(Arguments::command(), shell)?)
        }
        Some(Command::Man) => print(&man::page(Arguments::command())?),
    }
}

impl From<Run> for run::Options {
    fn from(arguments: Run) -> Self {
        let Run {
            lines,
            params,
            sandbox,
            scenario,
            json,
            context,
            keep_going,
            yes,
            recording: Recording { record, anonymize },
        } = arguments;
        Self {
            lines,
            source: source(params, sandbox, scenario),
            shown: run::Shown { json, context },
            keep_going,
            yes,
            record,
            anonymize,
        }
    }
}

/// The source of the instance's parameters.
fn source(params: Option<PathBuf>, sandbox: bool, scenario: Option<String>) -> Source {
    match params {
        Some(path) => Source::File(path),
        None if sandbox => Source::Sandbox { scenario },
        None => Source::Environment,
    }
}

/// Help for a subcommand or one of the integration's commands, or for everything.
fn help(name: Option<&str>, with_outputs: bool, style: Style) -> Result<String> {
    let mut cli = Arguments::command().term_width(style.width);
    cli.build();
    let Some(name) = name else {
        return Ok(cli.render_help().to_string());
    };
    if let Some(subcommand) = cli.find_subcommand_mut(name) {
        return Ok(subcommand.render_long_help().to_string());
    }
    commands_help::page(name, with_outputs, style).map_err(anyhow::Error::msg)
}

fn print(text: &str) -> Result<ExitStatus> {
    let mut out = console::out();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitStatus::Success)
}
