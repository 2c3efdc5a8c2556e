//! `integration.yml` against what stands beside it: the recorded cases, docs/commands.md, and what playbooks in the
//! field rely on. That each command has a handler is tested in `src/run.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use pingone_xsoar::{
    commands, entry,
    manifest::{self, Argument, COMMANDS, Command, PARAMETERS, Parameter},
    replay,
};
use serde_json::Value;

use crate::replay::cases;

/// A case as its files tell it.
struct Case {
    /// `pingone-get-user/document-example`
    name: String,
    command: String,
    args: Vec<String>,
    /// The `EntryContext` of each entry of its answer.
    contexts: Vec<Value>,
}

fn read_cases() -> Vec<Case> {
    cases().iter().map(|folder| Case::read(folder)).collect()
}

impl Case {
    fn read(folder: &Path) -> Self {
        let name: String = folder
            .iter()
            .skip(folder.iter().count() - 2)
            .collect::<Vec<_>>()
            .join("/".as_ref())
            .to_string_lossy()
            .into_owned();
        let read = |file: &str| {
            fs::read_to_string(folder.join(file))
                .unwrap_or_else(|error| panic!("{name}/{file}: {error}"))
        };
        let request: Value = serde_json::from_str(&read(replay::REQUEST))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let answer = read(replay::ANSWER);
        let (_, messages) = answer
            .split_once("\n---\n")
            .unwrap_or_else(|| panic!("{name}: no header in the answer"));
        let contexts = serde_json::Deserializer::from_str(messages)
            .into_iter::<Value>()
            .map(|message| message.unwrap_or_else(|error| panic!("{name}: {error}")))
            .flat_map(|message| message["results"].as_array().cloned().unwrap_or_default())
            .map(|entry| entry["EntryContext"].clone())
            .collect();
        Self {
            command: request["command"].as_str().unwrap_or_default().to_owned(),
            args: request["args"]
                .as_object()
                .map(|args| args.keys().cloned().collect())
                .unwrap_or_default(),
            contexts,
            name,
        }
    }
}

/// The only recorded request for a command that does not exist.
const UNKNOWN_COMMAND: &str = "pingone-foo";

#[test]
fn every_command_has_cases_and_every_case_a_command() {
    let cases = read_cases();
    for name in commands::NAMES {
        assert!(
            cases
                .iter()
                .any(|case| case.name == format!("{name}/document-example")),
            "test_data/{name}/document-example is missing"
        );
    }
    for case in &cases {
        assert!(
            commands::NAMES.contains(&case.command.as_str()) || case.command == UNKNOWN_COMMAND,
            "{} asks for {}, which does not exist",
            case.name,
            case.command
        );
        assert!(
            case.name.starts_with(&format!("{}/", case.command)),
            "{} asks for {}",
            case.name,
            case.command
        );
    }
}

/// Cases in which an argument that the manifest does not know is the point.
fn is_about_unknown_arguments(case: &str) -> bool {
    // The document's own example gives one: `phoneNumber`.
    case == "pingone-update-user/document-example"
        || case.ends_with("/unknown-argument")
        || case.ends_with("/argument-in-another-spelling")
}

#[test]
fn cases_give_known_arguments_only() {
    for case in read_cases() {
        let Some(command) = manifest::command(&case.command) else {
            continue;
        };
        let unknown: Vec<&String> = case
            .args
            .iter()
            .filter(|name| !command.arguments.iter().any(|known| known.name == **name))
            .collect();
        assert_eq!(
            !unknown.is_empty(),
            is_about_unknown_arguments(&case.name),
            "test_data/{}/request.json: {} does not know {unknown:?}",
            case.name,
            case.command
        );
    }
}

#[test]
fn every_argument_is_given_in_some_case() {
    let mut given: BTreeSet<(String, String)> = BTreeSet::new();
    for case in read_cases() {
        for name in case.args {
            given.insert((case.command.clone(), name));
        }
    }
    for command in COMMANDS {
        for argument in command.arguments {
            assert!(
                given.contains(&(command.name.to_owned(), argument.name.to_owned())),
                "no case below test_data/{} gives {}",
                command.name,
                argument.name
            );
        }
    }
}

/// The leaves and the inner members of a context, as paths such as `PingOne.Account.Group.ID`. A list adds no
/// step of its own, as in XSOAR.
fn paths(context: &Value) -> BTreeMap<String, Vec<Value>> {
    fn walk(path: &str, value: &Value, found: &mut BTreeMap<String, Vec<Value>>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(path, item, found)),
            Value::Object(members) => {
                found.entry(path.to_owned()).or_default();
                for (name, value) in members {
                    walk(&format!("{path}.{name}"), value, found);
                }
            }
            leaf => found.entry(path.to_owned()).or_default().push(leaf.clone()),
        }
    }
    let mut found = BTreeMap::new();
    for (key, value) in context.as_object().into_iter().flatten() {
        // What stands in brackets tells XSOAR how to merge; it is no part of the path.
        let path = key.split('(').next().unwrap_or_default();
        walk(path, value, &mut found);
    }
    found
}

