//! Catches values that need quotes and have none, and ids where a name belongs. Pure.

use std::ops::Range;

use serde_json::Value;
use uuid::Uuid;

use super::war_room_line::{Quoting, SyntaxError, TypedArgument, error_at};
use crate::manifest::{Arg, Argument, Command};

/// The length of a UUID as PingOne writes it.
const ID_LENGTH: usize = 36;

/// Catches values that lack quotes, and ids where a name belongs. A value without a name is the default argument's and
/// comes first; one that follows an unquoted value is most likely the rest of that value.
pub(super) fn check(
    command: &Command,
    arguments: &[TypedArgument],
    text: &str,
) -> Result<(), SyntaxError> {
    let default = command
        .arguments
        .iter()
        .find(|argument| argument.is_default);
    let is_bare = |typed: &TypedArgument| typed.quoting == Quoting::Bare;
    for (number, typed) in arguments.iter().enumerate() {
        if typed.name.is_some() {
            continue;
        }
        let source = |place: Range<usize>| text.get(place).unwrap_or_default();
        let before = number.checked_sub(1).and_then(|at| arguments.get(at));
        let message = match (before.filter(|before| is_bare(before)), default) {
            (Some(before), _) if before.value.as_str() == Some("") => {
                format!("Remove the space after '{}'.", source(before.place.clone()))
            }
            (Some(before), default) => {
                let rest = arguments[number..].iter();
                let rest = rest.take_while(|rest| rest.name.is_none() && is_bare(rest));
                let end = rest.last().unwrap_or(typed).place.end;
                let value = source(before.place.clone());
                let value = value.split_once('=').map_or(value, |(_, value)| value);
                let whole = [value, source(before.place.end..end)].concat();
                missing_quotes(
                    command,
                    before,
                    &whole,
                    default,
                    source(typed.place.clone()),
                )
            }
            (None, Some(default)) => match id_argument(command, default, &typed.value) {
                Some(id) => format!(
                    "This is an ID, not a {}. Write {id}={}.",
                    default.name,
                    source(typed.place.clone())
                ),
                None => continue,
            },
            (None, None) => continue,
        };
        return Err(error_at(text, typed.place.clone(), message));
    }
    Ok(())
}

/// What to type instead of a value with spaces that has no quotes. `whole` is the value, and `extra` its second word.
fn missing_quotes(
    command: &Command,
    before: &TypedArgument,
    whole: &str,
    default: Option<&Argument>,
    extra: &str,
) -> String {
    let Some(name) = &before.name else {
        let separate = match default {
            Some(default) if default.is_array => {
                let items: Vec<&str> = whole.split_whitespace().collect();
                format!(" Separate several with commas: {}.", items.join(","))
            }
            _ => String::new(),
        };
        return format!("Put values with spaces in quotes: \"{whole}\".{separate}");
    };
    let mut arguments = command.arguments.iter();
    if arguments.any(|argument| argument.secret && argument.name == name.text) {
        return format!("Put values with spaces in quotes: {}=\"…\".", name.text);
    }
    let first = match default {
        Some(default) => format!(" If '{extra}' is the {0}, write {0}={extra}.", default.name),
        None => String::new(),
    };
    format!(
        "Put values with spaces in quotes: {}=\"{whole}\".{first}",
        name.text
    )
}

/// The argument for ids that belongs to a default argument for names, if the value consists of ids.
fn id_argument(command: &Command, default: &Argument, value: &Value) -> Option<&'static str> {
    let text = value.as_str()?;
    let are_ids = text
        .split(',')
        .all(|item| item.trim().len() == ID_LENGTH && item.trim().parse::<Uuid>().is_ok());
    let id = match default.name {
        name if name == Arg::Username.name() => Arg::UserId,
        name if name == Arg::GroupName.name() => Arg::GroupId,
        _ => return None,
    };
    let mut arguments = command.arguments.iter();
    (are_ids && arguments.any(|argument| argument.name == id.name())).then(|| id.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::war_room_line::parse, manifest};

    fn told(line: &str) -> Option<String> {
        let parsed = parse(line).unwrap_or_else(|error| panic!("{error}"));
        let command = manifest::command(&parsed.command.text).expect("a command");
        let error = check(command, &parsed.arguments, line).err()?;
        Some(error.to_string())
    }

    fn error(line: &str) -> String {
        told(line).unwrap_or_else(|| panic!("{line} is accepted"))
    }

    #[test]
    fn missing_quotes_are_recognized() {
        for (line, message) in [
            (
                "!pingone-lock-user emma.sharp duration=4 hours 30 minutes until=x",
                "Put values with spaces in quotes: duration=\"4 hours 30 minutes\". If 'hours' is the username, write \
                 username=hours.\n  !pingone-lock-user emma.sharp duration=4 hours\n                                           ^^^^^",
            ),
            (
                "!pingone-get-user emma sharp",
                "Put values with spaces in quotes: \"emma sharp\".\n  !pingone-get-user emma sharp\n                         ^^^^^",
            ),
            (
                "!pingone-list-sessions 姓 sharp",
                "Put values with spaces in quotes: \"姓 sharp\". Separate several with commas: 姓,sharp.\n  \
                 !pingone-list-sessions 姓 sharp\n                            ^^^^^",
            ),
            (
                "!pingone-get-user username= emma",
                "Remove the space after 'username='.\n  !pingone-get-user username= emma\n                              ^^^^",
            ),
        ] {
            assert_eq!(error(line), message);
        }
        let secret = error("!pingone-set-password emma password=hunter22 hunter23");
        assert!(!secret.contains("hunter"), "{secret}");
        let secret = error("!pingone-set-password emma password= hunter22");
        assert!(!secret.contains("hunter"), "{secret}");
    }

    #[test]
    fn an_id_where_a_name_belongs_is_recognized() {
        let id = "a8890eb9-38ea-469a-bc00-b64be7903633";
        let message = error(&format!("!pingone-get-user {id}"));
        assert!(
            message.starts_with(&format!(
                "This is an ID, not a username. Write userId={id}.\n"
            )),
            "{message}"
        );
        let message = error(&format!("!pingone-get-group-members {id}"));
        assert!(
            message.contains(&format!("Write groupId={id}.")),
            "{message}"
        );
        for line in ["!pingone-get-user username=", "!pingone-unlock-user "] {
            assert_eq!(told(&[line, id].concat()), None, "{line}");
        }
    }
}
