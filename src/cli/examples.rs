//! An example for each command, as it is typed. Its arguments are those of the command's recorded case
//! `document-example`, which `build.rs` reads.

use crate::manifest::{Argument, Command};

// `EXAMPLES`: each command's name, and the names and values of its arguments.
include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// The War Room line, such as `!pingone-get-user emma.sharp`.
pub(super) fn example(command: &Command) -> String {
    let mut line = format!("!{}", command.name);
    let recorded = EXAMPLES.iter().find(|(name, _)| *name == command.name);
    for (name, value) in recorded.map_or(&[][..], |(_, arguments)| arguments) {
        let mut known = command.arguments.iter();
        let Some(argument) = known.find(|argument| argument.name == *name) else {
            continue;
        };
        line.push(' ');
        line.push_str(&typed(argument, value));
    }
    line
}

fn typed(argument: &Argument, value: &str) -> String {
    let name = argument.name;
    if argument.secret {
        return format!("{name}=env:NEW_PASSWORD");
    }
    // An entry of the context is too long to type; the description names it.
    if value.starts_with(['{', '[']) {
        let reference = argument.description.split_once("${");
        let reference = reference.and_then(|(_, rest)| rest.split_once('}'));
        return match reference {
            Some((path, _)) => format!("{name}=${{{path}}}"),
            None => format!("{name}={value}"),
        };
    }
    let is_word = |character: char| character.is_alphanumeric() || "._@+-".contains(character);
    if !value.chars().all(is_word) || value.is_empty() {
        let escaped = value.replace('\\', r"\\").replace('"', "\\\"");
        return format!("{name}=\"{escaped}\"");
    }
    if argument.is_default {
        value.to_owned()
    } else {
        format!("{name}={value}")
    }
}

/// A line as an argument for the shell.
pub(super) fn for_the_shell(line: &str) -> String {
    format!("'{}'", line.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::war_room_line,
        manifest::{self, COMMANDS},
    };

    #[test]
    fn every_command_has_an_example_that_can_be_typed() {
        for command in COMMANDS {
            let line = example(command);
            let read = war_room_line::parse(&line).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(read.command.text, command.name);
            let named: Vec<&str> = read
                .arguments
                .iter()
                .filter_map(|argument| argument.name.as_ref())
                .map(|name| name.text.as_str())
                .collect();
            for argument in command
                .arguments
                .iter()
                .filter(|argument| argument.required)
            {
                let is_given = named.contains(&argument.name)
                    || argument.is_default && named.len() < read.arguments.len();
                assert!(is_given, "{line}: without {}", argument.name);
            }
            let mut known = command.arguments.iter();
            assert!(
                known.all(|argument| !(argument.hidden && named.contains(&argument.name))),
                "{line}: uses a hidden argument"
            );
        }
    }

    #[test]
    fn values_are_quoted_where_they_have_to_be() {
        let example = |name| example(manifest::command(name).expect("a command"));
        assert_eq!(
            example("pingone-lock-user"),
            "!pingone-lock-user emma.sharp duration=\"4 hours\""
        );
        assert_eq!(
            example("pingone-set-password"),
            "!pingone-set-password emma.sharp password=env:NEW_PASSWORD"
        );
        assert_eq!(
            example("pingone-restore-user"),
            "!pingone-restore-user emma.sharp record=${PingOne.Containment}"
        );
        assert_eq!(for_the_shell("!a b='c'"), r"'!a b='\''c'\'''");
    }
}
