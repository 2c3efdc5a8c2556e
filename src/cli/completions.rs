//! Completions for the shell: the subcommands and their options, and the names of the integration's commands where
//! one is expected.

use std::fmt::Write as _;

use anyhow::Result;
use clap::{Command, builder::PossibleValuesParser};
use clap_complete::{Shell, generate};

use crate::manifest::COMMANDS;

/// The arguments that take a command's name: of which subcommand, and which.
const TAKE_A_NAME: [(&str, &str); 2] = [("run", "lines"), ("help", "name")];

/// The script for a shell.
pub(super) fn script(mut cli: Command, shell: Shell) -> Result<String> {
    let name = cli.get_name().to_owned();
    for (subcommand, argument) in TAKE_A_NAME {
        let names = PossibleValuesParser::new(COMMANDS.iter().map(|command| command.name));
        cli = cli.mut_subcommand(subcommand, |subcommand| {
            subcommand.mut_arg(argument, |argument| argument.value_parser(names))
        });
    }
    let mut script = Vec::new();
    generate(shell, &mut cli, &name, &mut script);
    let mut script = String::from_utf8(script)?;
    if shell == Shell::Bash {
        // clap_complete spells a name with a hyphen in two ways, so that no subcommand is recognized:
        // <https://github.com/clap-rs/clap/issues/6421>
        let wrong = name.replace('-', "__subcmd__");
        script = script.replace(&wrong, &name.replace('-', "__"));
    }
    if shell == Shell::Fish {
        // clap_complete completes only options in its scripts for fish.
        let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        let subcommands = TAKE_A_NAME.map(|(subcommand, _)| subcommand).join(" ");
        writeln!(
            script,
            "complete -c {name} -n \"__fish_seen_subcommand_from {subcommands}\" -f -a \"{}\"",
            names.join(" ")
        )?;
    }
    Ok(script)
}
