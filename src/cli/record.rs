//! Records requests, exchanges and answers, scrubbed, as a fixture for `replay`. The folder appears only when it is
//! complete. `scrub.rs` and `anonymize.rs` decide what is scrubbed and how.

use std::{
    cell::RefCell,
    ffi::OsString,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    rc::Rc,
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::{
    anonymize::anonymize,
    private_files,
    scrub::{Recorded, scrub},
};
use crate::{
    env::Env,
    instance::mask_proxy_credentials,
    protocol::Request,
    replay::{self, Case, Played},
};
use pingone::{
    recorder::Recorder,
    secrets::{Mask, wipe},
    tape::Exchange,
    visible::visible_json,
};

/// A recording in progress. Leaves nothing behind when dropped.
pub(super) struct Recording {
    folder: PathBuf,
    staging: StagingFolder,
    anonymize: bool,
    recorder: Rc<Recorder>,
    /// Secrets of the process that are not in any request.
    hidden: Mask,
    /// Unscrubbed, and never written.
    requests: RefCell<Vec<Request>>,
}

/// A finished recording.
pub(super) struct FinishedRecording {
    folder: PathBuf,
    anonymized: bool,
    /// How its replay differs from the recording; empty if it does not.
    pub(super) differences: Vec<String>,
}

/// What insta expects before a snapshot. The test named in it compares the recorded cases.
const SNAPSHOT_HEADER: &str = "---\nsource: tests/it/replay.rs\n---\n";

impl Recording {
    /// Starts a recording in `folder`, which must not exist yet. Whatever would fail at the end fails here, before any
    /// command runs.
    pub(super) fn start(folder: &Path, anonymize: bool, env: &Env) -> Result<Self> {
        // A symlink could not be replaced at the end.
        let is_link = fs::symlink_metadata(folder).is_ok_and(|one| one.is_symlink());
        let is_taken = is_link
            || match fs::read_dir(folder) {
                Ok(mut entries) => entries.next().is_some(),
                Err(error) => error.kind() != io::ErrorKind::NotFound,
            };
        ensure!(
            !is_taken,
            "{} already exists, and recordings never overwrite anything: choose a new folder",
            folder.display()
        );
        let staging = StagingFolder::beside(folder)
            .with_context(|| format!("cannot record in {}", folder.display()))?;
        let mut hidden = Mask::default();
        mask_proxy_credentials(env, &mut hidden);
        Ok(Self {
            folder: folder.to_owned(),
            staging,
            anonymize,
            recorder: Rc::default(),
            hidden,
            requests: RefCell::default(),
        })
    }

    /// Collects the exchanges.
    pub(super) fn recorder(&self) -> Rc<Recorder> {
        Rc::clone(&self.recorder)
    }

    /// Adds a request that is about to run.
    pub(super) fn add_request(&self, request: &Request) {
        let Request {
            command,
            params,
            args,
            context,
            native,
        } = request;
        self.requests.borrow_mut().push(Request {
            command: command.clone(),
            params: params.clone(),
            args: args.clone(),
            context: context.clone(),
            native: *native,
        });
    }

    /// The command of the request that follows the first `answered` ones.
    pub(super) fn command_after(&self, answered: usize) -> Option<String> {
        let requests = self.requests.borrow();
        requests
            .get(answered)
            .map(|request| request.command.clone())
    }

    /// Writes the fixture. `messages` are the protocol messages of the answers; unanswered requests are left out.
    pub(super) fn finish(self, messages: Vec<Value>) -> Result<FinishedRecording> {
        let is_result = |message: &&Value| message.get("type") == Some(&Value::from("result"));
        let mut requests = self.requests.take();
        requests.truncate(messages.iter().filter(is_result).count());
        ensure!(!requests.is_empty(), "there was no request to record");
        let recorded = scrub(&requests, self.recorder.take(), messages, &self.hidden);
        for request in requests {
            wipe(Value::Object(request.params));
            wipe(Value::Object(request.args));
        }
        let Recorded {
            mut requests,
            mut exchanges,
            messages,
        } = recorded;
        let mut answer = pretty_lines(&messages)?;
        let played = play(&requests, &exchanges)?;
        let mut differences = replay::compare(&answer, &played);
        if self.anonymize {
            (requests, exchanges) = anonymize(&requests, &exchanges);
            let anonymous = play(&requests, &exchanges)?;
            if !same_shape(&played, &anonymous) {
                differences.push("without the personal data, the result is different".to_owned());
            }
            answer = anonymous.messages;
        }
        self.staging
            .write(replay::ANSWER, &(SNAPSHOT_HEADER.to_owned() + &answer))?;
        self.staging.write(
            replay::EXCHANGES,
            &(serde_json::to_string_pretty(&exchanges)? + "\n"),
        )?;
        // The file that makes a folder a case comes last.
        self.staging
            .write(replay::REQUEST, &pretty_lines(&requests)?)?;
        self.staging.move_to(&self.folder)?;
        let verdict = replay::judge(&self.folder, &replay::play(&self.folder)?)?;
        for difference in verdict.differences {
            if !differences.contains(&difference) {
                differences.push(difference);
            }
        }
        Ok(FinishedRecording {
            folder: self.folder,
            anonymized: self.anonymize,
            differences,
        })
    }
}

impl FinishedRecording {
    /// What to tell the user.
    pub(super) fn summary(&self) -> String {
        let folder = self.folder.display();
        let verdict = if self.differences.is_empty() {
            format!("recorded in {folder}; the replay gives the same answer")
        } else {
            let differences = self.differences.join("\n").replace('\n', "\n  ");
            format!(
                "recorded in {folder}, but the replay differs:\n  {}",
                visible_json(&differences)
            )
        };
        let rest = if self.anonymized {
            "secrets, ids and personal data were replaced; check it before you share it"
        } else {
            "secrets were replaced; it still contains ids and personal data (--anonymize replaces them)"
        };
        format!("{verdict}\n  {rest}")
    }
}

/// Each value as indented JSON, ending in a line break.
fn pretty_lines(values: &[Value]) -> Result<String> {
    let mut out = String::new();
    for value in values {
        out.push_str(&serde_json::to_string_pretty(value)?);
        out.push('\n');
    }
    Ok(out)
}

fn play(requests: &[Value], exchanges: &[Exchange]) -> Result<Played> {
    replay::play_case(Case {
        requests: pretty_lines(requests)?.into_bytes(),
        exchanges: exchanges.to_vec(),
    })
}

/// Whether both made the same calls, and the same requests succeeded.
fn same_shape(one: &Played, other: &Played) -> bool {
    one.types == other.types
        && one.missing.len() == other.missing.len()
        && one.unused.len() == other.unused.len()
}

/// A hidden folder beside the final one that collects the files until they are complete. Removed when dropped.
struct StagingFolder {
    path: PathBuf,
}

impl StagingFolder {
    fn beside(folder: &Path) -> Result<Self> {
        let Some(name) = folder.file_name() else {
            bail!("the path does not end in a name");
        };
        let parent = match folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent)?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".recording-{}", std::process::id()));
        let path = parent.join(hidden);
        fs::create_dir(&path)?;
        Ok(Self { path })
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path.join(name);
        // Other users must not read ids and personal data.
        private_files::create(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    fn move_to(self, folder: &Path) -> Result<()> {
        // Removes only an empty folder, which some systems would not let us replace.
        drop(fs::remove_dir(folder));
        fs::rename(&self.path, folder)
            .with_context(|| format!("{} cannot be written", folder.display()))
    }
}

