//! The man page: the subcommands with their options, and the integration's commands.

use anyhow::Result;
use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use super::{commands_help::summary, examples::example};
use crate::manifest::COMMANDS;

/// The page, as `man` reads it.
pub(super) fn page(mut cli: Command) -> Result<String> {
    cli.build();
    let mut page = Vec::new();
    let man = Man::new(cli.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    subcommands(&cli).to_writer(&mut page)?;
    commands().to_writer(&mut page)?;
    Ok(String::from_utf8(page)?)
}

fn subcommands(cli: &Command) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["SUBCOMMANDS"]);
    for subcommand in cli.get_subcommands() {
        let actions = || {
            let actions = subcommand.get_subcommands();
            actions.filter(|action| action.get_name() != "help")
        };
        if actions().next().is_none() {
            push_subcommand(&mut roff, subcommand);
        }
        actions().for_each(|action| push_subcommand(&mut roff, action));
    }
    roff
}

fn push_subcommand(roff: &mut Roff, subcommand: &Command) {
    let usage = subcommand.clone().render_usage().to_string();
    roff.control("SS", [usage.trim_start_matches("Usage: ")]);
    let about = subcommand.get_long_about().or(subcommand.get_about());
    roff.text([roman(about.map(ToString::to_string).unwrap_or_default())]);
    let arguments = subcommand.get_arguments();
    for argument in arguments.filter(|argument| argument.get_id() != "help") {
        let help = argument.get_help().map(ToString::to_string);
        entry(roff, &argument.to_string(), &help.unwrap_or_default());
    }
}

fn commands() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS OF THE INTEGRATION"]);
    roff.text([roman(
        "As they are typed after `run`, each in single quotes. `pingone-xsoar help COMMAND` explains the arguments.",
    )]);
    for command in COMMANDS {
        entry(&mut roff, &example(command), summary(command.description));
    }
    roff
}

/// A paragraph with a label.
fn entry(roff: &mut Roff, label: &str, text: &str) {
    roff.control("TP", []);
    roff.text([bold(label)]);
    roff.text([roman(text)]);
}
