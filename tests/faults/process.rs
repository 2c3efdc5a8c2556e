//! The executable as a process of its own, with an environment of its own.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

/// What a process gave.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// `Type` and text of the only entry.
    pub(crate) fn result(&self) -> (u64, String) {
        let entries: Vec<Value> = self
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).expect("every line is one JSON message"))
            .filter(|message: &Value| message["type"] == "result")
            .flat_map(|message| message["results"].as_array().cloned().unwrap_or_default())
            .collect();
        let [entry] = entries.as_slice() else {
            panic!("not exactly one entry: {self:?}")
        };
        let text = entry.get("HumanReadable").or(entry.get("Contents"));
        (
            entry["Type"].as_u64().unwrap_or_default(),
            text.and_then(Value::as_str).unwrap_or_default().to_owned(),
        )
    }

    pub(crate) fn error(&self) -> String {
        match self.result() {
            (4, text) => text,
            other => panic!("not an error entry: {other:?}"),
        }
    }

    pub(crate) fn note(&self) -> String {
        match self.result() {
            (1, text) => text,
            other => panic!("not a note: {other:?}"),
        }
    }
}

/// Far longer than any process here takes, even on a busy machine: it only ends one that hangs.
const TEST_TIMEOUT: Duration = Duration::from_mins(10);

/// Runs the executable in the one-way mode with this input and nothing but these variables.
pub(crate) fn run(variables: &[(&str, &str)], input: &[u8]) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pingone-xsoar"))
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the executable starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // A process that ends early closes its stdin; what it says then is the test's matter.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let id = child.id();
    let (sender, ended) = mpsc::channel();
    let waiter = thread::spawn(move || drop(sender.send(child.wait_with_output())));
    let output = ended.recv_timeout(TEST_TIMEOUT).unwrap_or_else(|_| {
        // Only this one, by its id.
        drop(Command::new("kill").arg(id.to_string()).status());
        panic!("the process has not ended in time")
    });
    drop((writer.join(), waiter.join()));
    let output = output.expect("its output");
    Ended {
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
