//! What commands there are and what each takes and gives, for a person. It says what the manifest says.

use super::{
    terminal::{Style, table},
    typed::{nearest_commands, suggestion},
};
use crate::manifest::{self, Argument, Command};

/// A line for each command.
pub(crate) fn list(style: Style) -> String {
    let rows: Vec<Vec<String>> = manifest::COMMANDS
        .iter()
        .map(|command| {
            vec![
                command.name.to_owned(),
                first_sentence(command.description).to_owned(),
            ]
        })
        .collect();
    format!(
        "{}\n`pingone-xsoar help COMMAND` shows arguments and outputs.\n",
        table(&["Command", "What it does"], &rows, style)
    )
}

/// All about one command; with or without the exclamation mark of the War Room.
pub(crate) fn about(name: &str, style: Style) -> Result<String, String> {
    let name = name.strip_prefix('!').unwrap_or(name);
    let Some(command) = manifest::command(name) else {
        return Err(format!(
            "there is no command '{name}'.{} `pingone-xsoar commands` lists all",
            suggestion(&nearest_commands(name))
        ));
    };
    let mut out = format!(
        "{}\n{}\n\n{}\n",
        style.bold(command.name),
        command.description,
        usage(command)
    );
    let arguments: Vec<Vec<String>> = command
        .arguments
        .iter()
        .filter(|argument| !argument.hidden)
        .map(|argument| {
            vec![
                argument.name.to_owned(),
                remarks(argument).join(", "),
                argument.description.to_owned(),
            ]
        })
        .collect();
    out.push('\n');
    out.push_str(&table(&["Argument", "", "Meaning"], &arguments, style));
    if command.outputs.is_empty() {
        out.push_str("\nNothing goes into the context.\n");
        return Ok(out);
    }
    let outputs: Vec<Vec<String>> = command
        .outputs
        .iter()
        .map(|output| {
            [output.path, output.kind, output.description]
                .map(str::to_owned)
                .to_vec()
        })
        .collect();
    out.push('\n');
    out.push_str(&table(
        &["Context path", "Type", "Meaning"],
        &outputs,
        style,
    ));
    Ok(out)
}

/// `!command <default argument> other=… [not required=…]`
fn usage(command: &Command) -> String {
    let arguments = command.arguments.iter().filter(|argument| !argument.hidden);
    let shown = arguments.map(|argument| {
        let value = match argument {
            Argument {
                is_default: true, ..
            } => format!("<{}>", argument.name),
            Argument { secret: true, .. } => format!("{}=env:NAME", argument.name),
            _ => format!("{}=…", argument.name),
        };
        if argument.required {
            value
        } else {
            format!("[{value}]")
        }
    });
    [format!("!{}", command.name)]
        .into_iter()
        .chain(shown)
        .collect::<Vec<_>>()
        .join(" ")
}

fn remarks(argument: &Argument) -> Vec<String> {
    let mut remarks = Vec::new();
    if argument.required {
        remarks.push("required".to_owned());
    }
    if argument.is_default {
        remarks.push("its name may be left out".to_owned());
    }
    if argument.secret {
        remarks.push("secret".to_owned());
    }
    if argument.is_array {
        remarks.push("a list".to_owned());
    }
    if !argument.allowed.is_empty() {
        remarks.push(format!("one of {}", argument.allowed.join(", ")));
    }
    if let Some(default) = argument.default {
        remarks.push(format!("default {default}"));
    }
    remarks
}

fn first_sentence(text: &str) -> &str {
    match text.find(". ") {
        Some(end) => &text[..=end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_listed_and_explained() {
        let all = list(Style::default());
        for command in manifest::COMMANDS {
            assert!(all.contains(command.name), "{}", command.name);
            let about = about(&format!("!{}", command.name), Style::default())
                .unwrap_or_else(|error| panic!("{error}"));
            for argument in command.arguments.iter().filter(|one| !one.hidden) {
                assert!(about.contains(argument.description), "{about}");
            }
            for output in command.outputs {
                assert!(about.contains(output.path), "{about}");
            }
        }
    }

    #[test]
    fn a_command_as_it_is_typed() {
        let about = about("pingone-set-password", Style::default()).expect("a command");
        assert!(
            about.contains("!pingone-set-password <username> password=env:NAME [forceChange=…] [bypassPolicy=…]\n"),
            "{about}"
        );
        assert!(
            about.contains("password      required, secret                    The new password.\n"),
            "{about}"
        );
        assert!(about.contains("Nothing goes into the context."), "{about}");
    }

    #[test]
    fn an_unknown_command_gets_the_nearest() {
        assert_eq!(
            about("pingone-get-usr", Style::default()),
            Err("there is no command 'pingone-get-usr'. Did you mean pingone-get-user? `pingone-xsoar commands` lists all".to_owned())
        );
    }
}
