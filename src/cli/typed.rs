//! Checks a typed line against the manifest before anything runs: the command and its arguments exist, and secrets
//! come from the environment or the keyboard rather than the command line. `war_room_line.rs` has the grammar;
//! `arguments.rs` checks the values, as it does for XSOAR's requests.

use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value};

use super::{
    containment_record, quotes, references,
    war_room_line::{self, Line, Quoting, TypedArgument, error_at},
};
use crate::{
    access::is_built_in,
    context::IncidentContext,
    env::Env,
    manifest::{self, Arg, Argument, Command},
    nearest,
};

/// A command and its arguments, in the form of a request.
pub(super) struct ParsedCommand {
    pub(super) command: String,
    pub(super) args: Map<String, Value>,
    /// The arguments that refer to the context, and so are not complete yet.
    references: Vec<&'static str>,
    /// Which of the lines it comes from.
    pub(super) line: usize,
}

impl ParsedCommand {
    /// Resolves the references to the context. Gives several commands if that turns a single value into a list.
    pub(super) fn resolve(mut self, context: &IncidentContext) -> Result<Vec<Self>> {
        for name in std::mem::take(&mut self.references) {
            if let Some(Value::String(text)) = self.args.get(name) {
                let value = references::resolve(text, context)?;
                self.args.insert(name.to_owned(), value);
            }
        }
        match manifest::command(&self.command) {
            Some(described) => expand_list(described, self),
            None => Ok(vec![self]),
        }
    }
}

/// Where a secret comes from that is not on the command line.
pub(super) trait SecretPrompt {
    /// Asks the user; `None` if there is no terminal.
    fn read_secret(&mut self, prompt: &str) -> Result<Option<String>>;
}

/// Parses typed lines.
pub(super) struct CommandParser<'a> {
    pub(super) env: &'a Env,
    pub(super) prompt: &'a mut dyn SecretPrompt,
    /// What the user should know although nothing failed.
    pub(super) warnings: Vec<String>,
}

/// Marks a secret that comes from an environment variable: `password=env:NAME`.
const FROM_ENVIRONMENT: &str = "env:";

/// Arguments that XSOAR's server handles itself, for any command. They are ignored here, so that a line copied from the
/// War Room still runs.
const SERVER_ARGUMENTS: [&str; 12] = [
    "auto-extract",
    "debug-mode",
    "execution-timeout",
    "extend-context",
    "ignore-output",
    "ignore-outputs",
    "raw-response",
    "retry-count",
    "retry-interval",
    "using",
    "using-brand",
    "using-category",
];

