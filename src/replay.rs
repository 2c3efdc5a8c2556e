//! Recorded cases: a request as it came on stdin, the HTTP exchanges it made, and the answer it got. Playing
//! one goes through the same session, client, token and paging code as a live run; only the sending is
//! replaced, so no case can reach the network.
//!
//! A case is a folder: `request.json`, `exchanges.json` and `answer.snap`. The last is also the insta snapshot
//! of the case, so the expected answer exists once.

use std::{
    fs, io,
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::{
    entry::Entry,
    pingone::tape::{Exchange, Tape},
    run::Runner,
    server::{Input, Server},
    session, stdin,
};

/// The file that makes a folder a case.
pub const REQUEST: &str = "request.json";
/// The recorded exchanges.
pub const EXCHANGES: &str = "exchanges.json";
/// The expected answer.
pub const ANSWER: &str = "answer.snap";

/// What playing a case gave.
pub struct Played {
    /// The protocol messages, each as indented JSON.
    pub messages: String,
    /// The texts of the entries, as the War Room would show them.
    pub war_room: Vec<String>,
    /// Calls that were made and are not recorded.
    pub missing: Vec<String>,
    /// Recorded calls that were not made.
    pub unused: Vec<String>,
}

/// What is wrong with a case that was played; nothing if it is fine.
pub struct Verdict {
    /// One sentence for each difference.
    pub differences: Vec<String>,
}

/// The cases below `path`, in order; `path` may be one itself.
pub fn cases(path: &Path) -> Result<Vec<PathBuf>> {
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
        found.extend(cases(&folder)?);
    }
    Ok(found)
}

/// Plays the case in `folder`.
pub fn play(folder: &Path) -> Result<Played> {
    let read = |name: &str| {
        fs::read(folder.join(name))
            .with_context(|| format!("{} cannot be read", folder.join(name).display()))
    };
    let request = read(REQUEST)?;
    let exchanges: Vec<Exchange> = serde_json::from_slice(&read(EXCHANGES)?)
        .with_context(|| format!("{} cannot be read", folder.join(EXCHANGES).display()))?;

    let tape = Rc::new(Tape::new(exchanges));
    let mut runner = Runner::replay(Rc::clone(&tape));
    let mut server = Server::new(
        Input::Silent(stdin::requests(io::Cursor::new(request))),
        Vec::new(),
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(session::serve(&mut server, &mut runner))?;

    let mut played = Played {
        messages: String::new(),
        war_room: Vec::new(),
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
            played.war_room.push(
                serde_json::from_value::<Entry>(entry.clone())?
                    .readable()
                    .to_owned(),
            );
        }
    }
    Ok(played)
}

/// Compares what was played with the recorded answer.
pub fn judge(folder: &Path, played: &Played) -> Result<Verdict> {
    let path = folder.join(ANSWER);
    let snapshot =
        fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let expected = snapshot_body(&snapshot)
        .with_context(|| format!("{} is not a snapshot", path.display()))?;
    let missing = played.missing.iter();
    let unused = played.unused.iter();
    let mut differences: Vec<String> = missing
        .map(|call| format!("a call was made that is not recorded: {call}"))
        .chain(unused.map(|call| format!("a recorded call was not made: {call}")))
        .collect();
    if expected.trim_end() != played.messages.trim_end() {
        differences.push(first_difference(expected, &played.messages));
    }
    Ok(Verdict { differences })
}

/// What follows the header that insta puts before a snapshot.
fn snapshot_body(snapshot: &str) -> Result<&str> {
    let Some((_, body)) = snapshot
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
    else {
        bail!("it does not begin with a header between two lines of ---");
    };
    Ok(body)
}

fn first_difference(expected: &str, given: &str) -> String {
    let (mut wanted, mut got) = (expected.trim_end().lines(), given.trim_end().lines());
    let mut number = 0;
    loop {
        number += 1;
        match (wanted.next(), got.next()) {
            (wanted, got) if wanted != got => {
                let show = |line: Option<&str>| line.map_or("nothing", str::trim).to_owned();
                return format!(
                    "line {number} of the answer should be\n  {}\nbut is\n  {}",
                    show(wanted),
                    show(got)
                );
            }
            (None, None) => return "the answer differs in its white space".to_owned(),
            _ => {}
        }
    }
}
