//! The executable as a process: a request in, its answer out, and what Linux says of it in /proc. The
//! benchmarks and `tests/soak.rs` share it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

/// A running executable, without the environment of whoever started it. It ends when its input does.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    line: String,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(executable: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(executable)
            .env_clear()
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", executable.display()));
        let input = child.stdin.take().expect("stdin is piped");
        let output = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Self {
            child,
            input,
            output,
            line: String::new(),
        }
    }

    /// Sends one request line and waits until it is completed. The answer's line is what is given back.
    pub(crate) fn ask(&mut self, request: &[u8]) -> &str {
        self.input.write_all(request).expect("the process reads");
        self.line.clear();
        let answer = self.output.read_line(&mut self.line).expect("an answer");
        let end = self.output.read_line(&mut self.line).expect("its end");
        assert_eq!(
            &self.line[answer..],
            "{\"type\":\"completed\"}\n",
            "after {answer} and {end} bytes of {}",
            &self.line[..answer]
        );
        &self.line[..answer]
    }

    /// The same, for a request that has to succeed.
    pub(crate) fn ask_well(&mut self, request: &[u8]) {
        let answer = self.ask(request);
        assert!(
            answer.starts_with("{\"type\":\"result\",\"results\":[{\"Type\":1,"),
            "the command failed: {answer}"
        );
    }

    /// The memory that it holds now, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        self.status("VmRSS")
    }

    /// The most memory that it held so far, in KiB. Unlike `getrusage` this begins with the executable itself:
    /// what the starting process held before does not count.
    pub(crate) fn peak(&self) -> u64 {
        self.status("VmHWM")
    }

    fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .expect("the process is still there");
        status
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .and_then(|rest| rest.trim().strip_suffix(" kB")?.parse().ok())
            .unwrap_or_else(|| panic!("/proc tells no {name}"))
    }

    /// The processor time of its threads so far.
    pub(crate) fn processor_time(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.child.id()))
            .expect("the process is still there");
        let nanoseconds = threads.map(|thread| {
            let path = thread.expect("a thread").path().join("schedstat");
            // A thread may have ended since the folder was read.
            let text = fs::read_to_string(path).unwrap_or_default();
            let first = text.split_whitespace().next();
            first.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0)
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// Closes its input and waits for its end.
    pub(crate) fn end(self) -> ExitStatus {
        let Self {
            mut child, input, ..
        } = self;
        drop(input);
        child.wait().expect("its exit code")
    }
}

/// The request of a recorded case as one line, sent to the server at `url`, in a process that serves more.
pub(crate) fn request(case: &Path, url: &str) -> Value {
    let path = case.join("request.json");
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut request: Value = serde_json::from_str(&text).expect("a recorded request");
    request["native"] = json!(false);
    request["params"]["api_url"] = json!(url);
    request["params"]["auth_url"] = json!(url);
    request
}

/// A request as the server sends it.
pub(crate) fn line(request: &Value) -> Vec<u8> {
    let mut line = request.to_string().into_bytes();
    line.push(b'\n');
    line
}
