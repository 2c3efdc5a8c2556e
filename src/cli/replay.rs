//! Prints the result of replaying recorded cases: verdicts, and what the War Room would show. Of many cases it shows a
//! summary and a few examples. `crate::replay` plays and judges them.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};

use super::{exit::ExitStatus, replay_page, style::Style};
use crate::replay::{self, Played};
use pingone::visible::visible;

/// What to print for each case.
#[derive(PartialEq, Eq)]
pub(crate) enum Shown {
    /// The verdict alone.
    Verdicts,
    /// The War Room texts too; of many cases, a summary with examples.
    Summary,
    /// The War Room texts of all cases.
    All,
    /// All of that in an HTML file.
    Page(PathBuf),
}

/// How to print the cases.
pub(crate) struct Options {
    /// What to print for each case.
    pub(crate) shown: Shown,
    /// Whether to add the context after all requests of a case.
    pub(crate) context: bool,
    pub(crate) style: Style,
}

/// More cases than this are summarized.
const MANY: usize = 10;
/// What is shown of many cases: a lookup, a containment, and one of which a step fails.
const EXAMPLES: [&str; 3] = [
    "pingone-get-user/document-example",
    "pingone-contain-user/document-example",
    "pingone-contain-user/one-step-fails",
];

/// Replays the cases below `paths`; succeeds if all of them give the recorded answers.
pub(crate) fn run(
    paths: &[PathBuf],
    options: &Options,
    out: &mut impl Write,
) -> Result<ExitStatus> {
    let mut folders = Vec::new();
    for path in paths {
        let cases = replay::cases(path)?;
        ensure!(
            !cases.is_empty(),
            "{} holds no case: a case is a folder with a {}",
            path.display(),
            replay::REQUEST
        );
        folders.extend(cases);
    }
    if let Shown::Page(file) = &options.shown {
        return write_page(&folders, file, out);
    }
    let summarize = options.shown == Shown::Summary && folders.len() > MANY;
    let (mut same, mut different) = (0, 0);
    let mut by_command: BTreeMap<String, usize> = BTreeMap::new();
    let mut examples = Vec::new();
    for folder in folders {
        let name = visible(&folder.to_string_lossy());
        let played = replay::play(&folder).with_context(|| format!("{name} cannot be played"))?;
        let differences = replay::judge(&folder, &played)?.differences;
        let is_same = differences.is_empty();
        if is_same {
            same += 1;
        } else {
            different += 1;
        }
        if summarize && is_same {
            *by_command.entry(command(&folder)).or_default() += 1;
            if EXAMPLES.iter().any(|example| folder.ends_with(example)) {
                examples.push((name, played));
            }
            continue;
        }
        let verdict = if is_same {
            "ok     "
        } else {
            &options.style.red("DIFFERS")
        };
        writeln!(out, "{verdict} {name}")?;
        for difference in &differences {
            write_indented(out, difference)?;
        }
        write_played(out, options, &played)?;
    }
    if summarize {
        for (command, count) in by_command {
            writeln!(out, "ok      {count:>4}  {command}")?;
        }
        for (name, played) in examples {
            writeln!(out, "\n{}", options.style.bold(&name))?;
            write_played(out, options, &played)?;
        }
    }
    writeln!(out, "{same} as recorded, {different} different")?;
    if summarize {
        writeln!(
            out,
            "`--all` shows every case, `--html FILE` writes a page to look through."
        )?;
    }
    Ok(ExitStatus::success_if(different == 0))
}

fn write_page(folders: &[PathBuf], file: &Path, out: &mut impl Write) -> Result<ExitStatus> {
    let page = replay_page::page(folders)?;
    let shown = file.display();
    fs::write(file, page.html).with_context(|| format!("cannot write {shown}"))?;
    let (same, different) = (page.same, page.different);
    writeln!(
        out,
        "{same} as recorded, {different} different; the page is {shown}"
    )?;
    Ok(ExitStatus::success_if(different == 0))
}

/// The folder that holds the case is called after its command.
fn command(case: &Path) -> String {
    let folder = case.parent().and_then(Path::file_name).unwrap_or_default();
    visible(&folder.to_string_lossy())
}

fn write_played(out: &mut impl Write, options: &Options, played: &Played) -> io::Result<()> {
    if options.shown != Shown::Verdicts {
        for text in &played.war_room {
            write_indented(out, text)?;
            writeln!(out)?;
        }
    }
    if options.context {
        write_indented(out, &format!("{:#}", played.context.to_value()))?;
        writeln!(out)?;
    }
    Ok(())
}

/// The texts stay Markdown; only control characters are made visible.
fn write_indented(out: &mut impl Write, text: &str) -> io::Result<()> {
    text.trim_end()
        .lines()
        .try_for_each(|line| writeln!(out, "        {}", visible(line)))
}
