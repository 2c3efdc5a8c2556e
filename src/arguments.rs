//! A command's arguments, checked against the manifest: required ones are present, predefined values are respected, and
//! values are strings or lists of strings. The command interprets them.

use std::{collections::HashMap, net::IpAddr, str::FromStr};

use anyhow::{Result, anyhow, bail, ensure};
use jiff::{Span, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::{
    manifest::{Arg, Argument, Command},
    times::{parse_duration, parse_future, parse_timestamp},
};
use pingone::{
    journal::{Journal, Level},
    memory::{self, ReadError},
};

/// Longer than anything PingOne accepts, and than the record of a containment. In bytes.
const MAX_TEXT: usize = 256 * 1024;
/// A command has no time for more.
const MAX_ITEMS: usize = 10_000;
/// How much memory a list may use. In bytes.
const MAX_LIST: usize = 48 * 1024 * 1024;

/// XSOAR adds this argument in debug mode; it is not meant for the command.
pub const DEBUG_MODE: &str = "debug-mode";

/// The arguments of one command. No `Debug`: one of them may be a password.
pub struct Arguments {
    /// The arguments that the command accepts.
    declared: &'static [Argument],
    values: HashMap<&'static str, SecretString>,
    lists: HashMap<&'static str, Vec<String>>,
}

impl Arguments {
    /// Checks `args` against the manifest, and masks secret ones in `journal`. An unknown argument is logged and ignored,
    /// because the documentation's own example has one. A misspelt one is an error: without its `dryRun`, a dry run would
    /// change things. So is an empty `dryRun`: whether a playbook's unset input arrives as an empty string or not at all is
    /// UNCONFIRMED, and a dry run was meant.
    pub fn check(
        command: &'static Command,
        mut args: Map<String, Value>,
        journal: &Journal,
    ) -> Result<Self> {
        args.keys()
            .try_for_each(|name| check_spelling(command, name))?;
        let mut values = HashMap::new();
        let mut lists = HashMap::new();
        for argument in command.arguments {
            let given = args.remove(argument.name);
            if argument.is_array {
                lists.insert(argument.name, check_list(argument, given)?);
            } else if let Some(value) = check_text(argument, given)? {
                if argument.secret {
                    journal.hide(value.expose_secret());
                }
                values.insert(argument.name, value);
            }
        }
        args.remove(DEBUG_MODE);
        for name in args.keys() {
            journal.log(
                Level::Info,
                format!("{} has no argument {name:?}; it is ignored", command.name),
            );
        }
        Ok(Self {
            declared: command.arguments,
            values,
            lists,
        })
    }

    /// No arguments, for the Test button.
    pub fn none() -> Self {
        Self {
            declared: &[],
            values: HashMap::new(),
            lists: HashMap::new(),
        }
    }

    /// Whether the command has this argument.
    pub fn takes(&self, arg: Arg) -> bool {
        self.declaration(arg).is_some()
    }

    fn declaration(&self, arg: Arg) -> Option<&'static Argument> {
        let mut declared = self.declared.iter();
        declared.find(|declared| declared.name == arg.name())
    }

    /// The name under which the value is stored. Reading an argument that the command does not declare, or declares as
    /// another kind, is a bug in the handler.
    fn key(&self, arg: Arg, kind: Kind) -> &'static str {
        debug_assert!(
            self.declaration(arg)
                .is_some_and(|declared| Kind::of(declared) == kind),
            "the command does not declare {arg:?} as {kind:?}"
        );
        arg.name()
    }

    /// Whether the argument was given or has a default.
    pub fn is_given(&self, arg: Arg) -> bool {
        match self.declaration(arg).map(Kind::of) {
            Some(Kind::Text) => self.text(arg).is_some(),
            Some(Kind::List) => !self.list(arg).is_empty(),
            None => false,
        }
    }

    /// The value of an argument; `None` if it was not given or is empty.
    pub fn text(&self, arg: Arg) -> Option<&str> {
        self.secret_text(arg).map(ExposeSecret::expose_secret)
    }

    fn secret_text(&self, arg: Arg) -> Option<&SecretString> {
        self.values.get(self.key(arg, Kind::Text))
    }

    /// The value of a required argument.
    pub fn required(&self, arg: Arg) -> Result<&str> {
        self.text(arg).ok_or_else(|| missing(arg))
    }

    /// The value of a required secret argument.
    pub fn secret(&self, arg: Arg) -> Result<&SecretString> {
        self.secret_text(arg).ok_or_else(|| missing(arg))
    }

    /// The items of a list argument; empty if it was not given.
    pub fn list(&self, arg: Arg) -> &[String] {
        let items = self.lists.get(self.key(arg, Kind::List));
        items.map(Vec::as_slice).unwrap_or_default()
    }

    /// The items of an argument that takes a list; those of its default if it was not given.
    pub fn list_or_default(&self, arg: Arg) -> Vec<String> {
        let given = self.list(arg);
        let default = self.declaration(arg).and_then(|declared| declared.default);
        match default {
            Some(default) if given.is_empty() => default
                .split(',')
                .map(|item| item.trim().to_owned())
                .collect(),
            _ => given.to_vec(),
        }
    }

    /// The value of a boolean argument; false if it was not given.
    pub fn flag(&self, arg: Arg) -> Result<bool> {
        Ok(self.choice(arg)?.unwrap_or(false))
    }

    /// The value of a boolean argument; `None` if it was not given.
    pub fn choice(&self, arg: Arg) -> Result<Option<bool>> {
        self.text(arg)
            .map(|text| parse_bool(text).ok_or_else(|| invalid_choice(arg.name(), text, &BOOLEAN)))
            .transpose()
    }

    /// The value of a required boolean argument.
    pub fn required_choice(&self, arg: Arg) -> Result<bool> {
        self.choice(arg)?.ok_or_else(|| missing(arg))
    }

    /// The value of an argument that is a positive integer.
    pub fn count(&self, arg: Arg) -> Result<Option<usize>> {
        let parse = |text: &str| {
            let count = text.trim().parse().ok().filter(|count| *count > 0);
            count.ok_or_else(|| {
                anyhow!(
                    "'{text}' is not a valid number for '{}'. Use a whole number of 1 or more.",
                    arg.name()
                )
            })
        };
        self.text(arg).map(parse).transpose()
    }

    /// The value of an argument that is an id.
    pub fn id<T: FromStr>(&self, arg: Arg) -> Result<Option<T>> {
        self.text(arg).map(|text| parse_id(arg, text)).transpose()
    }

    /// The value of a required argument that is an id.
    pub fn required_id<T: FromStr>(&self, arg: Arg) -> Result<T> {
        self.id(arg)?.ok_or_else(|| missing(arg))
    }

    /// The items of an argument that is a list of ids.
    pub fn ids<T: FromStr>(&self, arg: Arg) -> Result<Vec<T>> {
        self.list(arg)
            .iter()
            .map(|text| parse_id(arg, text))
            .collect()
    }

    /// The value of an argument that is an IP address.
    pub fn ip(&self, arg: Arg) -> Result<Option<IpAddr>> {
        let parse = |text: &str| {
            text.trim().parse().map_err(|_| {
                anyhow!("'{text}' is not a valid IP address. Use an address such as 198.51.100.77.")
            })
        };
        self.text(arg).map(parse).transpose()
    }

    /// The value of a required argument that is an IP address.
    pub fn required_ip(&self, arg: Arg) -> Result<IpAddr> {
        self.ip(arg)?.ok_or_else(|| missing(arg))
    }

    /// The value of an argument that is a time, usually in the past.
    pub fn past_time(&self, arg: Arg, now: Timestamp) -> Result<Option<Timestamp>> {
        self.text(arg)
            .map(|text| parse_timestamp(arg.name(), text, now))
            .transpose()
    }

    /// The value of an argument that is a time, usually in the future.
    pub fn future_time(&self, arg: Arg, now: Timestamp) -> Result<Option<Timestamp>> {
        self.text(arg)
            .map(|text| parse_future(arg.name(), text, now))
            .transpose()
    }

    /// The value of an argument that is a duration.
    pub fn duration(&self, arg: Arg) -> Result<Option<Span>> {
        self.text(arg)
            .map(|text| parse_duration(arg.name(), text))
            .transpose()
    }
}

