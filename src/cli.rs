//! The command line for people. Requests of XSOAR's server never come through here, so nothing here costs
//! them any time.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};

use crate::replay;

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
}

/// Carries out the process's arguments.
pub fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve => Err(anyhow::anyhow!("serve takes no arguments")),
        Command::Replay { paths, quiet } => replay(&paths, quiet),
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
