//! The self-test of a real environment: confirm, create a temporary user, run every command on it, probe what the
//! documentation leaves open, delete everything, report. The clean-up always happens: at the end, after Ctrl-C, after an
//! error, after a panic.
//!
//! ```text
//! confirm       asks before anything is sent
//! steps         every command, with a check that reads the result back (step: what they work with)
//! respond       the steps of the commands for investigation and containment
//! applications  the steps of the commands about applications
//! probes        what the documentation leaves open (probe: what they work with)
//! test_context  runs commands, calls PingOne, keeps track of what was created
//! error         errors, for the terminal and for the report
//! report        the report, which contains no data
//! terminal      how the self-test talks to its user
//! ```

mod applications;
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

use crate::{commands, env::Env, panics};
use error::VerifyError;
use pingone::id::PopulationId;
use probe::{Finding, Fixture};
use probes::PROBES;
use report::{Ending, Outcome, Report, Results, Target};
use step::Subject;
pub use terminal::Terminal;
use test_context::TestContext;

/// The options of the command line.
pub struct Options {
    /// The instance parameters.
    pub params: Map<String, Value>,
    /// Whether to skip the confirmation.
    pub yes: bool,
    /// The population of the temporary users; by default, the environment's default population.
    pub population: Option<PopulationId>,
    /// How long to wait for an activity to appear in the audit trail.
    pub audit_wait: Duration,
}

/// How long the current call may take after an interruption. Letting it finish is better: if a creation is cut off, we
/// do not learn the new id.
const GRACE: Duration = Duration::from_secs(3);

/// The result of a self-test.
pub struct Summary {
    /// The report in Markdown; empty if the self-test was not confirmed.
    pub report: String,
    /// Whether every command passed and nothing was left behind.
    pub passed: bool,
}

/// Runs the self-test.
pub fn run(options: Options, env: Env, terminal: &mut Terminal<'_>) -> Result<Summary> {
    let Options {
        params,
        yes,
        population,
        audit_wait,
    } = options;
    let cx = TestContext::new(params, population, audit_wait, env)?;
    if !yes && !confirm::confirm(&cx, terminal)? {
        (terminal.print)("Not confirmed, so nothing was done. Use --yes to skip the confirmation.");
        return Ok(Summary {
            report: String::new(),
            passed: false,
        });
    }
    let terminal = &*terminal;
    panics::hide_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("preparing the self-test")?;
    let ended = runtime.block_on(async {
        let mut interrupts = Interrupts::listen().context("listening for Ctrl-C")?;
        let tests = async |cx: &TestContext, results: &RefCell<Results>| {
            run_tests(cx, results, terminal).await
        };
        let finished =
            run_and_clean_up(&cx, tests, async || interrupts.next().await, terminal.print);
        Ok(Box::pin(finished).await)
    });
    // A DNS lookup that is still running would keep the process alive.
    runtime.shutdown_background();
    ended
}

/// Runs `tests` until they finish, panic or are interrupted, then deletes what they created, and reports. A second
/// interruption aborts the clean-up too.
pub async fn run_and_clean_up(
    cx: &TestContext,
    tests: impl AsyncFn(&TestContext, &RefCell<Results>) -> Result<(), VerifyError>,
    mut interrupted: impl AsyncFnMut(),
    print: &dyn Fn(&str),
) -> Summary {
    let began = cx.now();
    let results = RefCell::new(Results::default());
    let ending = {
        let running = AssertUnwindSafe(tests(cx, &results)).catch_unwind();
        tokio::pin!(running);
        let ended = tokio::select! {
            ended = &mut running => Some(ended),
            () = interrupted() => {
                print("Interrupted. Deleting the temporary users, groups and applications; interrupt again to leave them.");
                cx.stop();
                tokio::time::timeout(GRACE, &mut running).await.ok()
            }
        };
        match ended {
            Some(Ok(Ok(()))) => Ending::Complete,
            Some(Ok(Err(_))) | None => Ending::Interrupted,
            Some(Err(_)) => {
                print(
                    "The self-test stopped because of a bug. Deleting the temporary users, groups and applications.",
                );
                Ending::Faulty
            }
        }
    };
    let cleanup = tokio::select! {
        cleanup = cx.clean_up() => cleanup,
        () = interrupted() => {
            cx.cleanup_aborted()
        }
    };
    if !cleanup.is_complete() {
        print(&format!(
            "NOT EVERYTHING WAS DELETED. Look for users, groups and applications whose names start with {}",
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
        cleanup: &cleanup,
    };
    Summary {
        report: report.markdown(),
        passed: report.passed(),
    }
}

/// Runs the steps, then the probes. The only error is an interruption; everything else is a result.
async fn run_tests(
    cx: &TestContext,
    results: &RefCell<Results>,
    terminal: &Terminal<'_>,
) -> Result<(), VerifyError> {
    let print = terminal.print;
    let progress = |what: &str, state: &str| {
        if terminal.show_progress {
            print(&format!("{state} {what}"));
        }
    };
    let mut subject = Subject::default();
    for (command, what) in steps::all() {
        let outcome = match steps::run(command, cx, &mut subject).await {
            Ok(()) => Outcome::Passed,
            Err(VerifyError::Interrupted) => return Err(VerifyError::Interrupted),
            Err(VerifyError::Skipped(why)) => Outcome::Skipped(why.to_owned()),
            Err(error) => {
                print(&format!("{command}: {error}"));
                Outcome::Failed(error.for_report())
            }
        };
        progress(command, outcome.label());
        let connected = command != commands::TEST || outcome == Outcome::Passed;
        results.borrow_mut().steps.push((command, what, outcome));
        if !connected {
            // Every other call would fail the same way, and take time.
            print("The connection does not work, so the other commands are skipped.");
            return Ok(());
        }
    }
    let fixture = match Fixture::create(cx).await {
        Err(VerifyError::Interrupted) => return Err(VerifyError::Interrupted),
        fixture => fixture,
    };
    for (name, question) in PROBES {
        let found = match &fixture {
            Ok(fixture) => probes::run(name, cx, fixture).await,
            Err(_) => Err(VerifyError::Skipped(
                "the temporary user could not be created",
            )),
        };
        let finding = match found {
            Ok(finding) => finding,
            Err(VerifyError::Interrupted) => return Err(VerifyError::Interrupted),
            Err(error) => {
                print(&format!("{name}: {error}"));
                Finding::inconclusive(error.for_report())
            }
        };
        progress(name, "probed ");
        results.borrow_mut().probes.push((name, question, finding));
    }
    Ok(())
}

/// The signals that would end the process, handled here instead.
struct Interrupts {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Interrupts {
    /// Starts listening.
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

    /// Waits for the next signal.
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
