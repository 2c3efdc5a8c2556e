//! Help for the integration's commands: the list of them, and the page of each. Everything in it comes from the
//! manifest and the handlers, so a new command needs nothing here.

use super::{
    cells::{cut, width, wrap},
    examples::{example, for_the_shell},
    style::Style,
    typed::{nearest_commands, suggestion},
};
use crate::{
    commands::{Access, access},
    manifest::{Argument, COMMANDS, Command, command},
};

/// Before each entry of a list.
const INDENT: &str = "  ";

/// The headings of the list, and which words in a command's name put it there. Commands that only look things up come
/// first; what fits nowhere else comes last.
const TOPICS: [(&str, &[&str]); 6] = [
    ("Look up", &[]),
    ("Contain and restore", &["contain", "restore"]),
    ("Passwords", &["password"]),
    ("MFA", &["mfa"]),
    ("Groups", &["group"]),
    ("Accounts and sessions", &[]),
];

/// The commands by topic, one line each.
pub(crate) fn list(style: Style) -> String {
    let names = COMMANDS.iter().map(|command| width(command.name));
    let widest = names.max().unwrap_or_default();
    let room = style.width - INDENT.len() * 2 - widest;
    let mut out = String::new();
    for (number, (topic, _)) in TOPICS.iter().enumerate() {
        out.push_str(&style.bold(topic));
        out.push('\n');
        for command in COMMANDS.iter().filter(|one| topic_of(one) == number) {
            let summary = summary(command.description);
            let name = format!("{:widest$}", command.name);
            let summary = cut_at_a_word(summary, room);
            out.extend([
                INDENT, &name, INDENT, &summary, "
",
            ]);
        }
        out.push('\n');
    }
    out.push_str("`pingone-xsoar help COMMAND` explains a command and shows an example.\n");
    out
}

/// The place of the command's topic.
fn topic_of(command: &Command) -> usize {
    if access(command.name).is_some_and(Access::is_read) {
        return 0;
    }
    let is_named = |words: &[&str]| command.name.split('-').any(|word| words.contains(&word));
    let topic = TOPICS.iter().position(|(_, words)| is_named(words));
    topic.unwrap_or(TOPICS.len() - 1)
}

/// The page of a command, named with or without the exclamation mark of the War Room.
pub(crate) fn page(name: &str, with_outputs: bool, style: Style) -> Result<String, String> {
    let name = name.strip_prefix('!').unwrap_or(name);
    let Some(command) = command(name) else {
        return Err(format!(
            "There is no command '{name}'.{} `pingone-xsoar commands` lists all.",
            suggestion(&nearest_commands(name))
        ));
    };
    let mut out = style.bold(command.name) + "\n";
    push_wrapped(&mut out, "", command.description, style);
    out.push('\n');
    push_wrapped(&mut out, INDENT, &usage(command), style);
    let arguments = || command.arguments.iter().filter(|argument| !argument.hidden);
    for (heading, is_required) in [("Required", true), ("Optional", false)] {
        let entries: Vec<(&str, String)> = arguments()
            .filter(|argument| argument.required == is_required)
            .map(|argument| (argument.name, meaning(argument)))
            .collect();
        push_section(&mut out, heading, &entries, style);
    }
    let run = ["pingone-xsoar run ", &for_the_shell(&example(command))].concat();
    out.extend(["\n", &style.bold("Example"), "\n", INDENT, &run, "\n"]);
    push_outputs(&mut out, command, with_outputs, style);
    Ok(out)
}