/// What the cases of a command put into the context; not those whose name begins with `odd-`, in which PingOne sends
/// values of other kinds than it documents.
fn recorded_paths(cases: &[Case], command: &str) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for context in cases
        .iter()
        .filter(|case| case.command == command && !case.name.contains("/odd-"))
        .flat_map(|case| &case.contexts)
    {
        for (path, values) in paths(context) {
            found.entry(path).or_default().extend(values);
        }
    }
    found
}

#[test]
fn every_documented_path_is_produced_with_its_type() {
    let cases = read_cases();
    // A user who was just created has no name yet, so a value may be null in every case of one command.
    let mut has_value = BTreeSet::new();
    for command in COMMANDS {
        for (path, values) in recorded_paths(&cases, command.name) {
            if values.iter().any(|value| !value.is_null()) {
                has_value.insert(path);
            }
        }
    }
    for command in COMMANDS {
        let recorded = recorded_paths(&cases, command.name);
        for output in command.outputs {
            let named = format!("{} of {}", output.path, command.name);
            let values = recorded
                .get(output.path)
                .unwrap_or_else(|| panic!("no case produces {named}"));
            let has_members = recorded
                .keys()
                .any(|path| path.starts_with(&format!("{}.", output.path)));
            if has_members {
                continue;
            }
            assert!(
                has_value.contains(output.path),
                "{named} is null in every case"
            );
            for value in values.iter().filter(|value| !value.is_null()) {
                let fits = match output.kind {
                    "string" | "date" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "number" => value.is_number(),
                    other => panic!("{named} has the unknown type {other}"),
                };
                assert!(fits, "{named} should be a {}, but is {value}", output.kind);
            }
        }
    }
}

#[test]
fn every_produced_path_is_documented() {
    let cases = read_cases();
    for name in commands::NAMES.iter().chain([&UNKNOWN_COMMAND]) {
        let documented: BTreeSet<&str> = manifest::command(name)
            .map(|command| command.outputs.iter().map(|output| output.path).collect())
            .unwrap_or_default();
        for path in recorded_paths(&cases, name).into_keys() {
            // Inner steps need no line of their own: `PingOne.Account`, `PingOne.Account.Password`.
            let inner = documented
                .iter()
                .any(|known| known.starts_with(&format!("{path}.")));
            assert!(
                inner || documented.contains(path.as_str()),
                "{name} produces {path}, which integration.yml does not document"
            );
        }
    }
}

/// The commands that came after the published ones. None of them uses the key of accounts: a playbook task that works
/// on every account of the context must not meet a list of fifty.
fn later_commands() -> impl Iterator<Item = &'static Command> {
    let is_published = |command: &&Command| CONTRACT.iter().any(|(name, ..)| *name == command.name);
    COMMANDS
        .iter()
        .filter(move |command| !is_published(command))
}

#[test]
fn the_context_keys_are_the_published_ones_and_of_the_later_commands_others() {
    assert_eq!(
        entry::ACCOUNT,
        "PingOne.Account(val.ID && val.ID === obj.ID)"
    );
    // What merges the items of a path is the same in every command, or XSOAR would merge them in two ways.
    let mut merged: BTreeMap<String, String> = BTreeMap::new();
    for case in read_cases() {
        let is_later = later_commands().any(|command| command.name == case.command);
        let keys = case.contexts.iter().filter_map(Value::as_object).flatten();
        for (key, _) in keys {
            assert_eq!(key != entry::ACCOUNT, is_later, "{}: {key}", case.name);
            let (path, condition) = key.split_once('(').unwrap_or((key, ""));
            let is_usual =
                condition == "true)" || condition.starts_with("val.ID && val.ID === obj.ID");
            assert!(
                path.starts_with("PingOne") && is_usual,
                "{}: {key}",
                case.name
            );
            let known = merged.entry(path.to_owned()).or_insert_with(|| key.clone());
            assert_eq!(known, key, "{}", case.name);
        }
    }
}

/// The commands that message, decide or report about one person: XSOAR runs them once for each of several users.
const ABOUT_ONE_USER: [&str; 4] = [
    "pingone-verify-push",
    "pingone-check-otp",
    "pingone-cancel-verification",
    "pingone-submit-risk-feedback",
];

