//! The report: results and findings in Markdown, for the user to read and send to us. It contains only our own words,
//! HTTP statuses, and PingOne's names and codes: no secrets, no ids, no names of users or hosts. Judges nothing.

use std::fmt::{self, Write as _};

use jiff::Timestamp;

use super::{
    probe::{Finding, Verdict},
    test_context::Cleanup,
};
use pingone::{region::REGIONS, settings::Settings};

/// What the self-test ran against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// PingOne, in this region.
    PingOne(&'static str),
    /// A server on this machine.
    Local,
    /// An address that does not belong to PingOne.
    Elsewhere,
}

impl Target {
    /// The target of these settings.
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
            Self::Elsewhere => f.write_str("an address outside PingOne, such as a gateway"),
        }
    }
}

/// How the self-test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It ran to the end.
    Complete,
    /// The user interrupted it.
    Interrupted,
    /// A bug in this program stopped it.
    Faulty,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The command worked.
    Passed,
    /// It did not; the reason for the report.
    Failed(String),
    /// It was skipped; the reason.
    Skipped(String),
}

impl Outcome {
    /// For a progress line.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Passed => "ok     ",
            Self::Failed(_) => "FAILED ",
            Self::Skipped(_) => "skipped",
        }
    }
}

/// The results so far.
#[derive(Debug, Default)]
pub struct Results {
    /// Command, check, outcome.
    pub steps: Vec<(&'static str, &'static str, Outcome)>,
    /// Probe, question, finding.
    pub probes: Vec<(&'static str, &'static str, Finding)>,
}

impl Results {
    /// Counts the steps whose outcome matches.
    fn count_steps(&self, matches: fn(&Outcome) -> bool) -> usize {
        self.steps.iter().filter(|(_, _, one)| matches(one)).count()
    }

    /// How many steps did not pass.
    pub fn not_passed(&self) -> usize {
        self.count_steps(|outcome| *outcome != Outcome::Passed)
    }

    fn count_probes(&self, verdict: Verdict) -> usize {
        let probes = self.probes.iter();
        probes.filter(|(_, _, one)| one.verdict == verdict).count()
    }
}

/// A finished self-test.
pub struct Report<'a> {
    /// What it ran against.
    pub target: Target,
    /// When it started.
    pub began: Timestamp,
    /// How it ended.
    pub ending: Ending,
    /// The prefix of the names of everything it created.
    pub prefix: &'a str,
    /// The results.
    pub results: &'a Results,
    /// How many steps there are.
    pub steps: usize,
    /// How many probes there are.
    pub probes: usize,
    /// The result of the clean-up.
    pub cleanup: &'a Cleanup,
}

