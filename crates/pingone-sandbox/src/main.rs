//! The sandbox as an executable: serves PingOne on loopback until Ctrl-C.
//!
//! Parses arguments and prints the URL and how to use it; the rest is in the library.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use pingone_sandbox::{Sandbox, Seed};
use tokio::signal::unix::{SignalKind, signal};

/// An in-memory PingOne on 127.0.0.1, for trying commands out without a tenant
#[derive(Debug, Parser)]
#[command(name = "pingone-sandbox", version)]
struct Args {
    /// The port to listen on; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// A JSON seed to use instead of the built-in company
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// An attack on the built-in company: password-spray, mfa-fatigue, rogue-admin or stolen-worker
    #[arg(long, value_name = "NAME", conflicts_with = "seed")]
    scenario: Option<String>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let shown = escape_for_terminal(&format!("Error: {error:?}\n"));
            drop(std::io::stderr().write_all(shown.as_bytes()));
            ExitCode::FAILURE
        }
    }
}

/// Escapes everything but printable ASCII: an error may quote the seed, which may contain terminal
/// escape sequences.
fn escape_for_terminal(text: &str) -> String {
    let is_plain = |character: char| character == '\n' || matches!(character, ' '..='~');
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_plain(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
    }
    shown
}

fn run() -> anyhow::Result<()> {
    let args = Args::parse();
    let seed = match (&args.seed, &args.scenario) {
        (Some(path), _) => Seed::from_file(path)?,
        (None, Some(name)) => Seed::scenario(name)?,
        (None, None) => Seed::built_in(),
    };
    let sandbox = Sandbox::start_on(seed, args.port)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(async {
            // Install the handlers before anyone can learn the URL.
            let mut interrupted = signal(SignalKind::interrupt()).context("waiting for Ctrl-C")?;
            let mut terminated = signal(SignalKind::terminate()).context("waiting for SIGTERM")?;
            announce(&sandbox)?;
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
            Ok(())
        })
}

/// Prints the URL and the instance parameters to stdout, one per line, and a hint to stderr.
fn announce(sandbox: &Sandbox) -> anyhow::Result<()> {
    let url = sandbox.url();
    let mut out = std::io::stdout().lock();
    writeln!(out, "{url}")?;
    writeln!(out, "{}", sandbox.params())?;
    out.flush()?;
    writeln!(
        std::io::stderr(),
        "The second line is a params file. State: {url}/sandbox/state  Calls: {url}/sandbox/calls  Stop: Ctrl-C"
    )?;
    Ok(())
}
