//! Where the expected answers of the recorded cases come from. Every case has a mark in the `SOURCES.md` of its command;
//! `test_data/README.md` says what the marks mean. A mark that claims a source is checked against the answer, so that
//! "recorded" is the only one that can be given without evidence.

use std::{collections::BTreeMap, fs, path::Path};

use pingone_xsoar::replay;
use serde_json::Value;

use crate::replay::cases;

/// The file with the marks of a command's cases.
const FILE: &str = "SOURCES.md";

/// The human-readable output of a command, in the words of its documentation; `{}` stands for a value. The tables'
/// columns are the documented ones.
const DOCUMENTED: &[(&str, &str)] = &[
    ("pingone-unlock-user", "### {} unlocked"),
    ("pingone-deactivate-user", "### User {} deactivated"),
    ("pingone-activate-user", "### {} is active now"),
    ("pingone-set-password", "{} password was updated."),
    (
        "pingone-add-to-group",
        "User: {} added to group: {} successfully",
    ),
    (
        "pingone-remove-from-group",
        "User: {} was removed from group: {} successfully",
    ),
    (
        "pingone-get-groups",
        "PingOne groups for user: {}\n ### Groups\n|ID|Name|\n{}",
    ),
    (
        "pingone-get-user",
        "### User:{}\n|AccountStatus|CreatedAt|Email|Enabled|Environment|First Name|ID|Last Name|PopulationID|UpdatedAt|Username|\n{}",
    ),
    (
        "pingone-create-user",
        "### PingOne user created: {}\n|AccountStatus|CreatedAt|Email|Enabled|Environment|First Name|ID|Last Name|PopulationID|UpdatedAt|Username|\n{}",
    ),
    (
        "pingone-update-user",
        "### PingOne user updated: {}\n**No entries.**\n",
    ),
    ("pingone-delete-user", "User: {} was Deleted successfully"),
];

/// What the published integration says where its documentation is silent. Playbooks and scripts compare these texts.
const PUBLISHED: &[&str] = &[
    "ok",
    "{} password was set to force change.",
    "### Password state for {}\n{}",
    "### PingOne user updated: {}\n|{}|\n{}",
    "Failed to execute {} command. Error: PingOne error: Failed to find userID for: {} username.",
    "Failed to execute {} command. Error: Failed to find user for {} username.",
    "Failed to execute {} command. Error: Failed to find groupID for: {} group name.",
];

/// A recorded case: its entries, and PingOne's answers.
struct Case {
    command: String,
    name: String,
    entries: Vec<Value>,
    responses: Vec<Value>,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let part = |path: &Path| {
            let name = path.file_name().expect("a folder below test_data");
            name.to_string_lossy().into_owned()
        };
        let read = |file: &str| {
            let path = folder.join(file);
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        };
        let answer = read(replay::ANSWER);
        let (_, messages) = answer.split_once("\n---\n").expect("insta's header");
        let entries = serde_json::Deserializer::from_str(messages)
            .into_iter::<Value>()
            .flat_map(|message| {
                let message = message.expect("messages are JSON");
                message["results"].as_array().cloned().unwrap_or_default()
            })
            .collect();
        let exchanges: Vec<Value> =
            serde_json::from_str(&read(replay::EXCHANGES)).expect("exchanges are JSON");
        Self {
            command: part(folder.parent().expect("the command's folder")),
            name: part(folder),
            entries,
            responses: exchanges
                .into_iter()
                .map(|mut exchange| exchange["response"].take())
                .collect(),
        }
    }

    /// The text of the only entry.
    fn text(&self) -> Option<&str> {
        let [entry] = self.entries.as_slice() else {
            return None;
        };
        entry["HumanReadable"]
            .as_str()
            .or(entry["Contents"].as_str())
    }

    /// Whether the answer bears its mark out.
    fn is_supported(&self, mark: &str) -> bool {
        let text = self.text();
        let like = |pattern| text.is_some_and(|text| matches(text, pattern));
        match mark {
            "recorded" => true,
            "documentation" => DOCUMENTED
                .iter()
                .any(|(command, pattern)| *command == self.command && like(pattern)),
            "published" => PUBLISHED.iter().any(|pattern| like(pattern)),
            "quoted" => text.is_some_and(|text| self.is_quoted(text)),
            // A document and a section cannot be checked; that they are named can.
            other => other
                .strip_prefix("derived: ")
                .is_some_and(|source| !source.trim().is_empty()),
        }
    }

    /// Whether an error names the status of one of PingOne's answers and has its message.
    fn is_quoted(&self, text: &str) -> bool {
        self.entries[0]["Type"] == 4
            && self.responses.iter().any(|response| {
                let named = format!("Error in API call [{}] - ", response["status"]);
                let message = response["json"]["message"].as_str();
                text.contains(&named)
                    && message.is_some_and(|message| !message.is_empty() && text.contains(message))
            })
    }
}

/// Whether `text` is `pattern` with something in place of each `{}`.
fn matches(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split("{}");
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut is_open = false;
    for part in parts {
        is_open = part.is_empty();
        let Some(place) = rest.find(part) else {
            return false;
        };
        rest = &rest[place + part.len()..];
    }
    is_open || rest.is_empty()
}

/// The marks of a command's cases.
fn marks(command: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("test_data")
        .join(command)
        .join(FILE);
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.strip_prefix("- ")?.split_once(": "))
        .map(|(name, mark)| (name.to_owned(), mark.to_owned()))
        .collect()
}

#[test]
fn every_case_is_marked_with_the_source_of_its_answer() {
    let mut left: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut problems = Vec::new();
    for case in cases().iter().map(|folder| Case::read(folder)) {
        let marks = left
            .entry(case.command.clone())
            .or_insert_with(|| marks(&case.command));
        let file = format!("test_data/{}/{FILE}", case.command);
        match marks.remove(&case.name) {
            None => problems.push(format!(
                "{file}: {name} has no mark. Add `- {name}: {mark}`, or name its source: see test_data/README.md",
                name = case.name,
                mark = ["documentation", "published", "quoted", "recorded"]
                    .into_iter()
                    .find(|mark| case.is_supported(mark))
                    .unwrap_or("recorded"),
            )),
            Some(mark) if !case.is_supported(&mark) => problems.push(format!(
                "{file}: the answer of {} does not bear out the mark `{mark}`: {:?}",
                case.name, case.entries
            )),
            Some(_) => {}
        }
    }
    for (command, marks) in left {
        for name in marks.keys() {
            problems.push(format!(
                "test_data/{command}/{FILE}: there is no case {name}"
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_documents_own_examples_are_marked_as_documented() {
    for (command, _) in DOCUMENTED {
        let mark = marks(command).remove("document-example");
        assert_eq!(mark.as_deref(), Some("documentation"), "{command}");
    }
}

#[test]
fn a_pattern_matches_the_whole_text() {
    for (text, pattern, matched) in [
        ("### a unlocked", "### {} unlocked", true),
        ("### a unlocked.", "### {} unlocked", false),
        ("# a unlocked", "### {} unlocked", false),
        ("ok", "ok", true),
        ("okay", "ok", false),
        ("### T a\n|x|\n| 1 |\n", "### T {}\n{}", true),
    ] {
        assert_eq!(matches(text, pattern), matched, "{text}: {pattern}");
    }
}
