//! Which commands need a confirmation, and what to ask. Pure. What cannot be undone, or affects several people at once,
//! should not happen because of a typo.

use serde_json::{Map, Value};

use crate::{
    arguments::parse_list,
    manifest::{Arg, CommandName},
};

/// How many names to show in a question.
const MAX_NAMES: usize = 5;

/// What to ask before a command runs; `None` if it needs no confirmation. A dry run never does.
pub(super) fn question(command: &str, args: &Map<String, Value>) -> Option<String> {
    let names = |arg: Arg| {
        let value = args.get(arg.name()).cloned().unwrap_or_default();
        // A list that cannot be read is refused when the command runs.
        parse_list(arg.name(), value).unwrap_or_default()
    };
    let users: Vec<String> = [Arg::Username, Arg::UserId, Arg::Email]
        .into_iter()
        .map(names)
        .max_by_key(Vec::len)
        .unwrap_or_default();
    match CommandName::find(command)? {
        CommandName::DeleteUser => {
            Some(format!("Delete {}? This cannot be undone.", listed(&users)))
        }
        CommandName::ContainUser if users.len() > 1 && !is_dry_run(args) => Some(format!(
            "Contain {} users: {}?",
            users.len(),
            listed(&users)
        )),
        CommandName::ContainApplication if !is_dry_run(args) => Some(format!(
            "Contain {}? The step rotateSecret cannot be undone.",
            application(args)
        )),
        CommandName::RotateApplicationSecret => Some(format!(
            "Replace the secret of {}? This cannot be undone.",
            application(args)
        )),
        _ => None,
    }
}

fn application(args: &Map<String, Value>) -> String {
    let application = args.get(Arg::Application.name()).and_then(Value::as_str);
    format!("the application {}", application.unwrap_or_default())
}

/// Whether the answer to a question is yes.
pub(super) fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// Anything but a clear no counts as a dry run here: the command itself refuses what it cannot read.
fn is_dry_run(args: &Map<String, Value>) -> bool {
    match args.get(Arg::DryRun.name()) {
        None | Some(Value::Bool(false)) => false,
        Some(Value::String(text)) => !matches!(
            text.trim().to_ascii_lowercase().as_str(),
            "false" | "no" | "0"
        ),
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        Some(_) => true,
    }
}

fn listed(names: &[String]) -> String {
    match names.len().checked_sub(MAX_NAMES) {
        Some(more @ 1..) => format!("{} and {more} more", names[..MAX_NAMES].join(", ")),
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asked(command: &str, args: &Value) -> Option<String> {
        question(command, args.as_object().expect("an object"))
    }

    #[test]
    fn a_secret_is_not_replaced_without_a_confirmation() {
        let args = json!({"application": "Payroll sync"});
        assert_eq!(
            asked("pingone-rotate-application-secret", &args),
            Some(
                "Replace the secret of the application Payroll sync? This cannot be undone."
                    .to_owned()
            )
        );
        assert_eq!(
            asked("pingone-contain-application", &args),
            Some(
                "Contain the application Payroll sync? The step rotateSecret cannot be undone."
                    .to_owned()
            )
        );
        let dry_run = json!({"application": "Payroll sync", "dryRun": "true"});
        assert_eq!(asked("pingone-contain-application", &dry_run), None);
        assert_eq!(asked("pingone-restore-application", &args), None);
    }

    #[test]
    fn deleting_and_containing_several_users_need_a_confirmation() {
        assert_eq!(
            asked("pingone-delete-user", &json!({"username": "emma"})),
            Some("Delete emma? This cannot be undone.".to_owned())
        );
        assert_eq!(
            asked(
                "pingone-contain-user",
                &json!({"email": "a@x.com\nb@x.com", "dryRun": "no"})
            ),
            Some("Contain 2 users: a@x.com, b@x.com?".to_owned())
        );
        assert_eq!(
            asked(
                "pingone-contain-user",
                &json!({"username": ["1", "2", "3", "4", "5", "6", "7"]})
            ),
            Some("Contain 7 users: 1, 2, 3, 4, 5 and 2 more?".to_owned())
        );
    }

    #[test]
    fn everything_else_does_not() {
        for (command, args) in [
            ("pingone-contain-user", json!({"username": "emma"})),
            (
                "pingone-contain-user",
                json!({"username": "emma,richard", "dryRun": "true"}),
            ),
            (
                "pingone-contain-user",
                json!({"username": "emma,richard", "dryRun": 1}),
            ),
            ("pingone-deactivate-user", json!({"username": "emma"})),
            ("pingone-lock-user", json!({"username": "emma,richard"})),
            ("test-module", json!({})),
        ] {
            assert_eq!(asked(command, &args), None, "{command} {args}");
        }
    }
}
