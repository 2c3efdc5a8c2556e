//! The report: what was tried and found, as Markdown that a user can read and send to us. Everything in it is
//! our own words, statuses, and PingOne's names and codes: no secret, no id, no name of a user or a host.
//! Nothing is judged here.

use std::fmt::{self, Write as _};

use jiff::Timestamp;

use super::{
    probe::{Finding, Verdict},
    test_context::CleanedUp,
};
use pingone::{region::REGIONS, settings::Settings};

/// What was tried against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// PingOne itself, in the region of this name.
    PingOne(&'static str),
    /// A server on this machine.
    Local,
    /// An address that is none of PingOne's own.
    Elsewhere,
}

impl Target {
    /// What these settings lead to.
    pub fn of(settings: &Settings) -> Self {
        let host = settings.api.host_str().unwrap_or_default();
        if matches!(host, "127.0.0.1" | "localhost" | "[::1]") {
            return Self::Local;
        }
        let region = REGIONS.iter().find(|region| {
            region
                .api_url()
                .strip_prefix("https://")
                .is_some_and(|api| api == host)
        });
        region.map_or(Self::Elsewhere, |region| Self::PingOne(region.name))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PingOne(region) => write!(f, "PingOne, region {region}"),
            Self::Local => f.write_str("a server on this machine, such as the sandbox"),
            Self::Elsewhere => f.write_str("an address that is none of PingOne's own"),
        }
    }
}

/// How the self-test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By itself.
    Complete,
    /// Somebody ended it.
    Interrupted,
    /// By a fault of this program.
    Faulty,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The command did what it should.
    Passed,
    /// It did not; in the report's words.
    Failed(String),
    /// It could not be tried.
    Skipped(String),
}

impl Outcome {
    /// For a line of progress.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok     ",
            Self::Failed(_) => "FAILED ",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// Everything that was tried, as far as it came.
#[derive(Debug, Default)]
pub struct Results {
    /// Command, what was checked, how it ended.
    pub steps: Vec<(&'static str, &'static str, Outcome)>,
    /// Probe, what was asked, what was found.
    pub probes: Vec<(&'static str, &'static str, Finding)>,
}

impl Results {
    /// How many steps ended as `like` says.
    fn steps(&self, like: fn(&Outcome) -> bool) -> usize {
        self.steps.iter().filter(|(_, _, one)| like(one)).count()
    }

    /// How many steps did not pass.
    pub fn not_passed(&self) -> usize {
        self.steps(|outcome| *outcome != Outcome::Passed)
    }

    fn probes(&self, verdict: Verdict) -> usize {
        let probes = self.probes.iter();
        probes.filter(|(_, _, one)| one.verdict == verdict).count()
    }
}

/// A self-test that is over.
pub struct Report<'a> {
    /// What was tried against.
    pub target: Target,
    /// When it began.
    pub began: Timestamp,
    /// How it ended.
    pub ending: Ending,
    /// How the names of what it made begin.
    pub prefix: &'a str,
    /// What was tried.
    pub results: &'a Results,
    /// How many steps there are.
    pub steps: usize,
    /// How many probes there are.
    pub probes: usize,
    /// What became of what it made.
    pub cleaned: &'a CleanedUp,
}