/// What kind of value an argument has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    List,
}

impl Kind {
    fn of(argument: &Argument) -> Self {
        if argument.is_array {
            Self::List
        } else {
            Self::Text
        }
    }
}

/// A required argument that is missing, which `check` has already refused.
fn missing(arg: Arg) -> anyhow::Error {
    anyhow!("'{}' is required.", arg.name())
}

/// A required argument that is missing, with its description from the manifest.
fn required(argument: &Argument) -> anyhow::Error {
    anyhow!(
        "'{}' is required: {}",
        argument.name,
        decapitalized(argument.description)
    )
}

/// A sentence as it continues after a colon. A first word such as `ID` or `PingOne` stays.
fn decapitalized(sentence: &str) -> String {
    let word = sentence.split(' ').next().unwrap_or_default();
    let mut characters = sentence.chars();
    match characters.next() {
        Some(first) if !word.chars().skip(1).any(char::is_uppercase) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => sentence.to_owned(),
    }
}

fn parse_id<T: FromStr>(arg: Arg, text: &str) -> Result<T> {
    let example = "9bc53389-f806-47b6-9480-ab1e3c6269b5";
    text.parse().map_err(|_| {
        anyhow!(
            "'{text}' is not a valid PingOne ID for '{}'. Use a UUID such as {example}.",
            arg.name()
        )
    })
}