/// What the command adds to the context: all paths, or what they have in common.
fn push_outputs(out: &mut String, command: &Command, all: bool, style: Style) {
    if command.outputs.is_empty() {
        out.push_str("\nAdds nothing to the context.\n");
        return;
    }
    if all {
        let entries: Vec<(&str, String)> = command
            .outputs
            .iter()
            .map(|output| {
                (
                    output.path,
                    format!("{} [{}]", output.description, output.kind),
                )
            })
            .collect();
        push_section(out, "Context", &entries, style);
        return;
    }
    let mut entries: Vec<&str> = Vec::new();
    for output in command.outputs {
        // `PingOne.Account.ID` belongs to `PingOne.Account`.
        let end = output.path.match_indices('.').nth(1).map(|(end, _)| end);
        let entry = &output.path[..end.unwrap_or(output.path.len())];
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    let text = format!(
        "Adds {} to the context; `pingone-xsoar help --outputs {}` lists the paths.",
        entries.join(", "),
        command.name
    );
    out.push('\n');
    push_wrapped(out, "", &text, style);
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

/// What an argument means, and how it may be given.
fn meaning(argument: &Argument) -> String {
    let mut remarks = Vec::new();
    if argument.is_default {
        remarks.push("default argument".to_owned());
    }
    // Some descriptions say it themselves.
    if argument.is_array && !argument.description.contains("commas") {
        remarks.push("comma-separated list".to_owned());
    }
    if argument.secret {
        remarks.push("secret".to_owned());
    }
    if !argument.allowed.is_empty() {
        remarks.push(format!("choices: {}", argument.allowed.join(", ")));
    }
    if let Some(default) = argument.default
        && !argument.description.contains("Default: ")
    {
        remarks.push(format!("default: {default}"));
    }
    if remarks.is_empty() {
        argument.description.to_owned()
    } else {
        format!("{} [{}]", argument.description, remarks.join("; "))
    }
}

/// A heading, then names with their meanings beside them; nothing if there are none.
fn push_section(out: &mut String, heading: &str, entries: &[(&str, String)], style: Style) {
    if entries.is_empty() {
        return;
    }
    out.extend(["\n", &style.bold(heading), "\n"]);
    let names = entries.iter().map(|(name, _)| width(name));
    // A longer name has its meaning below it.
    let beside = names.max().unwrap_or_default().min(style.width / 2);
    let room = style.width - beside - 2 * INDENT.len();
    for (name, meaning) in entries {
        let mut label = (*name).to_owned();
        if width(name) > beside {
            out.extend([INDENT, name, "\n"]);
            label.clear();
        }
        for line in wrap(meaning, room) {
            let padded = format!("{label:beside$}");
            out.extend([INDENT, &padded, INDENT, &line, "\n"]);
            label.clear();
        }
    }
}

/// A text in lines; all but the first are indented.
fn push_wrapped(out: &mut String, indent: &str, text: &str, style: Style) {
    for (number, line) in wrap(text, style.width - indent.len()).iter().enumerate() {
        if number > 0 {
            out.push_str(indent);
        }
        out.push_str(line);
        out.push('\n');
    }
}

/// The first sentence.
pub(super) fn summary(description: &str) -> &str {
    match description.find(". ") {
        Some(end) => &description[..=end],
        None => description,
    }
}

fn cut_at_a_word(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let lines = wrap(text, room.saturating_sub(1));
    let kept = lines.first().map_or("", |line| line.trim_end_matches(','));
    cut(&[kept, "…"].concat(), room)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(text: &str, width: usize) -> bool {
        text.lines()
            .filter(|line| !line.starts_with("  pingone-xsoar run "))
            .all(|line| super::width(line) <= width)
    }

    #[test]
    fn every_command_is_listed_and_explained() {
        let style = Style::new(80);
        let all = list(style);
        assert!(fits(&all, 80), "{all}");
        for command in COMMANDS {
            assert!(all.contains(command.name), "{}", command.name);
            let page = page(&format!("!{}", command.name), true, style)
                .unwrap_or_else(|error| panic!("{error}"));
            assert!(fits(&page, 80), "{page}");
            let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
            for argument in command.arguments.iter().filter(|one| !one.hidden) {
                assert!(words.contains(argument.description), "{page}");
            }
            for output in command.outputs {
                assert!(page.contains(output.path), "{page}");
            }
        }
    }

    #[test]
    fn commands_are_listed_by_topic() {
        let topic = |name| TOPICS[topic_of(command(name).expect("a command"))].0;
        assert_eq!(topic("pingone-get-groups"), "Look up");
        assert_eq!(topic("pingone-add-to-group"), "Groups");
        assert_eq!(topic("pingone-contain-user"), "Contain and restore");
        assert_eq!(topic("pingone-reset-mfa"), "MFA");
        assert_eq!(topic("pingone-unlock-password"), "Passwords");
        assert_eq!(topic("pingone-lock-user"), "Accounts and sessions");
    }

    #[test]
    fn a_page_shows_how_each_argument_may_be_given() {
        let page = |name| page(name, false, Style::new(100)).expect("a command");
        let password = page("pingone-set-password");
        assert!(
            password.contains("\n!pingone-set-password <username> password=env:NAME [forceChange=…] [bypassPolicy=…]\n"),
            "{password}"
        );
        assert!(
            password.contains("\n  password  The new password. [secret]\n"),
            "{password}"
        );
        assert!(
            password.contains("\nAdds nothing to the context.\n"),
            "{password}"
        );
        let users = page("pingone-list-users")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(
            users.contains("regardless of the limit. [choices: true, false; default: false] "),
            "{users}"
        );
        assert!(
            users.contains(" Adds PingOne.User, PingOne.UserNextToken to the context;"),
            "{users}"
        );
    }

    #[test]
    fn a_summary_is_cut_at_a_word() {
        assert_eq!(summary("Lists groups. All of them."), "Lists groups.");
        assert_eq!(cut_at_a_word("Lists groups, all", 17), "Lists groups, all");
        assert_eq!(cut_at_a_word("Lists groups, all", 16), "Lists groups…");
        assert_eq!(cut_at_a_word("Lists groups, all", 10), "Lists…");
    }

    #[test]
    fn an_unknown_command_gets_the_nearest() {
        assert_eq!(
            page("pingone-get-usr", false, Style::default()),
            Err("There is no command 'pingone-get-usr'. Did you mean pingone-get-user? `pingone-xsoar commands` lists all.".to_owned())
        );
    }
}
