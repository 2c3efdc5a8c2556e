//! A typed line, checked against the manifest before anything is carried out: the command exists, so does every
//! argument, and a secret comes from the environment or from the keyboard rather than from the line. The grammar
//! is in `war_room_line.rs`; what the arguments must be is checked with the request (`arguments.rs`).

use anyhow::{Result, bail, ensure};
use serde_json::{Map, Value};

use super::war_room_line::{self, Line, Typed, misread};
use crate::{
    access::TEST,
    env::Env,
    manifest::{self, Argument, Command},
    nearest,
};

/// A command with its arguments, as a request has them.
pub(super) struct Order {
    pub(super) command: String,
    pub(super) args: Map<String, Value>,
}

/// Where a secret comes from that the line does not hold.
pub(super) trait Ask {
    /// Asks a person; `None` if there is nobody to ask.
    fn ask(&mut self, prompt: &str) -> Result<Option<String>>;
}

/// What the typed lines are read with.
pub(super) struct Reader<'a> {
    pub(super) env: &'a Env,
    pub(super) asks: &'a mut dyn Ask,
    /// What a person should know; nothing failed.
    pub(super) warnings: Vec<String>,
}

/// Takes the value of a secret argument from the environment: `password=env:NAME`.
const FROM_ENVIRONMENT: &str = "env:";

/// Arguments that XSOAR's server takes for itself, with any command. Here there is no server, so a line that was
/// copied from the War Room runs without them.
const OF_THE_SERVER: [&str; 12] = [
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

impl Reader<'_> {
    /// What a line asks for: one command, or several where an argument that takes one text was given a list, as
    /// XSOAR's server does it.
    pub(super) fn orders(&mut self, text: &str) -> Result<Vec<Order>> {
        let Line { command, arguments } = war_room_line::read(text)?;
        if command.text == TEST {
            ensure!(arguments.is_empty(), "{TEST} takes no arguments.");
            return Ok(vec![Order {
                command: command.text,
                args: Map::new(),
            }]);
        }
        let Some(described) = manifest::command(&command.text) else {
            let what = format!(
                "The integration has no command '{}'.{} `pingone-xsoar commands` lists all.",
                command.text,
                suggestion(&nearest_commands(&command.text))
            );
            return Err(misread(text, command.at, what).into());
        };
        let mut args = Map::new();
        for typed in arguments {
            let at = typed.at;
            let Some((argument, value)) = self.argument(described, typed, text)? else {
                continue;
            };
            let value = if argument.secret {
                self.secret(argument, value)?
            } else {
                value
            };
            if args.insert(argument.name.to_owned(), value).is_some() {
                let what = format!("'{}' is given a second time.", argument.name);
                return Err(misread(text, at, what).into());
            }
        }
        self.ask_for_secrets(described, &mut args)?;
        one_by_one(described, args)
    }

    /// The argument that was meant; none if it is the server's.
    fn argument(
        &mut self,
        command: &Command,
        typed: Typed,
        text: &str,
    ) -> Result<Option<(&'static Argument, Value)>> {
        let Typed { name, value, at } = typed;
        let Some(name) = name else {
            let unnamed = command.arguments.iter().find(|argument| argument.unnamed);
            if let Some(argument) = unnamed {
                return Ok(Some((argument, value)));
            }
            let what = format!(
                "{} takes no value without a name: write name=value. Its arguments: {}.",
                command.name,
                shown_arguments(command).join(", ")
            );
            return Err(misread(text, at, what).into());
        };
        let known = command
            .arguments
            .iter()
            .find(|argument| argument.name == name.text);
        if let Some(argument) = known {
            return Ok(Some((argument, value)));
        }
        if OF_THE_SERVER.contains(&name.text.as_str()) {
            self.warnings.push(format!(
                "{} is an argument of XSOAR's server; it has no effect here",
                name.text
            ));
            return Ok(None);
        }
        let near = nearest(&name.text, shown_arguments(command));
        let rest = if near.is_empty() {
            format!(" It has {}.", shown_arguments(command).join(", "))
        } else {
            suggestion(&near)
        };
        let what = format!("{} has no argument '{}'.{rest}", command.name, name.text);
        Err(misread(text, name.at, what).into())
    }

    fn secret(&mut self, argument: &Argument, value: Value) -> Result<Value> {
        let Value::String(text) = &value else {
            bail!("The argument '{}' takes one text.", argument.name);
        };
        if let Some(name) = text.strip_prefix(FROM_ENVIRONMENT) {
            return match self.env.variable(name) {
                Some(secret) if !secret.is_empty() => Ok(Value::from(secret)),
                _ => bail!(
                    "The environment variable {name}, which {}=env:{name} names, is not set.",
                    argument.name
                ),
            };
        }
        if !text.is_empty() {
            self.warnings.push(format!(
                "{0} is given in clear, where the shell's history keeps it and the list of processes shows it: \
                 write {0}=env:NAME, or leave it out to be asked",
                argument.name
            ));
        }
        Ok(value)
    }

    /// Asks for the secrets that are needed and not given.
    fn ask_for_secrets(&mut self, command: &Command, args: &mut Map<String, Value>) -> Result<()> {
        for argument in command.arguments.iter().filter(|argument| argument.secret) {
            let given = args.get(argument.name);
            let is_empty = given.is_some_and(|value| value.as_str() == Some(""));
            // `password=` asks to be asked, also where the argument is not required.
            if !(is_empty || given.is_none() && argument.required) {
                continue;
            }
            let prompt = format!("{} for {}: ", argument.name, command.name);
            match self.asks.ask(&prompt)? {
                Some(secret) => {
                    args.insert(argument.name.to_owned(), Value::from(secret));
                }
                None => bail!(
                    "The required argument '{0}' is missing: {1} Nobody can be asked here, so give {0}=env:NAME.",
                    argument.name,
                    argument.description
                ),
            }
        }
        Ok(())
    }
}