/// The value of an argument that is not a list, or its default.
fn check_text(argument: &Argument, given: Option<Value>) -> Result<Option<SecretString>> {
    let is_given = given.is_some();
    let given = given.map_or(Ok(None), |value| text(argument.name, value))?;
    ensure!(
        given.is_some() || !is_given || argument.name != Arg::DryRun.name(),
        "'dryRun' is empty. Use true or false."
    );
    let Some(value) = given.or_else(|| argument.default.map(SecretString::from)) else {
        ensure!(!argument.required, required(argument));
        return Ok(None);
    };
    let choice = choice(argument, value.expose_secret())?;
    Ok(Some(choice.map_or(value, SecretString::from)))
}

/// The items of a list argument.
fn check_list(argument: &Argument, given: Option<Value>) -> Result<Vec<String>> {
    let items = given.map_or(Ok(Vec::new()), |value| parse_list(argument.name, value))?;
    ensure!(!items.is_empty() || !argument.required, required(argument));
    let canonical = items
        .into_iter()
        .map(|item| Ok(choice(argument, &item)?.map_or(item, str::to_owned)));
    canonical.collect()
}

/// Numbers and booleans become strings; null and the empty string count as not given.
fn text(name: &str, value: Value) -> Result<Option<SecretString>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.len() > MAX_TEXT => bail!(
            "'{name}' is too long. The limit is {} KiB.",
            MAX_TEXT / 1024
        ),
        Value::String(text) => Ok((!text.is_empty()).then(|| text.into())),
        Value::Bool(_) | Value::Number(_) => Ok(Some(value.to_string().into())),
        Value::Array(_) | Value::Object(_) => bail!(
            "'{name}' accepts a single value, not a list or an object. Run the command once for each value."
        ),
    }
}

/// A list in any of XSOAR's forms: a JSON list, a string that contains one, or a string with commas or line breaks, as
/// pasted from a spreadsheet. Fails if it is too long or malformed; null and empty items count as not given.
pub fn parse_list(name: &str, value: Value) -> Result<Vec<String>> {
    let too_many =
        || anyhow!("'{name}' has more than {MAX_ITEMS} items. Split them over several commands.");
    let items = match value {
        Value::String(text) if text.trim_start().starts_with('[') => {
            match memory::read_within(MAX_LIST, text.as_bytes()) {
                Ok(Value::Array(items)) => items,
                Err(ReadError::TooLarge) => return Err(too_many()),
                _ => bail!(
                    "'{name}' starts like a JSON list but is not valid JSON. Check its quotes and brackets, or separate the items with commas."
                ),
            }
        }
        Value::String(text) if text.trim_start().starts_with('{') => vec![Value::from(text)],
        Value::String(text) => {
            let items = text.split([',', '\n', '\r']).take(MAX_ITEMS + 1);
            items.map(|item| Value::from(item.trim())).collect()
        }
        Value::Array(items) => items,
        other => vec![other],
    };
    if items.len() > MAX_ITEMS {
        return Err(too_many());
    }
    // A value from a playbook's context may be an object.
    let items = items.into_iter().map(|item| {
        if item.is_object() {
            Value::from(item.to_string())
        } else {
            item
        }
    });
    let texts = items
        .map(|item| text(name, item))
        .collect::<Result<Vec<_>>>()?;
    Ok(texts
        .into_iter()
        .flatten()
        .map(|text| text.expose_secret().to_owned())
        .collect())
}