impl Report<'_> {
    /// Whether every command ran and passed, and nothing was left behind.
    pub fn passed(&self) -> bool {
        self.ending == Ending::Complete
            && self.results.steps.len() == self.steps
            && self.results.not_passed() == 0
            && self.cleanup.is_complete()
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
        // RFC 3339 starts with the date.
        let date: String = began.to_string().chars().take(10).collect();
        writeln!(out, "- Target: {target}, on {date}")?;
        writeln!(
            out,
            "- Commands: {} of {} passed, {} failed, {} skipped",
            results.count_steps(|outcome| *outcome == Outcome::Passed),
            self.steps,
            results.count_steps(|outcome| matches!(outcome, Outcome::Failed(_))),
            self.steps - results.count_steps(|outcome| !matches!(outcome, Outcome::Skipped(_))),
        )?;
        let asked = results.probes.len();
        writeln!(
            out,
            "- Open questions: {} as assumed, {} different, {} inconclusive",
            results.count_probes(Verdict::AsExpected),
            results.count_probes(Verdict::Unexpected),
            results.count_probes(Verdict::Inconclusive) + (self.probes - asked),
        )?;
        match ending {
            Ending::Complete => {}
            Ending::Interrupted => writeln!(out, "- The self-test was interrupted.")?,
            Ending::Faulty => writeln!(
                out,
                "- The self-test stopped because of a bug. Please report it."
            )?,
        }
        self.write_cleanup(out)?;
        self.write_steps(out)?;
        self.write_probes(out)
    }

    fn write_steps(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "\n## Commands\n\n| Command | Check | Result |\n|---|---|---|"
        )?;
        for (command, what, outcome) in &self.results.steps {
            let outcome = match outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::Failed(why) => format!("**failed**: {}", cell(why)),
                Outcome::Skipped(why) => format!("skipped: {}", cell(why)),
            };
            writeln!(out, "| {command} | {what} | {outcome} |")?;
        }
        Ok(())
    }

    fn write_probes(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "\n## Open questions\n\nQuestions that PingOne's documentation leaves open.\n\n| Probe | Question | As assumed | Finding |\n|---|---|---|---|"
        )?;
        for (name, question, finding) in &self.results.probes {
            let verdict = match finding.verdict {
                Verdict::AsExpected => "yes",
                Verdict::Unexpected => "**no**",
                Verdict::Inconclusive => "?",
            };
            writeln!(
                out,
                "| {name} | {question} | {verdict} | {} |",
                cell(&finding.text)
            )?;
        }
        Ok(())
    }

    fn write_cleanup(&self, out: &mut String) -> fmt::Result {
        let Cleanup {
            deleted,
            remaining,
            searched,
        } = self.cleanup;
        write!(
            out,
            "- Temporary users, groups and applications: {deleted} created and deleted"
        )?;
        if *remaining > 0 {
            write!(out, ", **{remaining} may still exist**")?;
        }
        if !searched {
            write!(out, ", **perhaps others too**")?;
        }
        if !self.cleanup.is_complete() {
            write!(
                out,
                "; delete everything whose name starts with `{}`",
                self.prefix
            )?;
        }
        writeln!(out)
    }
}

/// Escapes a text for a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report<'a>(results: &'a Results, cleanup: &'a Cleanup, ending: Ending) -> Report<'a> {
        Report {
            target: Target::PingOne("EU"),
            began: Timestamp::UNIX_EPOCH,
            ending,
            prefix: "temporary-1",
            results,
            steps: 2,
            probes: 3,
            cleanup,
        }
    }

    const CLEAN: Cleanup = Cleanup {
        deleted: 2,
        remaining: 0,
        searched: true,
    };

    #[test]
    fn steps_that_were_not_reached_count_as_skipped() {
        let results = Results {
            steps: vec![("a", "it works", Outcome::Failed("x|y".to_owned()))],
            probes: vec![("p", "Is it?", Finding::inconclusive("no\nidea"))],
        };
        let text = report(&results, &CLEAN, Ending::Interrupted).markdown();
        for line in [
            "- Target: PingOne, region EU, on 1970-01-01",
            "- Commands: 0 of 2 passed, 1 failed, 1 skipped",
            "- Open questions: 0 as assumed, 0 different, 3 inconclusive",
            "- The self-test was interrupted.",
            "- Temporary users, groups and applications: 2 created and deleted",
            "| a | it works | **failed**: x\\|y |",
            "| p | Is it? | ? | no idea |",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn anything_left_behind_is_reported_and_fails() {
        let passed = || ("a", "it works", Outcome::Passed);
        let results = Results {
            steps: vec![passed(), passed()],
            probes: Vec::new(),
        };
        assert!(report(&results, &CLEAN, Ending::Complete).passed());
        let remaining = Cleanup {
            remaining: 1,
            ..CLEAN
        };
        let unknown = Cleanup {
            searched: false,
            ..CLEAN
        };
        for (cleanup, words) in [
            (remaining, "**1 may still exist**"),
            (unknown, "perhaps others"),
        ] {
            let report = report(&results, &cleanup, Ending::Complete);
            assert!(!report.passed(), "{cleanup:?}");
            let text = report.markdown();
            assert!(
                text.contains(words) && text.contains("`temporary-1`"),
                "{text}"
            );
        }
        assert!(!report(&results, &CLEAN, Ending::Faulty).passed());
    }
}