impl CommandParser<'_> {
    /// Parses a line: one command, or one for each item if a single-valued argument was given a list, which is what
    /// XSOAR's server does.
    pub(super) fn parse(&mut self, text: &str, line: usize) -> Result<Vec<ParsedCommand>> {
        let Line { command, arguments } = war_room_line::parse(text)?;
        let mut parsed = ParsedCommand {
            command: command.text.clone(),
            args: Map::new(),
            references: Vec::new(),
            line,
        };
        if is_built_in(&command.text) {
            ensure!(arguments.is_empty(), "{} takes no arguments.", command.text);
            return Ok(vec![parsed]);
        }
        let Some(described) = manifest::command(&command.text) else {
            let what = format!(
                "The integration has no command '{}'.{} `pingone-xsoar commands` lists all.",
                command.text,
                suggestion(&nearest_commands(&command.text))
            );
            let place = command.at..command.at + command.text.len();
            return Err(error_at(text, place, what).into());
        };
        quotes::check(described, &arguments, text)?;
        for typed in arguments {
            let place = typed.place.clone();
            let is_literal = typed.quoting == Quoting::Literal;
            let Some((argument, value)) = self.argument(described, typed, text)? else {
                continue;
            };
            let value = if argument.secret {
                self.secret(argument, value)?
            } else {
                if !is_literal && references::has_reference(&value) {
                    parsed.references.push(argument.name);
                }
                from_file(argument, value)?
            };
            if parsed
                .args
                .insert(argument.name.to_owned(), value)
                .is_some()
            {
                let what = format!("'{}' is given twice.", argument.name);
                return Err(error_at(text, place, what).into());
            }
        }
        self.ask_for_secrets(described, &mut parsed.args)?;
        expand_list(described, parsed)
    }

    /// Looks up an argument; `None` if it is one of the server's.
    fn argument(
        &mut self,
        command: &Command,
        typed: TypedArgument,
        text: &str,
    ) -> Result<Option<(&'static Argument, Value)>> {
        let TypedArgument {
            name, value, place, ..
        } = typed;
        let Some(name) = name else {
            let default = command
                .arguments
                .iter()
                .find(|argument| argument.is_default);
            if let Some(argument) = default {
                return Ok(Some((argument, value)));
            }
            let what = format!(
                "{} has no default argument. Write name=value, where the name is one of {}.",
                command.name,
                visible_arguments(command).join(", ")
            );
            return Err(error_at(text, place, what).into());
        };
        let known = command
            .arguments
            .iter()
            .find(|argument| argument.name == name.text);
        if let Some(argument) = known {
            return Ok(Some((argument, value)));
        }
        if SERVER_ARGUMENTS.contains(&name.text.as_str()) {
            self.warnings.push(format!(
                "{} is for XSOAR's server and has no effect here",
                name.text
            ));
            return Ok(None);
        }
        let near = nearest(&name.text, visible_arguments(command));
        let rest = if near.is_empty() {
            format!(" It has {}.", visible_arguments(command).join(", "))
        } else {
            suggestion(&near)
        };
        let what = format!("{} has no argument '{}'.{rest}", command.name, name.text);
        let place = name.at..name.at + name.text.len();
        Err(error_at(text, place, what).into())
    }

    fn secret(&mut self, argument: &Argument, value: Value) -> Result<Value> {
        let Value::String(text) = &value else {
            bail!("'{}' accepts a single value.", argument.name);
        };
        if let Some(name) = text.strip_prefix(FROM_ENVIRONMENT) {
            return match self.env.variable(name) {
                Some(secret) if !secret.is_empty() => Ok(Value::from(secret)),
                _ => bail!(
                    "The environment variable {name} in {}=env:{name} is not set.",
                    argument.name
                ),
            };
        }
        if !text.is_empty() {
            self.warnings.push(format!(
                "{0} is on the command line, where the shell's history and the list of processes expose it. Use \
                 {0}=env:NAME, or leave it out to be prompted",
                argument.name
            ));
        }
        Ok(value)
    }

    /// Prompts for the required secrets that are missing.
    fn ask_for_secrets(&mut self, command: &Command, args: &mut Map<String, Value>) -> Result<()> {
        for argument in command.arguments.iter().filter(|argument| argument.secret) {
            let given = args.get(argument.name);
            let is_empty = given.is_some_and(|value| value.as_str() == Some(""));
            // `password=` asks for a prompt even where the argument is optional.
            if !(is_empty || given.is_none() && argument.required) {
                continue;
            }
            let prompt = format!("{} for {}: ", argument.name, command.name);
            match self.prompt.read_secret(&prompt)? {
                Some(secret) => {
                    args.insert(argument.name.to_owned(), Value::from(secret));
                }
                None => bail!(
                    "'{0}' is required, and there is no terminal to ask for it. Use {0}=env:NAME.",
                    argument.name
                ),
            }
        }
        Ok(())
    }
}

/// XSOAR's server runs a command once for each item of a list that was given to an argument that takes one text.
fn expand_list(command: &'static Command, parsed: ParsedCommand) -> Result<Vec<ParsedCommand>> {
    let takes_one = |name: &str| {
        let mut arguments = command.arguments.iter();
        arguments.any(|argument| argument.name == name && !argument.is_array)
    };
    let lists: Vec<(&String, &Vec<Value>)> = parsed
        .args
        .iter()
        .filter(|(name, _)| takes_one(name))
        .filter_map(|(name, value)| Some((name, value.as_array()?)))
        .collect();
    let (name, items) = match lists.as_slice() {
        [] => return Ok(vec![parsed]),
        [(name, items)] => ((*name).clone(), (*items).clone()),
        [(one, _), (other, _), ..] => bail!(
            "'{one}' and '{other}' are both lists, but the command can only run once for each item of one list."
        ),
    };
    ensure!(!items.is_empty(), "The list for '{name}' is empty.");
    Ok(items
        .into_iter()
        .map(|item| {
            let mut args = parsed.args.clone();
            args.insert(name.clone(), item);
            ParsedCommand {
                command: parsed.command.clone(),
                args,
                references: parsed.references.clone(),
                line: parsed.line,
            }
        })
        .collect())
}