/// Rejects an unknown name that differs from a known one only in case, `_` or `-`.
fn check_spelling(command: &Command, name: &str) -> Result<()> {
    let letters = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let known = || command.arguments.iter().map(|argument| argument.name);
    if known().any(|known| known == name) {
        return Ok(());
    }
    let given = letters(name);
    let meant: Vec<&str> = known().filter(|known| letters(known) == given).collect();
    if meant.is_empty() {
        return Ok(());
    }
    bail!(
        "There is no argument '{name}'. Did you mean {}?",
        meant.join(" or ")
    )
}

/// The predefined values of a boolean argument.
const BOOLEAN: [&str; 2] = ["true", "false"];

/// Reads a boolean in XSOAR's spellings, and as 1 or 0.
fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// The predefined value that `value` means, in any case; `None` if the argument has no predefined values.
fn choice(argument: &Argument, value: &str) -> Result<Option<&'static str>> {
    let choices = argument.allowed;
    if choices.is_empty() {
        return Ok(None);
    }
    let found = if choices == BOOLEAN {
        parse_bool(value).map(|is_true| if is_true { "true" } else { "false" })
    } else {
        let mut choices = choices.iter();
        choices
            .find(|choice| choice.eq_ignore_ascii_case(value.trim()))
            .copied()
    };
    match found {
        Some(found) => Ok(Some(found)),
        None => Err(invalid_choice(argument.name, value, choices)),
    }
}

