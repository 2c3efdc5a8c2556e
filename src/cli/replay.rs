//! Prints the result of replaying recorded cases: a verdict for each, and what the War Room would show.
//! `crate::replay` plays and judges them.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context as _, Result, ensure};

use super::{exit::ExitStatus, style::Style};
use crate::replay;
use pingone::visible::visible;

/// What to print for each case.
pub(crate) struct Shown {
    /// The War Room texts.
    pub(crate) texts: bool,
    /// The context after all requests of the case.
    pub(crate) context: bool,
}

/// Replays the cases below `paths`; succeeds if all of them give the recorded answers.
pub(crate) fn run(
    paths: &[PathBuf],
    shown: &Shown,
    style: Style,
    out: &mut impl Write,
) -> Result<ExitStatus> {
    let (mut same, mut different) = (0, 0);
    for path in paths {
        let cases = replay::cases(path)?;
        ensure!(
            !cases.is_empty(),
            "{} holds no case: a case is a folder with a {}",
            path.display(),
            replay::REQUEST
        );
        for folder in cases {
            let name = visible(&folder.to_string_lossy());
            let played =
                replay::play(&folder).with_context(|| format!("{name} cannot be played"))?;
            let differences = replay::judge(&folder, &played)?.differences;
            if differences.is_empty() {
                same += 1;
                writeln!(out, "ok      {name}")?;
            } else {
                different += 1;
                writeln!(out, "{} {name}", style.red("DIFFERS"))?;
            }
            for difference in &differences {
                write_indented(out, difference)?;
            }
            if shown.texts {
                for text in &played.war_room {
                    write_indented(out, text)?;
                    writeln!(out)?;
                }
            }
            if shown.context {
                let context = format!("{:#}", played.context.to_value());
                write_indented(out, &context)?;
                writeln!(out)?;
            }
        }
    }
    writeln!(out, "{same} as recorded, {different} different")?;
    Ok(ExitStatus::success_if(different == 0))
}

/// The texts stay Markdown; only control characters are made visible.
fn write_indented(out: &mut impl Write, text: &str) -> io::Result<()> {
    text.trim_end()
        .lines()
        .try_for_each(|line| writeln!(out, "        {}", visible(line)))
}
