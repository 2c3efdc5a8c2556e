//! The self-test of a real environment, told from its beginning to its end: confirm, make a throwaway user, run
//! every command on it, ask what the documentation leaves open, delete everything, report. The deleting happens
//! however the rest ends: by itself, by Ctrl-C, by an error, by a panic.
//!
//! ```text
//! confirm      the question before anything is sent
//! steps        every command, and its check by reading back (step: what these work with)
//! respond      the steps of the commands for investigation and containment
//! probes       what the documentation leaves open (probe: what these work with)
//! cx        what they work with, and the list of what was made
//! error      what can go wrong, for the terminal and for the report
//! report       what leaves the house
//! ```

pub mod confirm;
pub mod error;
pub mod probe;
pub mod probes;
pub mod report;
mod respond;
pub mod step;
pub mod steps;
pub mod terminal;
pub mod test_context;

use std::{cell::RefCell, io, panic::AssertUnwindSafe, time::Duration};

use anyhow::{Context as _, Result};
use futures_util::FutureExt as _;
use serde_json::{Map, Value};

use crate::{commands, env::Env, run};
use error::VerifyError;
use pingone::id::PopulationId;
use probe::{Finding, Fixture};
use probes::PROBES;
use report::{Ending, Outcome, Report, Results, Target};
use step::Subject;
pub use terminal::Terminal;
use test_context::TestContext;

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
pub fn run(options: Options, env: Env, terminal: &mut Terminal<'_>) -> Result<Ended> {
    let Options {
        params,
        yes,
        population,
        patience,
    } = options;
    let cx = TestContext::new(params, population, patience, env)?;
    if !yes && !confirm::confirm(&cx, terminal)? {
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
            async |cx: &TestContext, results: &RefCell<Results>| story(cx, results, terminal).await;
        let carried_out = carry_out(
            &cx,
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
    cx: &TestContext,
    story: impl AsyncFn(&TestContext, &RefCell<Results>) -> Result<(), VerifyError>,
    mut interrupted: impl AsyncFnMut(),
    tell: &dyn Fn(&str),
) -> Ended {
    let began = cx.now();
    let results = RefCell::new(Results::default());
    let ending = {
        let telling = AssertUnwindSafe(story(cx, &results)).catch_unwind();
        tokio::pin!(telling);
        let ended = tokio::select! {
            ended = &mut telling => Some(ended),
            () = interrupted() => {
                tell("Interrupted. What was made is deleted; once more, and it is left where it is.");
                cx.stop();
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
        cleaned = cx.clean_up() => cleaned,
        () = interrupted() => {
            cx.nothing_deleted()
        }
    };
    if !cleaned.is_complete() {
        tell(&format!(
            "NOT EVERYTHING WAS DELETED: look for users and groups whose names begin with {}",
            cx.prefix()
        ));
    }
    let results = results.into_inner();
    let report = Report {
        target: Target::of(cx.settings()),
        began,
        ending,
        prefix: cx.prefix(),
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
    cx: &TestContext,
    results: &RefCell<Results>,
    terminal: &Terminal<'_>,
) -> Result<(), VerifyError> {
    let tell = terminal.tell;
    let progress = |what: &str, state: &str| {
        if terminal.is_watched {
            tell(&format!("{state} {what}"));
        }
    };
    let mut subject = Subject::default();
    for (command, what) in steps::all() {
        let outcome = match steps::run(command, cx, &mut subject).await {
            Ok(()) => Outcome::Passed,
            Err(VerifyError::Interrupted) => return Err(VerifyError::Interrupted),
            Err(VerifyError::Skipped(why)) => Outcome::Skipped(why.to_owned()),
            Err(error) => {
                tell(&format!("{command}: {error}"));
                Outcome::Failed(error.for_report())
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
    let fixture = match Fixture::make(cx).await {
        Err(VerifyError::Interrupted) => return Err(VerifyError::Interrupted),
        fixture => fixture,
    };
    for (name, question) in PROBES {
        let found = match &fixture {
            Ok(fixture) => probes::run(name, cx, fixture).await,
            Err(_) => Err(VerifyError::Skipped("no throwaway user could be made")),
        };
        let finding = match found {
            Ok(finding) => finding,
            Err(VerifyError::Interrupted) => return Err(VerifyError::Interrupted),
            Err(error) => {
                tell(&format!("{name}: {error}"));
                Finding::open(error.for_report())
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