fn invalid_choice(name: &str, value: &str, choices: &[&str]) -> anyhow::Error {
    let choices = match choices {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        one => one.join(", "),
    };
    anyhow!("'{name}' cannot be '{value}'. Use {choices}.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::manifest;

    const SAMPLE: Command = Command {
        name: "pingone-sample",
        description: "A sample.",
        harmful: false,
        arguments: &[
            Argument {
                name: "username",
                description: "Who.",
                required: true,
                is_default: true,
                is_array: false,
                secret: false,
                hidden: false,
                default: None,
                allowed: &[],
            },
            Argument {
                name: "failOn",
                description: "How.",
                required: false,
                is_default: false,
                is_array: false,
                secret: false,
                hidden: false,
                default: Some("any"),
                allowed: &["any", "all"],
            },
            Argument {
                name: "password",
                description: "What.",
                required: false,
                is_default: false,
                is_array: false,
                secret: true,
                hidden: false,
                default: None,
                allowed: &[],
            },
        ],
        outputs: &[],
    };
    static SAMPLE_COMMAND: Command = SAMPLE;

    fn check(args: Value) -> Result<(Arguments, Journal)> {
        let Value::Object(args) = args else {
            panic!("not an object")
        };
        let journal = Journal::buffered();
        let arguments = Arguments::check(&SAMPLE_COMMAND, args, &journal)?;
        Ok((arguments, journal))
    }

    #[test]
    fn values_become_strings() {
        for (value, text) in [
            (json!("emma"), "emma"),
            (json!(7), "7"),
            (json!(true), "true"),
            (json!(1.5), "1.5"),
            (json!(" "), " "),
        ] {
            let (arguments, ..) = check(json!({"username": value})).expect("valid arguments");
            assert_eq!(arguments.text(Arg::Username), Some(text));
            assert_eq!(arguments.text(Arg::FailOn), Some("any"), "the default");
        }
    }

    #[test]
    fn missing_arguments_are_named() {
        for value in [
            json!({}),
            json!({"username": ""}),
            json!({"username": null}),
        ] {
            let error = check(value).err().expect("no username").to_string();
            assert_eq!(error, "'username' is required: who.");
        }
        assert!(
            check(json!({"username": ["a"]})).is_err() && check(json!({"username": {}})).is_err()
        );
    }

    #[test]
    fn only_predefined_values_are_accepted() {
        let error = check(json!({"username": "emma", "failOn": "some"}))
            .err()
            .expect("no such choice")
            .to_string();
        assert_eq!(error, "'failOn' cannot be 'some'. Use any or all.");
    }

    #[test]
    fn predefined_values_are_read_the_same_everywhere() {
        let text = |command, arg: Arg, given: Value| {
            let command = manifest::command(command).expect("a command");
            let args = Map::from_iter([(arg.name().to_owned(), given)]);
            let arguments = Arguments::check(command, args, &Journal::buffered());
            arguments.map(|arguments| arguments.flag(arg).ok())
        };
        for name in [
            "pingone-contain-user",
            "pingone-list-users",
            "pingone-get-user",
        ] {
            let arg = match name {
                "pingone-contain-user" => Arg::DryRun,
                "pingone-list-users" => Arg::AllResults,
                _ => Arg::Detailed,
            };
            for (given, expected) in [
                (json!(true), Some(true)),
                (json!("True"), Some(true)),
                (json!("YES"), Some(true)),
                (json!(1), Some(true)),
                (json!(false), Some(false)),
                (json!("no"), Some(false)),
                (json!("0"), Some(false)),
            ] {
                assert_eq!(
                    text(name, arg, given.clone()).ok(),
                    Some(expected),
                    "{name} {given}"
                );
            }
        }
        assert_eq!(check_fail_on("ALL"), Some("all".to_owned()));
        assert_eq!(check_fail_on("al"), None);
    }

    fn check_fail_on(value: &str) -> Option<String> {
        let (arguments, _) = check(json!({"username": "emma", "failOn": value})).ok()?;
        arguments.text(Arg::FailOn).map(str::to_owned)
    }

    /// An empty value must not turn a dry run into the real thing.
    #[test]
    fn an_empty_dry_run_is_an_error() {
        let command = manifest::command("pingone-contain-user").expect("a command");
        for empty in [json!(""), json!(null)] {
            let args = Map::from_iter([("dryRun".to_owned(), empty)]);
            let error = Arguments::check(command, args, &Journal::buffered()).err();
            assert_eq!(
                error.expect("an error").to_string(),
                "'dryRun' is empty. Use true or false."
            );
        }
    }

    #[test]
    fn lists_are_separated_by_commas_or_line_breaks() {
        let command = manifest::command("pingone-list-sessions").expect("a command");
        for given in [
            json!("emma.sharp,richard.smith"),
            json!("emma.sharp\nrichard.smith"),
            json!(" emma.sharp \r\n\r\nrichard.smith,\n"),
            json!(["emma.sharp", "richard.smith"]),
            json!("[\"emma.sharp\", \"richard.smith\"]"),
        ] {
            let args = Map::from_iter([("username".to_owned(), given.clone())]);
            let arguments =
                Arguments::check(command, args, &Journal::buffered()).expect("valid arguments");
            assert_eq!(
                arguments.list(Arg::Username),
                ["emma.sharp", "richard.smith"],
                "{given}"
            );
        }
    }

    #[test]
    fn secrets_are_masked_and_unknown_arguments_logged_without_their_values() {
        let (_, journal) = check(json!({"username": "emma", "password": "hunter22", "pasword": "oops4242", "debug-mode": "true"})).expect("valid arguments");
        assert!(!journal.mask().text("hunter22").contains("hunter22"));
        assert_eq!(
            journal.take(),
            [(
                Level::Info,
                "pingone-sample has no argument \"pasword\"; it is ignored".to_owned()
            )]
        );
    }

    #[test]
    fn misspelt_arguments_are_an_error() {
        let error = |command: &'static str, name: &str| {
            let command = manifest::command(command).expect("a command");
            let args = Map::from_iter([(name.to_owned(), json!("x"))]);
            Arguments::check(command, args, &Journal::buffered())
                .err()
                .unwrap_or_else(|| panic!("accepted: {name}"))
                .to_string()
        };
        for name in ["dryrun", "DryRun", "dry_run", "dry-run", "-DRY-RUN"] {
            assert_eq!(
                error("pingone-contain-user", name),
                format!("There is no argument '{name}'. Did you mean dryRun?")
            );
        }
        assert_eq!(
            error("pingone-update-user", "TYPE"),
            "There is no argument 'TYPE'. Did you mean Type or type?"
        );
        for name in ["type", "Type"] {
            assert!(!error("pingone-update-user", name).contains("There is no argument"));
        }
    }

    #[test]
    fn password_arguments_are_marked_secret() {
        let arguments = manifest::COMMANDS
            .iter()
            .flat_map(|command| command.arguments);
        assert!(
            arguments
                .filter(|argument| argument.name.to_lowercase().contains("password"))
                .all(|argument| argument.secret)
        );
    }
}
