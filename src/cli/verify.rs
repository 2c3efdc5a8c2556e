//! The self-test at the terminal: asks for the confirmation, tells how far it is, prints the report. What is tested
//! and how is the business of `crate::verify`.

use std::{io::Write as _, time::Duration};

use anyhow::Result;

use super::{
    console::{self, ask, write_stderr},
    exit::ExitStatus,
    params::Source,
};
use crate::env::Env;
use crate::verify::{self, Options, Terminal};
use pingone::{id::PopulationId, visible::visible_lines};

/// Runs the self-test. There is nothing to confirm for a sandbox of its own: nothing of it is real.
pub(crate) fn run(
    source: &Source,
    yes: bool,
    population: Option<PopulationId>,
    audit_wait: Duration,
) -> Result<ExitStatus> {
    let env = Env::from_process();
    let (params, sandbox) = source.params(&env)?;
    let options = Options {
        params,
        yes: yes || sandbox.is_some(),
        population,
        audit_wait,
    };
    let mut terminal = Terminal {
        prompt: &mut ask,
        print: &|text| write_stderr(&format!("{text}\n")),
        show_progress: console::stderr_is_terminal(),
    };
    let summary = verify::run(options, env, &mut terminal)?;
    let mut out = console::out();
    out.write_all(visible_lines(&summary.report).as_bytes())?;
    out.flush()?;
    Ok(ExitStatus::success_if(summary.passed))
}