/// XSOAR's server runs a command once for each item of a list that was given to an argument that takes one text.
fn one_by_one(command: &'static Command, args: Map<String, Value>) -> Result<Vec<Order>> {
    let takes_one = |name: &str| {
        let mut arguments = command.arguments.iter();
        arguments.any(|argument| argument.name == name && !argument.is_array)
    };
    let lists: Vec<(&String, &Vec<Value>)> = args
        .iter()
        .filter(|(name, _)| takes_one(name))
        .filter_map(|(name, value)| Some((name, value.as_array()?)))
        .collect();
    let order = |args| Order {
        command: command.name.to_owned(),
        args,
    };
    let (name, items) = match lists.as_slice() {
        [] => return Ok(vec![order(args)]),
        [(name, items)] => ((*name).clone(), (*items).clone()),
        [(one, _), (other, _), ..] => bail!(
            "Both '{one}' and '{other}' are lists: the command runs once for each item of one list."
        ),
    };
    ensure!(!items.is_empty(), "The list given for '{name}' is empty.");
    Ok(items
        .into_iter()
        .map(|item| {
            let mut args = args.clone();
            args.insert(name.clone(), item);
            order(args)
        })
        .collect())
}

fn shown_arguments(command: &Command) -> Vec<&'static str> {
    command
        .arguments
        .iter()
        .filter(|argument| !argument.hidden)
        .map(|argument| argument.name)
        .collect()
}

/// Names this far from what was typed are not worth offering.
const NEAR_ENOUGH: f64 = 0.6;

/// The names that are most like `typed`, the most like first.
pub(super) fn nearest(
    typed: &str,
    names: impl IntoIterator<Item = &'static str>,
) -> Vec<&'static str> {
    near_enough(nearest::nearest(typed, names))
}

/// The commands that are most like `typed`.
pub(super) fn nearest_commands(typed: &str) -> Vec<&'static str> {
    near_enough(nearest::nearest_commands(typed))
}