#[test]
fn later_commands_name_users_in_one_way_and_say_what_they_change() {
    for command in later_commands() {
        let name = command.name;
        let changes = !commands::access(name).is_some_and(commands::Access::is_read);
        assert_eq!(
            command.harmful, changes,
            "{name}: `execution: true` marks what changes something"
        );
        if ABOUT_ONE_USER.contains(&name) {
            let mut arguments = command.arguments.iter();
            assert!(!arguments.any(|argument| argument.is_array), "{name}");
            continue;
        }
        let argument = |name: &str| command.arguments.iter().find(|known| known.name == name);
        if let Some(application) = argument("application").filter(|one| one.required) {
            assert!(application.is_default, "{name}");
            continue;
        }
        let Some(username) = argument("username").filter(|username| username.is_array) else {
            assert!(!changes, "{name} names no users");
            continue;
        };
        assert!(username.is_default && !username.required, "{name} username");
        for other in ["userId", "email"] {
            let other = argument(other).unwrap_or_else(|| panic!("{name} has no {other}"));
            assert!(other.is_array && !other.required, "{name} {}", other.name);
        }
        if changes {
            let fail_on = argument("failOn").unwrap_or_else(|| panic!("{name} has no failOn"));
            assert_eq!(
                (fail_on.default, fail_on.allowed),
                (Some("any"), &["any", "all"][..]),
                "{name} failOn"
            );
        }
    }
}

const USER_PATHS: &str = "ID Username DisplayName Email Enabled CreatedAt UpdatedAt";

/// The published documentation: each command, its arguments (`!` marks a required one, `=` the default argument; others
/// have become default arguments since), and its paths below `PingOne.Account`. Playbooks rely on all of it. The last two commands came later;
/// arguments and paths may be added behind these.
const CONTRACT: [(&str, &str, &str); 13] = [
    ("pingone-unlock-user", "username!=", ""),
    ("pingone-deactivate-user", "username!=", ""),
    ("pingone-activate-user", "username!=", ""),
    ("pingone-set-password", "username!= password!", ""),
    (
        "pingone-add-to-group",
        "username groupName groupId userId",
        "",
    ),
    (
        "pingone-remove-from-group",
        "username groupName userId groupId",
        "",
    ),
    (
        "pingone-get-groups",
        "username!",
        "Group ID Type Group.ID Group.Name",
    ),
    ("pingone-get-user", "username userId detailed", USER_PATHS),
    ("pingone-create-user", "username! populationId!", USER_PATHS),
    (
        "pingone-update-user",
        "username! formatted given middle family nickname title locale email primaryPhone mobilePhone \
         streetAddress locality region postalCode countryCode Type",
        "",
    ),
    ("pingone-delete-user", "username userId", ""),
    ("pingone-password-force-change", "username!=", ""),
    (
        "pingone-read-password-state",
        "username!=",
        "ID Password.Status Password.LastChangedAt Password.SecondsUntilUnlock Password.PolicyID",
    ),
];

#[test]
fn the_published_contract_is_kept() {
    for (name, arguments, outputs) in CONTRACT {
        let command = manifest::command(name).unwrap_or_else(|| panic!("{name} is missing"));
        let is_published_default = |name: &str| {
            let marked = [name, "!="].concat();
            arguments.split(' ').any(|argument| argument == marked)
        };
        let visible: Vec<String> = visible_arguments(command)
            .map(|argument| {
                let Argument {
                    name,
                    required,
                    is_default,
                    ..
                } = argument;
                let mark = |set: &bool, mark| if *set { mark } else { "" };
                format!(
                    "{name}{}{}",
                    mark(required, "!"),
                    mark(&(*is_default && is_published_default(name)), "=")
                )
            })
            .collect();
        let documented = arguments.split(' ').count();
        let (published, later) = visible.split_at(documented.min(visible.len()));
        assert_eq!(published.join(" "), arguments, "the arguments of {name}");
        assert!(
            !later.iter().any(|argument| argument.contains(['!', '='])),
            "{name} must go on without {later:?}"
        );
        let paths: Vec<&str> = command
            .outputs
            .iter()
            .map(|output| {
                let path = output.path.strip_prefix("PingOne.Account.");
                path.unwrap_or_else(|| panic!("{name}: {} is somewhere else", output.path))
            })
            .collect();
        let published: Vec<&str> = outputs.split_whitespace().collect();
        assert_eq!(
            paths.get(..published.len()),
            Some(&published[..]),
            "the outputs of {name}"
        );
        assert!(
            !command.harmful,
            "{name} would be taken from roles that use it"
        );
        for argument in command.arguments {
            assert!(
                !argument.is_array,
                "XSOAR runs {name} once for each {}",
                argument.name
            );
            assert_eq!(
                argument.secret,
                argument.name == "password",
                "{name} {}",
                argument.name
            );
            assert_eq!(argument.default, None, "{name} {}", argument.name);
        }
    }
}

