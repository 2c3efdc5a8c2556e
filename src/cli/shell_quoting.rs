//! Recognizes what a shell does to a command that is not in single quotes, and says what to type instead. Pure.
//!
//! Without quotes, or with double quotes inside double quotes, the shell splits the command at its spaces. Inside double
//! quotes, interactive shells replace `!word` by an earlier command.

use anyhow::{Result, bail};

use super::war_room_line::without_secrets;
use crate::{access::is_built_in, manifest};

const PROGRAM: &str = "pingone-xsoar";

/// Fails if the shell split or replaced one of the commands.
pub(super) fn check(lines: &[String]) -> Result<()> {
    if lines
        .iter()
        .any(|line| line.trim_start().starts_with(PROGRAM))
    {
        bail!(
            "The shell has replaced '!…' by an earlier command. Use single quotes, or leave out the exclamation mark:\n  \
             {PROGRAM} run '!pingone-get-user emma.sharp'"
        );
    }
    let Some(piece) = (1..lines.len()).find(|&place| !is_command(&lines[place])) else {
        return Ok(());
    };
    let mut pieces = lines[piece..].iter().take_while(|line| !is_command(line));
    let whole = pieces.try_fold(lines[piece - 1].trim().to_owned(), |whole, piece| {
        Some(join(whole, piece))
    });
    let whole = without_secrets(&whole.unwrap_or_default()).replace('\'', r"'\''");
    bail!(
        "'{}' is not a command. Put each command in single quotes, so that the shell does not split it:\n  \
         {PROGRAM} run '{whole}'",
        without_secrets(&lines[piece])
    )
}

/// Whether a command starts here: with an exclamation mark, or a command's name, perhaps misspelt.
fn is_command(line: &str) -> bool {
    let line = line.trim_start();
    let word = line.split_whitespace().next().unwrap_or_default();
    let is_known = |name: &str| manifest::COMMANDS.iter().any(|one| one.name == name);
    line.starts_with(['!', '\\'])
        || is_built_in(word)
        || word.starts_with("pingone-")
        || is_known(&["pingone-", word].concat())
}

/// Appends a piece that the shell split off, with the quotes that it needs.
fn join(mut whole: String, piece: &str) -> String {
    let piece = piece.trim();
    if let Some((name, value)) = piece.split_once('=') {
        return if value.contains(char::is_whitespace) {
            whole + " " + name + "=" + &quoted(value)
        } else {
            whole + " " + piece
        };
    }
    // A word without a name continues the value before it.
    let start = match whole.strip_suffix('"').and_then(|open| open.rfind("=\"")) {
        Some(equals) => equals + 1,
        None => match whole.rfind(char::is_whitespace) {
            Some(space) => match whole[space..].find('=') {
                Some(equals) => space + equals + 1,
                None => return whole + " " + &quoted_if_needed(piece),
            },
            None => return whole + " " + &quoted_if_needed(piece),
        },
    };
    let value = whole.split_off(start);
    whole + &quoted(&(value.trim_matches('"').to_owned() + " " + piece))
}

fn quoted_if_needed(value: &str) -> String {
    if value.contains(char::is_whitespace) {
        quoted(value)
    } else {
        value.to_owned()
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', r"\\").replace('"', r#"\""#))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lines: &[&str]) -> Option<String> {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        check(&lines).err().map(|error| error.to_string())
    }

    #[test]
    fn whole_commands_are_left_alone() {
        for lines in [
            &["!pingone-get-user emma"][..],
            &[
                "pingone-get-user emma",
                "!pingone-unlock-user emma",
                "test-module",
            ],
            &["something"],
            &["!a", "get-user emma"],
            &["!a", "pingone-get-usr emma"],
        ] {
            assert_eq!(told(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn a_split_command_is_put_together_again() {
        let advice = |piece: &str, whole: &str| {
            Some(format!(
                "'{piece}' is not a command. Put each command in single quotes, so that the shell does not split \
                 it:\n  pingone-xsoar run '{whole}'"
            ))
        };
        // run !pingone-get-user username=emma.sharp
        assert_eq!(
            told(&["!pingone-get-user", "username=emma.sharp"]),
            advice(
                "username=emma.sharp",
                "!pingone-get-user username=emma.sharp"
            )
        );
        // run "!pingone-lock-user emma.sharp duration="4 hours 30 minutes""
        assert_eq!(
            told(&[
                "!pingone-lock-user emma.sharp duration=4",
                "hours",
                "30",
                "minutes"
            ]),
            advice(
                "hours",
                "!pingone-lock-user emma.sharp duration=\"4 hours 30 minutes\""
            )
        );
        // run !pingone-lock-user emma.sharp duration="4 hours" '!pingone-get-user emma.sharp'
        assert_eq!(
            told(&[
                "!pingone-lock-user",
                "emma.sharp",
                "duration=4 hours",
                "!pingone-get-user emma.sharp"
            ]),
            advice(
                "emma.sharp",
                "!pingone-lock-user emma.sharp duration=\"4 hours\""
            )
        );
    }

    #[test]
    fn secrets_are_masked() {
        let text = told(&["!pingone-set-password emma", "password=hunter22"]);
        assert!(text.is_some_and(|text| !text.contains("hunter22")));
    }

    #[test]
    fn history_expansion_is_recognized() {
        let text = told(&["pingone-xsoar run x username=emma"]);
        assert!(text.is_some_and(|text| text.starts_with("The shell has replaced")));
    }
}
