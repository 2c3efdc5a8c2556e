//! The command line for people. Requests of XSOAR's server never come through here, so nothing here costs
//! them any time.

use std::{
    io::{self, IsTerminal as _, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};

use crate::{pingone::id::PopulationId, replay, surroundings::Surroundings, verify};

/// PingOne for Cortex XSOAR.
///
/// Without a subcommand, requests are read from stdin as XSOAR's server sends them, one JSON object each, and
/// answered on stdout.
#[derive(Parser)]
#[command(name = "pingone-xsoar", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves XSOAR's server in both directions: strictly one line one message, with log and integration context
    Serve,
    /// Plays recorded requests offline and compares the answers
    Replay {
        /// Folders with cases, at any depth
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Shows verdicts alone, not the War Room texts
        #[arg(long)]
        quiet: bool,
    },
    /// Tries every command on a throwaway user of a real trial environment, and reports what was found
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

/// Carries out the process's arguments.
pub fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve => Err(anyhow::anyhow!("serve takes no arguments")),
        Command::Replay { paths, quiet } => replay(&paths, quiet),
        Command::Verify {
            params,
            yes,
            population,
            wait,
            sandbox,
        } => {
            let options = |params, yes| verify::Options {
                params,
                yes,
                population,
                patience: Duration::from_secs(wait),
            };
            if sandbox {
                verify_sandbox(options)
            } else {
                verify::params::read(params.as_deref(), &Surroundings::of_the_process())
                    .and_then(|params| verify(options(params, yes)))
            }
        }
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever closed the pipe has seen enough.
        Err(error)
            if error
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) =>
        {
            ExitCode::FAILURE
        }
        Err(error) => {
            // Nothing can be done if stderr is closed too.
            drop(writeln!(io::stderr(), "pingone-xsoar: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs the self-test; its report goes to stdout, everything else to the person at the terminal.
fn verify(options: verify::Options) -> Result<bool> {
    let tell = |text: &str| {
        // Nothing can be done if stderr is closed.
        drop(writeln!(io::stderr(), "{text}"));
    };
    let mut ask = |question: &str| {
        write!(io::stderr(), "{question}")?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(line)
    };
    let mut terminal = verify::Terminal {
        ask: &mut ask,
        tell: &tell,
        is_watched: io::stderr().is_terminal(),
    };
    let ended = verify::run(options, Surroundings::of_the_process(), &mut terminal)?;
    let mut out = io::stdout().lock();
    out.write_all(ended.report.as_bytes())?;
    out.flush()?;
    Ok(ended.is_good)
}

/// Runs the self-test on an in-memory PingOne of its own. There is nothing to confirm: nothing of it is real.
#[cfg(feature = "sandbox")]
fn verify_sandbox(
    options: impl Fn(serde_json::Map<String, serde_json::Value>, bool) -> verify::Options,
) -> Result<bool> {
    use crate::sandbox::{Sandbox, Seed};
    let sandbox = Sandbox::start(Seed::built_in())?;
    let serde_json::Value::Object(params) = sandbox.params() else {
        anyhow::bail!("the sandbox gives no parameters");
    };
    verify(options(params, true))
}

#[cfg(not(feature = "sandbox"))]
fn verify_sandbox(
    _: impl Fn(serde_json::Map<String, serde_json::Value>, bool) -> verify::Options,
) -> Result<bool> {
    anyhow::bail!(
        "this build has no sandbox: build it from source (cargo build --release), where the sandbox is on by default"
    )
}

/// Plays the cases below `paths`; true if all give the recorded answers.
fn replay(paths: &[PathBuf], quiet: bool) -> Result<bool> {
    let mut out = io::stdout().lock();
    let (mut fine, mut different) = (0, 0);
    for path in paths {
        let cases = replay::cases(path)?;
        ensure!(
            !cases.is_empty(),
            "{} holds no case: a case is a folder with a {}",
            path.display(),
            replay::REQUEST
        );
        for folder in cases {
            let name = folder.display();
            let played =
                replay::play(&folder).with_context(|| format!("{name} cannot be played"))?;
            let differences = replay::judge(&folder, &played)?.differences;
            if differences.is_empty() {
                fine += 1;
                writeln!(out, "ok      {name}")?;
            } else {
                different += 1;
                writeln!(out, "DIFFERS {name}")?;
            }
            for difference in &differences {
                write_indented(&mut out, difference)?;
            }
            if !quiet {
                for text in &played.war_room {
                    write_indented(&mut out, text)?;
                    writeln!(out)?;
                }
            }
        }
    }
    writeln!(out, "{fine} as recorded, {different} different")?;
    Ok(different == 0)
}

fn write_indented(out: &mut impl Write, text: &str) -> io::Result<()> {
    text.trim_end()
        .lines()
        .try_for_each(|line| writeln!(out, "        {line}"))
}
