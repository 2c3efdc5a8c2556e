//! Replays recorded cases: a request as it came on stdin, its HTTP exchanges and its answer. A replay runs the same
//! session, client, token and paging code as a live run. Only the transport is replaced, so a replay never touches the
//! network.
//!
//! A case is a folder with `request.json`, `exchanges.json` and `answer.snap`. The last is also the insta snapshot of
//! the case, so the expected answer exists only once. A case can also have a `context.json`: the incident's context as
//! a playbook would see it afterwards.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::{
    context::IncidentContext,
    entry::Entry,
    run::Runner,
    server::{Input, Server},
    session, stdin,
};
use pingone::tape::{Exchange, Tape};

/// The request. A folder that has this file is a case.
pub const REQUEST: &str = "request.json";
/// The recorded exchanges.
pub const EXCHANGES: &str = "exchanges.json";
/// The expected answer.
pub const ANSWER: &str = "answer.snap";
/// The expected context, if the case has one.
pub const CONTEXT: &str = "context.json";

/// A recorded case.
pub struct Case {
    /// One or more requests, as they come on stdin.
    pub requests: Vec<u8>,
    /// Their HTTP exchanges.
    pub exchanges: Vec<Exchange>,
}

/// The result of replaying a case.
pub struct Played {
    /// The protocol messages, each as indented JSON.
    pub messages: String,
    /// The texts of the entries, as the War Room would show them.
    pub war_room: Vec<String>,
    /// The types of the entries: 1 for a note, 4 for an error.
    pub types: Vec<u8>,
    /// The context after all requests.
    pub context: IncidentContext,
    /// Calls that are not in the recording.
    pub missing: Vec<String>,
    /// Recorded calls that were not made.
    pub unused: Vec<String>,
}

/// How a replay differs from the recording.
pub struct Verdict {
    /// One sentence per difference; empty if the case passes.
    pub differences: Vec<String>,
}

/// All cases in `path`, sorted; `path` can be a case itself. Follows symbolic links, but visits each folder only once,
/// because links can form a cycle.
pub fn cases(path: &Path) -> Result<Vec<PathBuf>> {
    cases_below(path, &mut HashSet::new())
}

fn cases_below(path: &Path, seen: &mut HashSet<PathBuf>) -> Result<Vec<PathBuf>> {
    let real =
        fs::canonicalize(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if !seen.insert(real) {
        return Ok(Vec::new());
    }
    if path.join(REQUEST).is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let entries =
        fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut folders = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    let mut found = Vec::new();
    for folder in folders {
        found.extend(cases_below(&folder, seen)?);
    }
    Ok(found)
}

impl Case {
    /// Reads the case in `folder`.
    pub fn read(folder: &Path) -> Result<Self> {
        let exchanges = folder.join(EXCHANGES);
        let unreadable = || format!("{} cannot be read", exchanges.display());
        let case = Self {
            requests: read(folder, REQUEST)?,
            exchanges: serde_json::from_slice(&read(folder, EXCHANGES)?)
                .with_context(unreadable)?,
        };
        for Exchange {
            request,
            response,
            failure,
            ..
        } in &case.exchanges
        {
            ensure!(
                response.is_some() != failure.is_some(),
                "{}: {} {} must have either a response or a failure",
                exchanges.display(),
                request.method,
                request.url
            );
        }
        Ok(case)
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>> {
    let path = folder.join(name);
    fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Replays the case in `folder`.
pub fn play(folder: &Path) -> Result<Played> {
    play_case(Case::read(folder)?)
}

/// Replays a case.
pub fn play_case(case: Case) -> Result<Played> {
    let Case {
        requests,
        exchanges,
    } = case;
    let tape = Rc::new(Tape::new(exchanges));
    let mut runner = Runner::replay(Rc::clone(&tape));
    let mut server = Server::new(
        Input::Silent(stdin::requests(io::Cursor::new(requests))),
        Vec::new(),
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(session::serve(&mut server, &mut runner))?;

    let mut played = Played {
        messages: String::new(),
        war_room: Vec::new(),
        types: Vec::new(),
        context: IncidentContext::default(),
        missing: tape.missing(),
        unused: tape.unused(),
    };
    for line in server
        .into_output()
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let message: Value = serde_json::from_slice(line)?;
        played
            .messages
            .push_str(&serde_json::to_string_pretty(&message)?);
        played.messages.push('\n');
        for entry in message
            .get("results")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let entry: Entry = serde_json::from_value(entry.clone())?;
            played.types.push(match &entry {
                Entry::Note(note) => note.r#type,
                Entry::Incidents(incidents) => incidents.r#type,
                Entry::Error(failure) => failure.r#type,
            });
            played.war_room.push(entry.readable().to_owned());
            played.context.apply(&entry)?;
        }
    }
    Ok(played)
}

/// Compares a replay with the recorded answer.
pub fn judge(folder: &Path, played: &Played) -> Result<Verdict> {
    let path = folder.join(ANSWER);
    let snapshot =
        fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let expected = snapshot_body(&snapshot)
        .with_context(|| format!("{} is not a snapshot", path.display()))?;
    let mut differences = compare(expected, played);
    let path = folder.join(CONTEXT);
    if path.is_file() {
        let context: Value = serde_json::from_slice(&read(folder, CONTEXT)?)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let given = played.context.to_value();
        if context != given {
            let [expected, given] = [context, given].map(|context| format!("{context:#}"));
            differences.push(first_difference("context", &expected, &given));
        }
    }
    Ok(Verdict { differences })
}

/// The differences between the expected answer and the replay.
pub fn compare(expected: &str, played: &Played) -> Vec<String> {
    let missing = played.missing.iter();
    let unused = played.unused.iter();
    let mut differences: Vec<String> = missing
        .map(|call| format!("a call is not in the recording: {call}"))
        .chain(unused.map(|call| format!("a recorded call was not made: {call}")))
        .collect();
    if expected.trim_end() != played.messages.trim_end() {
        differences.push(first_difference("answer", expected, &played.messages));
    }
    differences
}

/// The text after insta's snapshot header.
fn snapshot_body(snapshot: &str) -> Result<&str> {
    let Some((_, body)) = snapshot
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
    else {
        bail!("it does not start with a header between two lines of ---");
    };
    Ok(body)
}

fn first_difference(what: &str, expected: &str, given: &str) -> String {
    let (mut expected, mut given) = (expected.trim_end().lines(), given.trim_end().lines());
    let mut number = 0;
    loop {
        number += 1;
        match (expected.next(), given.next()) {
            (expected, given) if expected != given => {
                let show = |line: Option<&str>| line.map_or("nothing", str::trim).to_owned();
                return format!(
                    "line {number} of the {what} should be\n  {}\nbut is\n  {}",
                    show(expected),
                    show(given)
                );
            }
            (None, None) => {
                return format!("the {what} differs in whitespace or in the order of its members");
            }
            _ => {}
        }
    }
}