/// `record=@FILE` takes the record of a containment from a file.
fn from_file(argument: &Argument, value: Value) -> Result<Value> {
    match value.as_str() {
        Some(text) if argument.name == Arg::Record.name() => {
            match text.strip_prefix(containment_record::FROM_FILE) {
                Some(path) => containment_record::load(path),
                None => Ok(value),
            }
        }
        _ => Ok(value),
    }
}

fn visible_arguments(command: &Command) -> Vec<&'static str> {
    command
        .arguments
        .iter()
        .filter(|argument| !argument.hidden)
        .map(|argument| argument.name)
        .collect()
}

/// Names less similar than this are not worth suggesting.
const MIN_SIMILARITY: f64 = 0.6;

/// The names most similar to `typed`, best first.
pub(super) fn nearest(
    typed: &str,
    names: impl IntoIterator<Item = &'static str>,
) -> Vec<&'static str> {
    close_matches(nearest::nearest(typed, names))
}

/// The commands most similar to `typed`, best first.
pub(super) fn nearest_commands(typed: &str) -> Vec<&'static str> {
    close_matches(nearest::nearest_commands(typed))
}

fn close_matches(near: Vec<(f64, &'static str)>) -> Vec<&'static str> {
    let near = near.into_iter();
    near.filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .map(|(_, name)| name)
        .collect()
}

/// ` Did you mean …?`, or an empty string.
pub(super) fn suggestion(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        names => format!(" Did you mean {}?", names.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Gives every prompt the same answer.
    struct Always(Option<&'static str>, Vec<String>);

    impl SecretPrompt for Always {
        fn read_secret(&mut self, prompt: &str) -> Result<Option<String>> {
            self.1.push(prompt.to_owned());
            Ok(self.0.map(str::to_owned))
        }
    }

    struct Read {
        orders: Result<Vec<(String, Value)>, String>,
        warnings: Vec<String>,
        asked: Vec<String>,
    }

    fn read(line: &str, answer: Option<&'static str>) -> Read {
        let env = Env::from([("NEW_PASSWORD", "from the environment")]);
        let mut prompt = Always(answer, Vec::new());
        let mut parser = CommandParser {
            env: &env,
            prompt: &mut prompt,
            warnings: Vec::new(),
        };
        let orders = parser
            .parse(line, 0)
            .map(|orders| {
                let orders = orders.into_iter();
                orders
                    .map(|order| (order.command, Value::Object(order.args)))
                    .collect()
            })
            .map_err(|error| format!("{error:#}"));
        Read {
            orders,
            warnings: parser.warnings,
            asked: prompt.1,
        }
    }

    fn orders(line: &str) -> Vec<(String, Value)> {
        read(line, None).orders.expect("a valid line")
    }

    fn error(line: &str) -> String {
        read(line, None).orders.expect_err("an invalid line")
    }

    fn one(command: &str, args: Value) -> Vec<(String, Value)> {
        vec![(command.to_owned(), args)]
    }

    #[test]
    fn only_the_default_argument_goes_without_its_name() {
        assert_eq!(
            orders("!pingone-get-user username=emma.sharp"),
            one("pingone-get-user", json!({"username": "emma.sharp"}))
        );
        assert_eq!(
            orders("!pingone-unlock-user emma.sharp"),
            one("pingone-unlock-user", json!({"username": "emma.sharp"}))
        );
        for built_in in ["test-module", "fetch-incidents", "fetch-events"] {
            assert_eq!(orders(built_in), one(built_in, json!({})));
        }
        assert_eq!(
            orders("!pingone-get-user emma.sharp"),
            one("pingone-get-user", json!({"username": "emma.sharp"}))
        );
        assert!(
            error("!pingone-unlock-user emma username=sharp")
                .starts_with("'username' is given twice.")
        );
    }

    #[test]
    fn unknown_names_get_suggestions() {
        assert_eq!(
            error("!pingone-get-usr username=x"),
            "The integration has no command 'pingone-get-usr'. Did you mean pingone-get-user? `pingone-xsoar \
             commands` lists all.\n  !pingone-get-usr\n   ^^^^^^^^^^^^^^^"
        );
        assert!(
            error("deactivate-user x")
                .contains("Did you mean pingone-deactivate-user or pingone-activate-user")
        );
        assert_eq!(
            error("!something"),
            "The integration has no command 'something'. `pingone-xsoar commands` lists all.\n  !something\n   ^^^^^^^^^"
        );
        assert_eq!(
            error("!pingone-get-user userid=x"),
            "pingone-get-user has no argument 'userid'. Did you mean userId?\n  !pingone-get-user userid\n                    ^^^^^^"
        );
        assert!(
            error("!pingone-create-user population=x").contains("Did you mean populationId?"),
            "{}",
            error("!pingone-create-user population=x")
        );
        assert!(
            error("!pingone-get-groups qqq=x").contains("It has username."),
            "nothing is near"
        );
    }

    #[test]
    fn server_arguments_are_ignored_with_a_warning() {
        let read = read(
            "!pingone-get-user username=x using=\"PingOne_instance_1\" raw-response=true",
            None,
        );
        assert_eq!(
            read.orders,
            Ok(one("pingone-get-user", json!({"username": "x"})))
        );
        assert_eq!(
            read.warnings,
            [
                "using is for XSOAR's server and has no effect here",
                "raw-response is for XSOAR's server and has no effect here"
            ]
        );
    }

    #[test]
    fn secrets_can_come_from_the_environment() {
        let fine = read(
            "!pingone-set-password emma.sharp password=env:NEW_PASSWORD",
            None,
        );
        let args = json!({"username": "emma.sharp", "password": "from the environment"});
        assert_eq!(fine.orders, Ok(one("pingone-set-password", args)));
        assert!(fine.warnings.is_empty() && fine.asked.is_empty());
        assert_eq!(
            error("!pingone-set-password emma.sharp password=env:NO_SUCH"),
            "The environment variable NO_SUCH in password=env:NO_SUCH is not set."
        );
        assert_eq!(
            orders("!pingone-get-user username=env:NEW_PASSWORD"),
            one("pingone-get-user", json!({"username": "env:NEW_PASSWORD"})),
            "what is no secret is taken as it is"
        );
    }

    #[test]
    fn missing_secrets_are_prompted_for() {
        for line in [
            "!pingone-set-password emma.sharp",
            "!pingone-set-password emma.sharp password=",
            "!pingone-set-password emma.sharp password=\"\"",
        ] {
            let asked = read(line, Some("typed"));
            let args = json!({"username": "emma.sharp", "password": "typed"});
            assert_eq!(asked.orders, Ok(one("pingone-set-password", args)));
            assert_eq!(asked.asked, ["password for pingone-set-password: "]);
            assert_eq!(
                error(line),
                "'password' is required, and there is no terminal to ask for it. Use password=env:NAME."
            );
        }
    }

    #[test]
    fn a_secret_on_the_command_line_gets_a_warning_that_does_not_show_it() {
        let clear = read("!pingone-set-password emma.sharp password=hunter22", None);
        assert!(clear.orders.is_ok());
        let [warning] = clear.warnings.as_slice() else {
            panic!("one warning: {:?}", clear.warnings);
        };
        assert!(
            warning.starts_with("password is on the command line") && !warning.contains("hunter22")
        );
    }

    #[test]
    fn a_list_runs_the_command_once_per_item() {
        assert_eq!(
            orders(r#"!pingone-get-user username=["a","b"]"#),
            [
                ("pingone-get-user".to_owned(), json!({"username": "a"})),
                ("pingone-get-user".to_owned(), json!({"username": "b"})),
            ]
        );
        assert!(error(r#"!pingone-get-user username=["a"] userId=["b"]"#).contains("both lists"));
        assert!(error("!pingone-get-user username=[]").contains("empty"));
        assert_eq!(
            orders(r#"!pingone-get-user username={"a":1}"#),
            one("pingone-get-user", json!({"username": {"a": 1}})),
            "whether it can be used is checked with the request"
        );
    }
}
