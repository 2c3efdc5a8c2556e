//! The self-test of a real environment, told from its beginning to its end: confirm, make a throwaway user, run
//! every command on it, ask what the documentation leaves open, delete everything, report. The deleting happens
//! however the rest ends: by itself, by Ctrl-C, by an error, by a panic.
//!
//! ```text
//! params       the instance's parameters
//! confirm      the question before anything is sent
//! steps        every command, and its check by reading back
//! probes       what the documentation leaves open
//! bench        what they work with, and the list of what was made
//! trouble      what can go wrong, for the terminal and for the report
//! report       what leaves the house
//! ```

pub mod bench;
pub mod confirm;
pub mod params;
pub mod probes;
pub mod report;
pub mod steps;
pub mod trouble;

use std::{
    cell::RefCell,
    io::{self, IsTerminal as _, Write as _},
    panic::AssertUnwindSafe,
    time::Duration,
};

use anyhow::{Context as _, Result};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{pingone::id::PopulationId, run, surroundings::Surroundings};
use bench::Bench;
use probes::{Finding, PROBES, Specimen};
use report::{Ending, Outcome, Report, Results, Target};
use steps::{STEPS, Subject};
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

/// Runs the self-test and prints its report; true if every command did what it should and nothing is left.
pub fn run(options: Options) -> Result<bool> {
    let Options {
        params,
        yes,
        population,
        patience,
    } = options;
    let bench = Bench::new(params, population, patience, Surroundings::of_the_process())?;
    if !yes && !confirm::confirm(&bench, &mut io::stdin().lock(), &mut io::stderr())? {
        tell("Nothing was done: it was not confirmed (--yes confirms without asking).");
        return Ok(false);
    }
    run::hide_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("preparing the self-test")?;
    let report = runtime.block_on(async {
        let mut interrupts = Interrupts::listen().context("listening for Ctrl-C")?;
        let carried_out = carry_out(&bench, story, async || interrupts.next().await);
        anyhow::Ok(Box::pin(carried_out).await)
    });
    // A name look-up that is still under way would hold the process back.
    runtime.shutdown_background();
    let (markdown, good) = report?;
    let mut out = io::stdout().lock();
    out.write_all(markdown.as_bytes())?;
    out.flush()?;
    Ok(good)
}

/// Runs `story` until it ends, panics or is interrupted; deletes what was made; gives the report and whether
/// it is good. A second interruption ends the deleting too.
async fn carry_out(
    bench: &Bench,
    story: impl AsyncFn(&Bench, &RefCell<Results>) -> Result<(), Trouble>,
    mut interrupted: impl AsyncFnMut(),
) -> (String, bool) {
    let began = Timestamp::now();
    let results = RefCell::new(Results::default());
    let ending = {
        let telling = AssertUnwindSafe(story(bench, &results)).catch_unwind();
        tokio::pin!(telling);
        let ended = tokio::select! {
            ended = &mut telling => Some(ended),
            () = interrupted() => {
                tell("Interrupted. What was made is deleted; once more, and it is left where it is.");
                bench.stop();
                tokio::select! {
                    ended = &mut telling => Some(ended),
                    () = tokio::time::sleep(GRACE) => None,
                }
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
        steps: STEPS.len(),
        probes: PROBES.len(),
        cleaned: &cleaned,
    };
    (report.markdown(), report.is_good())
}

/// Steps, then probes. The only error is an interruption; everything else is a result.
async fn story(bench: &Bench, results: &RefCell<Results>) -> Result<(), Trouble> {
    let mut subject = Subject::default();
    for (command, what) in STEPS {
        let outcome = match steps::run(command, bench, &mut subject).await {
            Ok(()) => Outcome::Passed,
            Err(Trouble::Interrupted) => return Err(Trouble::Interrupted),
            Err(Trouble::Skipped(why)) => Outcome::Skipped(why.to_owned()),
            Err(trouble) => {
                tell(&format!("{command}: {trouble}"));
                Outcome::Failed(trouble.for_report())
            }
        };
        progress(command, matches!(outcome, Outcome::Passed));
        results.borrow_mut().steps.push((command, what, outcome));
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
        progress(name, true);
        results.borrow_mut().probes.push((name, question, finding));
    }
    Ok(())
}

/// Tells the person at the terminal; the report goes elsewhere.
fn tell(text: &str) {
    // Nothing can be done if stderr is closed.
    drop(writeln!(io::stderr(), "{text}"));
}

/// Shows how far it is, where somebody watches.
fn progress(what: &str, fine: bool) {
    if io::stderr().is_terminal() {
        tell(&format!(
            "{} {what}",
            if fine { "done  " } else { "FAILED" }
        ));
    }
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

#[cfg(all(test, feature = "sandbox"))]
mod tests {
    use std::future::pending;

    use super::*;
    use crate::sandbox::{Sandbox, Seed};

    fn bench(sandbox: &Sandbox) -> Bench {
        let Value::Object(params) = sandbox.params() else {
            panic!("no parameters");
        };
        Bench::new(params, None, Duration::ZERO, Surroundings::default()).expect("fine parameters")
    }

    fn count(sandbox: &Sandbox) -> usize {
        let state = sandbox.state();
        let size = |list: &str| state[list].as_array().map_or(0, Vec::len);
        size("users") + size("groups")
    }

    #[tokio::test]
    async fn what_was_made_before_a_panic_is_deleted() {
        run::hide_panics();
        let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
        let (before, bench) = (count(&sandbox), bench(&sandbox));
        let made = std::cell::Cell::new(0);
        let broken = async |bench: &Bench, _: &RefCell<Results>| {
            bench.user("one").await?;
            bench.group("two").await?;
            made.set(count(&sandbox));
            assert_eq!(made.get(), 0, "hunter22");
            Ok(())
        };
        let (text, good) = carry_out(&bench, broken, pending).await;
        assert_eq!(made.get(), before + 2, "nothing was made");
        assert_eq!(count(&sandbox), before, "{text}");
        assert!(
            !good && text.contains("has a fault") && text.contains("2 made and deleted"),
            "{text}"
        );
        assert!(!text.contains("hunter22"), "{text}");
    }

    #[tokio::test]
    async fn what_was_made_before_an_error_is_deleted() {
        let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
        let (before, bench) = (count(&sandbox), bench(&sandbox));
        let failing = async |bench: &Bench, _: &RefCell<Results>| {
            bench.user("one").await?;
            Err(Trouble::Interrupted)
        };
        let (text, good) = carry_out(&bench, failing, pending).await;
        assert_eq!(count(&sandbox), before, "{text}");
        assert!(!good && text.contains("1 made and deleted"), "{text}");
    }

    #[tokio::test]
    async fn a_stopped_bench_sends_nothing_more() {
        let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
        let bench = bench(&sandbox);
        bench.stop();
        assert!(matches!(bench.user("one").await, Err(Trouble::Interrupted)));
        assert!(matches!(
            bench.pause(Duration::from_hours(1)).await,
            Err(Trouble::Interrupted)
        ));
        assert_eq!(sandbox.calls(), []);
    }
}