impl Report<'_> {
    /// Whether every command was tried and did what it should, and nothing is left behind.
    pub fn is_good(&self) -> bool {
        self.ending == Ending::Complete
            && self.results.steps.len() == self.steps
            && self.results.not_passed() == 0
            && self.cleaned.is_complete()
    }

    /// The report in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let Self {
            target,
            began,
            ending,
            results,
            ..
        } = self;
        writeln!(
            out,
            "# Self-test of pingone-xsoar {}\n",
            env!("CARGO_PKG_VERSION")
        )?;
        // RFC 3339 begins with the date.
        let date: String = began.to_string().chars().take(10).collect();
        writeln!(out, "- Tried against: {target}, on {date}")?;
        writeln!(
            out,
            "- Commands: {} of {} did what they should, {} failed, {} not tried",
            results.steps(|outcome| *outcome == Outcome::Passed),
            self.steps,
            results.steps(|outcome| matches!(outcome, Outcome::Failed(_))),
            self.steps - results.steps(|outcome| !matches!(outcome, Outcome::Skipped(_))),
        )?;
        let asked = results.probes.len();
        writeln!(
            out,
            "- Open questions: {} as assumed, {} otherwise, {} not settled",
            results.probes(Verdict::AsAssumed),
            results.probes(Verdict::Otherwise),
            results.probes(Verdict::Open) + (self.probes - asked),
        )?;
        match ending {
            Ending::Complete => {}
            Ending::Interrupted => writeln!(out, "- The self-test was interrupted.")?,
            Ending::Faulty => writeln!(
                out,
                "- The self-test itself has a fault and ended early: please report it."
            )?,
        }
        self.write_cleaned(out)?;
        writeln!(
            out,
            "\n## Commands\n\n| Command | Checked | Result |\n|---|---|---|"
        )?;
        for (command, what, outcome) in &results.steps {
            let outcome = match outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::Failed(why) => format!("**failed**: {}", cell(why)),
                Outcome::Skipped(why) => format!("not tried: {}", cell(why)),
            };
            writeln!(out, "| {command} | {what} | {outcome} |")?;
        }
        writeln!(
            out,
            "\n## Open questions\n\nWhat PingOne's documentation does not settle.\n\n| Probe | Question | As assumed | Finding |\n|---|---|---|---|"
        )?;
        for (name, question, finding) in &results.probes {
            let verdict = match finding.verdict {
                Verdict::AsAssumed => "yes",
                Verdict::Otherwise => "**no**",
                Verdict::Open => "?",
            };
            writeln!(
                out,
                "| {name} | {question} | {verdict} | {} |",
                cell(&finding.text)
            )?;
        }
        Ok(())
    }

    fn write_cleaned(&self, out: &mut String) -> fmt::Result {
        let CleanedUp {
            gone,
            left,
            searched,
        } = self.cleaned;
        write!(out, "- Throwaway users and groups: {gone} made and deleted")?;
        if *left > 0 {
            write!(out, ", **{left} may still be there**")?;
        }
        if !searched {
            write!(out, ", **perhaps others too**")?;
        }
        if !self.cleaned.is_complete() {
            write!(out, ": delete what begins with `{}`", self.prefix)?;
        }
        writeln!(out)
    }
}

/// A text in one cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report<'a>(results: &'a Results, cleaned: &'a CleanedUp, ending: Ending) -> Report<'a> {
        Report {
            target: Target::PingOne("EU"),
            began: Timestamp::UNIX_EPOCH,
            ending,
            prefix: "throwaway-1",
            results,
            steps: 2,
            probes: 3,
            cleaned,
        }
    }

    const CLEAN: CleanedUp = CleanedUp {
        gone: 2,
        left: 0,
        searched: true,
    };

    #[test]
    fn what_was_not_reached_counts_as_not_tried() {
        let results = Results {
            steps: vec![("a", "it works", Outcome::Failed("x|y".to_owned()))],
            probes: vec![("p", "Is it?", Finding::open("no\nidea"))],
        };
        let text = report(&results, &CLEAN, Ending::Interrupted).markdown();
        for line in [
            "- Tried against: PingOne, region EU, on 1970-01-01",
            "- Commands: 0 of 2 did what they should, 1 failed, 1 not tried",
            "- Open questions: 0 as assumed, 0 otherwise, 3 not settled",
            "- The self-test was interrupted.",
            "- Throwaway users and groups: 2 made and deleted",
            "| a | it works | **failed**: x\\|y |",
            "| p | Is it? | ? | no idea |",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn what_is_left_behind_is_told_and_is_not_good() {
        let passed = || ("a", "it works", Outcome::Passed);
        let results = Results {
            steps: vec![passed(), passed()],
            probes: Vec::new(),
        };
        assert!(report(&results, &CLEAN, Ending::Complete).is_good());
        let left = CleanedUp { left: 1, ..CLEAN };
        let unknown = CleanedUp {
            searched: false,
            ..CLEAN
        };
        for (cleaned, words) in [
            (left, "**1 may still be there**"),
            (unknown, "perhaps others"),
        ] {
            let report = report(&results, &cleaned, Ending::Complete);
            assert!(!report.is_good(), "{cleaned:?}");
            let text = report.markdown();
            assert!(
                text.contains(words) && text.contains("`throwaway-1`"),
                "{text}"
            );
        }
        assert!(!report(&results, &CLEAN, Ending::Faulty).is_good());
    }
}
