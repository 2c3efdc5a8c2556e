//! Shows what the replay of recorded cases gives: a verdict for each, and what the War Room would show. How a
//! case is played and judged is the business of `crate::replay`.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use anyhow::{Context as _, Result, ensure};

use super::{exit::End, terminal::Style};
use crate::replay;
use pingone::visible::visible;

/// What is shown of each case.
pub(crate) struct Shown {
    /// The War Room texts.
    pub(crate) texts: bool,
    /// The context after all requests of the case.
    pub(crate) context: bool,
}

/// Plays the cases below `paths`; fine if all give the recorded answers.
pub(crate) fn run(
    paths: &[PathBuf],
    shown: &Shown,
    style: Style,
    out: &mut impl Write,
) -> Result<End> {
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
            let name = visible(&folder.to_string_lossy());
            let played =
                replay::play(&folder).with_context(|| format!("{name} cannot be played"))?;
            let differences = replay::judge(&folder, &played)?.differences;
            if differences.is_empty() {
                fine += 1;
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
    writeln!(out, "{fine} as recorded, {different} different")?;
    Ok(End::fine_if(different == 0))
}

/// The texts stand as they are, in Markdown; only what a terminal would obey is made visible.
fn write_indented(out: &mut impl Write, text: &str) -> io::Result<()> {
    text.trim_end()
        .lines()
        .try_for_each(|line| writeln!(out, "        {}", visible(line)))
}
