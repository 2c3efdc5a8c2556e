//! The built executable as a process: lines in, lines out, and an end within bounded time. What the lines
//! mean is the business of the tests.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStderr, ChildStdin, Command, Output, Stdio},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread,
    time::Duration,
};

use serde_json::Value;

/// Far more than any answer takes, so that only a hang gets here.
const PATIENCE: Duration = Duration::from_secs(30);

/// The executable, without the environment of whoever runs the tests: no proxy, no certificate file.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pingone-xsoar"));
    command
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs the executable without any input, for the command line for people.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the executable runs")
}

/// A running executable. It is ended, if it has not ended by then, when this value is dropped.
pub(crate) struct Program {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Lines of stdout with their newline; disconnected at its end.
    lines: Receiver<Vec<u8>>,
    /// Stderr as long as nobody reads it.
    unread_log: Option<ChildStderr>,
    /// All that was read of stderr, once it has ended.
    log: Receiver<String>,
    log_sender: Sender<String>,
}

/// How the executable ended.
pub(crate) struct Ended {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// The messages that had not been read before.
    pub(crate) messages: Vec<Value>,
    /// What it wrote to stderr.
    pub(crate) log: String,
}

impl Program {
    /// Starts it.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut program = Self::start_unlogged(arguments);
        program.log();
        program
    }

    /// Starts it, with nobody to read its log before [`Program::log`]: a long one will keep it waiting.
    pub(crate) fn start_unlogged(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().expect("the executable starts");
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let (line_sender, lines) = mpsc::channel();
        thread::spawn(move || {
            loop {
                let mut line = Vec::new();
                let read = stdout
                    .read_until(b'\n', &mut line)
                    .expect("stdout can be read");
                if read == 0 || line_sender.send(line).is_err() {
                    break;
                }
            }
        });
        let unread_log = child.stderr.take();
        let (log_sender, log) = mpsc::channel();
        Self {
            child,
            stdin,
            lines,
            unread_log,
            log,
            log_sender,
        }
    }

    /// Reads the log from now on, so that it keeps nobody waiting.
    pub(crate) fn log(&mut self) {
        let mut stderr = self.unread_log.take().expect("nobody reads the log yet");
        let sender = self.log_sender.clone();
        thread::spawn(move || {
            let mut text = Vec::new();
            stderr.read_to_end(&mut text).expect("stderr can be read");
            // The test may be over.
            let _ = sender.send(String::from_utf8_lossy(&text).into_owned());
        });
    }

    /// The next bytes of the log that nobody reads yet.
    pub(crate) fn read_log(&mut self, length: usize) -> String {
        let mut stderr = self.unread_log.take().expect("nobody reads the log yet");
        let (sender, text) = mpsc::channel();
        thread::spawn(move || {
            let mut text = vec![0; length];
            stderr.read_exact(&mut text).expect("a longer log");
            // The test may be over.
            let _ = sender.send((stderr, text));
        });
        let (stderr, text) = text.recv_timeout(PATIENCE).expect("a longer log");
        self.unread_log = Some(stderr);
        String::from_utf8_lossy(&text).into_owned()
    }

    /// Starts it, gives it all of `input` and waits for its end.
    pub(crate) fn answer(arguments: &[&str], input: &str) -> Ended {
        let mut program = Self::start(arguments);
        program.write(input.as_bytes());
        program.close();
        program.end()
    }

    /// Writes bytes as they are.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("stdin is still open");
        stdin.write_all(bytes).expect("the executable reads");
        stdin.flush().expect("the executable reads");
    }

    /// Writes one line.
    pub(crate) fn send(&mut self, line: &str) {
        self.write(format!("{line}\n").as_bytes());
    }

    /// Closes stdin.
    pub(crate) fn close(&mut self) {
        self.stdin = None;
    }

    /// The next message. The test fails if none comes.
    pub(crate) fn next(&mut self) -> Value {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => message(&line),
            Err(RecvTimeoutError::Timeout) => panic!("no line on stdout within {PATIENCE:?}"),
            Err(RecvTimeoutError::Disconnected) => panic!(
                "stdout ended instead of a line; stderr: {}",
                self.log.recv_timeout(PATIENCE).unwrap_or_default()
            ),
        }
    }

    /// Waits for the end. Stdin stays as it is: close it first, unless the executable has to end by itself.
    pub(crate) fn end(mut self) -> Ended {
        let mut messages = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => messages.push(message(&line)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("the executable did not end within {PATIENCE:?} after {messages:?}")
                }
            }
        }
        let log = self
            .log
            .recv_timeout(PATIENCE)
            .expect("stderr ends with the executable");
        // Both streams are closed, so it is ending.
        let status = self.child.wait().expect("its exit code");
        Ended {
            code: status.code(),
            messages,
            log,
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A line of stdout: one JSON object and a newline, nothing else.
fn message(line: &[u8]) -> Value {
    let shown = String::from_utf8_lossy(line);
    assert_eq!(
        line.last(),
        Some(&b'\n'),
        "a line without its newline: {shown}"
    );
    let message: Value = serde_json::from_slice(line)
        .unwrap_or_else(|error| panic!("a line that is not JSON ({error}): {shown}"));
    assert!(
        message.is_object(),
        "a line that is no JSON object: {shown}"
    );
    message
}

/// Starts the executable with nobody to read its stdout, and gives it `input`; stdin stays open. Gives the
/// exit code and stderr.
pub(crate) fn unread(input: &str) -> (Option<i32>, String) {
    let mut child = command(&[]).spawn().expect("the executable starts");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().expect("stdin is piped");
    stdin
        .write_all(input.as_bytes())
        .expect("the executable reads");
    let mut stderr = child.stderr.take().expect("stderr is piped");
    let (sender, log) = mpsc::channel();
    thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).expect("stderr is text");
        let _ = sender.send(text);
    });
    let Ok(log) = log.recv_timeout(PATIENCE) else {
        drop(child.kill());
        drop(child.wait());
        panic!("the executable did not end although nobody reads its answers");
    };
    (child.wait().expect("its exit code").code(), log)
}
