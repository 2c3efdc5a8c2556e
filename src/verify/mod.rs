//! The self-test of a real environment, told from its beginning to its end: confirm, make a throwaway user, run
//! every command on it, ask what the documentation leaves open, delete everything, report. The deleting happens
//! however the rest ends: by itself, by Ctrl-C, by an error, by a panic.
//!
//! ```text
//! confirm      the question before anything is sent
//! steps        every command, and its check by reading back (step: what these work with)
//! respond      the steps of the commands for investigation and containment
//! probes       what the documentation leaves open (probe: what these work with)
//! bench        what they work with, and the list of what was made
//! trouble      what can go wrong, for the terminal and for the report
//! report       what leaves the house
//! ```

pub mod bench;
pub mod confirm;
pub mod probe;
pub mod probes;
pub mod report;
mod respond;
pub mod step;
pub mod steps;
pub mod terminal;
pub mod trouble;

use std::{cell::RefCell, io, panic::AssertUnwindSafe, time::Duration};

use anyhow::{Context as _, Result};
use futures_util::FutureExt as _;
use serde_json::{Map, Value};

use crate::{commands, run, surroundings::Surroundings};
use bench::Bench;
use pingone::id::PopulationId;
use probe::{Finding, Specimen};
use probes::PROBES;
use report::{Ending, Outcome, Report, Results, Target};
use step::Subject;
pub use terminal::Terminal;
use trouble::Trouble;

/// What the command line says.
pub struct Options {
    /// The instance's parameters.
    pub params: Map<String, Value>,
    /// Whether it is confirmed already.
    pub yes: bool,
    /// Where the throwaway users go; the default population without it.
    pub population: Option<PopulationId>,
    /// How long to wait for something to show in the audit trail.
    pub patience: Duration,
}

/// After an interruption, the call under way may take so long to end by itself. It is better heard out: of a
/// creation that is broken off, the id is not known.
const GRACE: Duration = Duration::from_secs(3);

/// A self-test that is over.
pub struct Ended {
    /// The report, in Markdown; nothing if it was not confirmed.
    pub report: String,
    /// Whether every command did what it should and nothing is left.
    pub is_good: bool,
}

/// Runs the self-test.
pub fn run(
    options: Options,
    surroundings: Surroundings,
    terminal: &mut Terminal<'_>,
) -> Result<Ended> {
    let Options {
        params,
        yes,
        population,
        patience,
    } = options;
    let bench = Bench::new(params, population, patience, surroundings)?;
    if !yes && !confirm::confirm(&bench, terminal)? {
        (terminal.tell)("Nothing was done: it was not confirmed (--yes confirms without asking).");
        return Ok(Ended {
            report: String::new(),
            is_good: false,
        });
    }
    let terminal = &*terminal;
    run::hide_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("preparing the self-test")?;
    let ended = runtime.block_on(async {
        let mut interrupts = Interrupts::listen().context("listening for Ctrl-C")?;
        let tell_story =
            async |bench: &Bench, results: &RefCell<Results>| story(bench, results, terminal).await;
        let carried_out = carry_out(
            &bench,
            tell_story,
            async || interrupts.next().await,
            terminal.tell,
        );
        Ok(Box::pin(carried_out).await)
    });
    // A name look-up that is still under way would hold the process back.
    runtime.shutdown_background();
    ended
}

/// Runs `story` until it ends, panics or is interrupted; deletes what was made; reports. A second interruption
/// ends the deleting too.
pub async fn carry_out(
    bench: &Bench,
    story: impl AsyncFn(&Bench, &RefCell<Results>) -> Result<(), Trouble>,
    mut interrupted: impl AsyncFnMut(),
    tell: &dyn Fn(&str),
) -> Ended {
    let began = bench.now();
    let results = RefCell::new(Results::default());
    let ending = {
        let telling = AssertUnwindSafe(story(bench, &results)).catch_unwind();
        tokio::pin!(telling);
        let ended = tokio::select! {
            ended = &mut telling => Some(ended),
            () = interrupted() => {
                tell("Interrupted. What was made is deleted; once more, and it is left where it is.");
                bench.stop();
                tokio::time::timeout(GRACE, &mut telling).await.ok()
            }
        };
        match ended {
            Some(Ok(Ok(()))) => Ending::Complete,
            Some(Ok(Err(_))) | None => Ending::Interrupted,
            Some(Err(_)) => {
                tell("The self-test has a fault and ends early. What was made is deleted.");
                Ending::Faulty
            }
        }
    };
    let cleaned = tokio::select! {
        cleaned = bench.clean_up() => cleaned,
        () = interrupted() => {
            bench.nothing_deleted()
        }
    };
    if !cleaned.is_complete() {
        tell(&format!(
            "NOT EVERYTHING WAS DELETED: look for users and groups whose names begin with {}",
            bench.prefix()
        ));
    }
    let results = results.into_inner();
    let report = Report {
        target: Target::of(bench.settings()),
        began,
        ending,
        prefix: bench.prefix(),
        results: &results,
        steps: steps::all().len(),
        probes: PROBES.len(),
        cleaned: &cleaned,
    };
    Ended {
        report: report.markdown(),
        is_good: report.is_good(),
    }
}

/// Steps, then probes. The only error is an interruption; everything else is a result.
async fn story(
    bench: &Bench,
    results: &RefCell<Results>,
    terminal: &Terminal<'_>,
) -> Result<(), Trouble> {
    let tell = terminal.tell;
    let progress = |what: &str, state: &str| {
        if terminal.is_watched {
            tell(&format!("{state} {what}"));
        }
    };
    let mut subject = Subject::default();
    for (command, what) in steps::all() {
        let outcome = match steps::run(command, bench, &mut subject).await {
            Ok(()) => Outcome::Passed,
            Err(Trouble::Interrupted) => return Err(Trouble::Interrupted),
            Err(Trouble::Skipped(why)) => Outcome::Skipped(why.to_owned()),
            Err(trouble) => {
                tell(&format!("{command}: {trouble}"));
                Outcome::Failed(trouble.for_report())
            }
        };
        progress(command, outcome.word());
        let connected = command != commands::TEST || outcome == Outcome::Passed;
        results.borrow_mut().steps.push((command, what, outcome));
        if !connected {
            // Every other call would end the same way, and take its time for it.
            tell("The connection does not work as it is: nothing further is tried.");
            return Ok(());
        }
    }
    let specimen = match Specimen::make(bench).await {
        Err(Trouble::Interrupted) => return Err(Trouble::Interrupted),
        specimen => specimen,
    };
    for (name, question) in PROBES {
        let found = match &specimen {
            Ok(specimen) => probes::run(name, bench, specimen).await,
            Err(_) => Err(Trouble::Skipped("no throwaway user could be made")),
        };
        let finding = match found {
            Ok(finding) => finding,
            Err(Trouble::Interrupted) => return Err(Trouble::Interrupted),
            Err(trouble) => {
                tell(&format!("{name}: {trouble}"));
                Finding::open(trouble.for_report())
            }
        };
        progress(name, "asked  ");
        results.borrow_mut().probes.push((name, question, finding));
    }
    Ok(())
}

/// What ends a process from outside, from now on heard instead of obeyed.
struct Interrupts {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Interrupts {
    /// Begins to listen.
    fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                signals: [
                    signal(SignalKind::interrupt())?,
                    signal(SignalKind::terminate())?,
                    signal(SignalKind::hangup())?,
                ],
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next one.
    async fn next(&mut self) {
        #[cfg(unix)]
        {
            let [interrupt, terminate, hangup] = &mut self.signals;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