#[test]
fn the_instance_parameters_are_the_published_ones_and_advanced_ones_are_optional() {
    let published: Vec<(&str, bool)> = PARAMETERS
        .iter()
        .take(5)
        .map(|parameter| (parameter.name, parameter.required))
        .collect();
    assert_eq!(
        published,
        [
            ("environment_id", true),
            ("region", true),
            ("credentials", true),
            ("insecure", false),
            ("proxy", false)
        ]
    );
    for parameter in &PARAMETERS[5..] {
        assert!(
            !parameter.required,
            "instances of today do not have {}",
            parameter.name
        );
    }
    let region = manifest::parameter("region").expect("the region");
    assert_eq!(region.default, Some("US"));
    assert_eq!(
        region.options,
        ["US", "EU", "Asia", "Canada", "Australia", "Singapore"]
    );
}

#[test]
fn the_page_of_commands_says_what_the_manifest_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    let page = fs::read_to_string(&path).expect("docs/commands.md");
    let wanted = [
        ("parameters", parameter_table()),
        ("commands", command_sections()),
    ]
    .iter()
    .fold(page.clone(), |page, (marker, text)| {
        between_markers(&page, marker, text)
    });
    if wanted == page {
        return;
    }
    if env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(&path, wanted).expect("docs/commands.md can be written");
        return;
    }
    panic!(
        "docs/commands.md differs from integration.yml. UPDATE_DOCS=1 cargo test --test it page_of_commands writes what it \
         should say:\n\n<!-- parameters -->\n\n{}\n<!-- /parameters -->\n\n<!-- commands -->\n\n{}\n<!-- /commands -->\n",
        parameter_table(),
        command_sections()
    );
}

/// A page with `text` between the lines `<!-- marker -->` and `<!-- /marker -->`.
pub(crate) fn between_markers(page: &str, marker: &str, text: &str) -> String {
    let (opening, closing) = (
        format!("<!-- {marker} -->\n"),
        format!("<!-- /{marker} -->\n"),
    );
    let parts = page.split_once(&opening).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(&closing)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else {
        panic!("the page has no lines {opening}and {closing}");
    };
    format!("{before}{opening}\n{text}\n{closing}{after}")
}

/// What may stand in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A Markdown table.
fn table(header: &str, rows: impl Iterator<Item = String>) -> String {
    let rule = "|---".repeat(header.matches(" | ").count() + 1);
    let rows: String = rows.map(|row| row + "\n").collect();
    format!("{header}\n{rule}|\n{rows}")
}

fn parameter_table() -> String {
    let rows = PARAMETERS.iter().flat_map(parameter_rows);
    table("| Parameter | Name | Required | Meaning |", rows)
}

/// One row; two for credentials, which are one parameter with two fields.
fn parameter_rows(parameter: &Parameter) -> Vec<String> {
    let Parameter {
        name,
        display,
        display_password,
        required,
        default,
        additional_info,
        options: _,
    } = parameter;
    let row = |display: &str, name: &str, meaning: &str| {
        let required = if *required { "True" } else { "False" };
        let (display, meaning) = (cell(display), cell(meaning));
        format!("| {display} | `{name}` | {required} | {meaning} |")
    };
    match (display_password, default) {
        (Some(display_password), _) => vec![
            row(display, &format!("{name}.identifier"), additional_info),
            row(
                display_password,
                &format!("{name}.password"),
                additional_info,
            ),
        ],
        (None, Some(default)) => {
            vec![row(
                display,
                name,
                &format!("{additional_info} Default: {default}."),
            )]
        }
        (None, None) => vec![row(display, name, additional_info)],
    }
}

fn visible_arguments(command: &Command) -> impl Iterator<Item = &Argument> {
    command.arguments.iter().filter(|argument| !argument.hidden)
}

fn command_sections() -> String {
    let sections: Vec<String> = COMMANDS.iter().map(command_section).collect();
    sections.join("\n")
}

fn command_section(command: &Command) -> String {
    let Command {
        name, description, ..
    } = command;
    let arguments = visible_arguments(command).map(|argument| {
        let required = if argument.required {
            "Required"
        } else {
            "Optional"
        };
        let description = cell(argument.description);
        // Some descriptions explain the default themselves.
        let default = argument
            .default
            .filter(|_| !description.contains("Default: "))
            .map(|value| format!(" Default: `{value}`."));
        let default = default.unwrap_or_default();
        format!(
            "| `{}` | {required} | {description}{default} |",
            argument.name
        )
    });
    let arguments = table("| Argument | Required | Description |", arguments);
    let outputs = command.outputs.iter().map(|output| {
        let description = cell(output.description);
        format!("| `{}` | {} | {description} |", output.path, output.kind)
    });
    let context = if command.outputs.is_empty() {
        "There is no context output for this command.\n".to_owned()
    } else {
        table("| Path | Type | Description |", outputs)
    };
    format!("### {name}\n\n{description}\n\n{arguments}\n{context}")
}