impl Drop for StagingFolder {
    fn drop(&mut self) {
        // Already gone if it was moved.
        drop(fs::remove_dir_all(&self.path));
    }
}

/// Passes writes on and keeps a copy.
pub(super) struct Tee<W> {
    out: W,
    copy: Rc<RefCell<Vec<u8>>>,
}

impl<W: Write> Tee<W> {
    pub(super) fn new(out: W) -> (Self, Rc<RefCell<Vec<u8>>>) {
        let copy = Rc::<RefCell<Vec<u8>>>::default();
        let tee = Self {
            out,
            copy: Rc::clone(&copy),
        };
        (tee, copy)
    }
}

impl<W: Write> Write for Tee<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.copy
            .borrow_mut()
            .extend_from_slice(bytes.get(..count).unwrap_or_default());
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The written messages that answer requests. Pings, and lines that are not requests and so could not be scrubbed, are
/// not part of a recording.
pub(super) fn answers(written: &[u8]) -> Result<Vec<Value>> {
    let mut messages = Vec::new();
    let mut is_malformed = false;
    for line in written
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let message: Value = serde_json::from_slice(line)?;
        match message.get("type").and_then(Value::as_str) {
            Some("pong") => {}
            Some("exception") => is_malformed = true,
            Some("completed") if is_malformed => is_malformed = false,
            _ => messages.push(message),
        }
    }
    Ok(messages)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{protocol::Incoming, stdin};

    fn lines(text: &str) -> Vec<Value> {
        let values = serde_json::Deserializer::from_str(text).into_iter();
        values.collect::<Result<_, _>>().expect("JSON")
    }

    /// Recording a case of the repository again does not change its replay; anonymized, it makes the same calls with the
    /// same result.
    #[test]
    fn recording_a_case_again_changes_nothing() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("test_data");
        let mut count = 0;
        for folder in replay::cases(&root).expect("cases") {
            let name = folder.display();
            let Case {
                requests,
                exchanges,
            } = Case::read(&folder).expect("a case");
            let requests: Vec<Request> = stdin::read_requests(requests.as_slice())
                .filter_map(|incoming| match incoming {
                    Incoming::Request(request) => Some(*request),
                    _ => None,
                })
                .collect();
            let played = replay::play(&folder).expect("it plays");
            if played.types.len() != requests.len() {
                // A line that is not a request would not have been recorded.
                continue;
            }
            let recorded = scrub(
                &requests,
                exchanges,
                lines(&played.messages),
                &Mask::default(),
            );
            let again = play(&recorded.requests, &recorded.exchanges).expect("it plays");
            let answer = pretty_lines(&recorded.messages).expect("JSON");
            assert_eq!(replay::compare(&answer, &again), [""; 0], "{name}");
            let (requests, exchanges) = anonymize(&recorded.requests, &recorded.exchanges);
            let anonymous = play(&requests, &exchanges).expect("it plays");
            assert!(
                same_shape(&again, &anonymous),
                "{name}\n{}\n{}\n{:?}",
                again.messages,
                anonymous.messages,
                anonymous.missing
            );
            count += 1;
        }
        assert!(count > 50, "{count} cases");
    }

    #[test]
    fn only_answers_to_requests_are_recorded() {
        let written = br#"{"type":"pong"}
{"type":"exception","args":{"exception":"x"}}
{"type":"completed"}
{"type":"result","results":[]}
{"type":"completed"}
"#;
        assert_eq!(
            answers(written).expect("JSON"),
            [
                json!({"type": "result", "results": []}),
                json!({"type": "completed"})
            ]
        );
    }
}