fn near_enough(near: Vec<(f64, &'static str)>) -> Vec<&'static str> {
    let near = near.into_iter();
    near.filter(|(likeness, _)| *likeness >= NEAR_ENOUGH)
        .map(|(_, name)| name)
        .collect()
}

/// ` Did you mean …?`, or nothing.
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

    /// Answers every question with the same words.
    struct Always(Option<&'static str>, Vec<String>);

    impl Ask for Always {
        fn ask(&mut self, prompt: &str) -> Result<Option<String>> {
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
        let mut asks = Always(answer, Vec::new());
        let mut reader = Reader {
            env: &env,
            asks: &mut asks,
            warnings: Vec::new(),
        };
        let orders = reader
            .orders(line)
            .map(|orders| {
                let orders = orders.into_iter();
                orders
                    .map(|order| (order.command, Value::Object(order.args)))
                    .collect()
            })
            .map_err(|error| format!("{error:#}"));
        Read {
            orders,
            warnings: reader.warnings,
            asked: asks.1,
        }
    }

    fn orders(line: &str) -> Vec<(String, Value)> {
        read(line, None).orders.expect("a fine line")
    }

    fn error(line: &str) -> String {
        read(line, None).orders.expect_err("no fine line")
    }

    fn one(command: &str, args: Value) -> Vec<(String, Value)> {
        vec![(command.to_owned(), args)]
    }

    #[test]
    fn arguments_go_by_name_and_the_default_argument_without() {
        assert_eq!(
            orders("!pingone-get-user username=emma.sharp"),
            one("pingone-get-user", json!({"username": "emma.sharp"}))
        );
        assert_eq!(
            orders("!pingone-unlock-user emma.sharp"),
            one("pingone-unlock-user", json!({"username": "emma.sharp"}))
        );
        assert_eq!(orders("test-module"), one("test-module", json!({})));
        assert_eq!(
            error("!pingone-get-user emma.sharp"),
            "pingone-get-user takes no value without a name: write name=value. Its arguments: username, userId, \
             detailed.\n  !pingone-get-user \n                    ^"
        );
        assert!(
            error("!pingone-unlock-user emma sharp")
                .starts_with("'username' is given a second time.")
        );
    }

    #[test]
    fn a_name_that_is_not_known_gets_the_nearest() {
        assert_eq!(
            error("!pingone-get-usr username=x"),
            "The integration has no command 'pingone-get-usr'. Did you mean pingone-get-user? `pingone-xsoar \
             commands` lists all.\n  !\n   ^"
        );
        assert!(
            error("deactivate-user x")
                .contains("Did you mean pingone-deactivate-user or pingone-activate-user")
        );
        assert_eq!(
            error("!something"),
            "The integration has no command 'something'. `pingone-xsoar commands` lists all.\n  !\n   ^"
        );
        assert_eq!(
            error("!pingone-get-user userid=x"),
            "pingone-get-user has no argument 'userid'. Did you mean userId?\n  !pingone-get-user \n                    ^"
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
    fn arguments_of_the_server_have_no_effect() {
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
                "using is an argument of XSOAR's server; it has no effect here",
                "raw-response is an argument of XSOAR's server; it has no effect here"
            ]
        );
    }

    #[test]
    fn a_secret_comes_from_the_environment() {
        let fine = read(
            "!pingone-set-password emma.sharp password=env:NEW_PASSWORD",
            None,
        );
        let args = json!({"username": "emma.sharp", "password": "from the environment"});
        assert_eq!(fine.orders, Ok(one("pingone-set-password", args)));
        assert!(fine.warnings.is_empty() && fine.asked.is_empty());
        assert_eq!(
            error("!pingone-set-password emma.sharp password=env:NO_SUCH"),
            "The environment variable NO_SUCH, which password=env:NO_SUCH names, is not set."
        );
        assert_eq!(
            orders("!pingone-get-user username=env:NEW_PASSWORD"),
            one("pingone-get-user", json!({"username": "env:NEW_PASSWORD"})),
            "what is no secret is taken as it is"
        );
    }

    #[test]
    fn a_secret_that_is_missing_is_asked_for() {
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
                "The required argument 'password' is missing: The new password. Nobody can be asked here, so give \
                 password=env:NAME."
            );
        }
    }

    #[test]
    fn a_secret_in_clear_is_warned_of_without_being_shown() {
        let clear = read("!pingone-set-password emma.sharp password=hunter22", None);
        assert!(clear.orders.is_ok());
        let [warning] = clear.warnings.as_slice() else {
            panic!("one warning: {:?}", clear.warnings);
        };
        assert!(warning.starts_with("password is given in clear") && !warning.contains("hunter22"));
    }

    #[test]
    fn a_list_runs_the_command_once_for_each() {
        assert_eq!(
            orders(r#"!pingone-get-user username=["a","b"]"#),
            [
                ("pingone-get-user".to_owned(), json!({"username": "a"})),
                ("pingone-get-user".to_owned(), json!({"username": "b"})),
            ]
        );
        assert!(error(r#"!pingone-get-user username=["a"] userId=["b"]"#).contains("Both"));
        assert!(error("!pingone-get-user username=[]").contains("empty"));
        assert_eq!(
            orders(r#"!pingone-get-user username={"a":1}"#),
            one("pingone-get-user", json!({"username": {"a": 1}})),
            "whether it can be used is checked with the request"
        );
    }
}
