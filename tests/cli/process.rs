//! Runs the executable with a sandbox and a temporary folder, and with a time limit.

use std::{
    ffi::OsStr,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use pingone_sandbox::{Sandbox, Seed};
use serde_json::{Value, json};

/// Far longer than anything here takes, so that only a hang reaches it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A sandbox and a temporary folder to run the executable in.
pub(crate) struct CommandLine {
    pub(crate) sandbox: Sandbox,
    folder: PathBuf,
}

/// The result of a run.
pub(crate) struct Output {
    /// The exit code; `None` if a signal killed it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The sandbox's client secret, which must never appear in output.
pub(crate) fn client_secret(sandbox: &Sandbox) -> String {
    let params = sandbox.params();
    params["credentials"]["password"]
        .as_str()
        .expect("the sandbox tells its secret")
        .to_owned()
}

impl CommandLine {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with a change to the sandbox's seed.
    pub(crate) fn with(change: impl FnOnce(&mut Seed)) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("pingone-cli-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder of our own");
        let mut seed = Seed::built_in();
        change(&mut seed);
        let cli = Self {
            sandbox: Sandbox::start(seed).expect("a sandbox"),
            folder,
        };
        cli.params(&json!({}));
        cli
    }

    /// Writes the instance's parameters: the sandbox's, extended or overridden by `others`.
    pub(crate) fn params(&self, others: &Value) {
        let mut params = self.sandbox.params();
        for (name, value) in others.as_object().expect("an object") {
            params[name] = value.clone();
        }
        fs::write(self.path("params.json"), params.to_string()).expect("a file of our own");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The files in the folder, hidden ones too, except the parameters.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).expect("our folder");
        let names = entries.map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        });
        let mut names: Vec<String> = names.filter(|name| name != "params.json").collect();
        names.sort();
        names
    }

    /// The concatenated files of a recording.
    pub(crate) fn recording(&self, name: &str) -> String {
        let folder = self.path(name);
        ["request.json", "exchanges.json", "answer.snap"]
            .map(|file| {
                fs::read_to_string(folder.join(file))
                    .unwrap_or_else(|error| panic!("{file} of {name}: {error}"))
            })
            .concat()
    }

    /// Runs `pingone-xsoar run` with these parameters.
    pub(crate) fn run<I: AsRef<OsStr>>(&self, arguments: &[I]) -> Output {
        end(self.command(arguments), "")
    }

    /// The same, not started yet.
    pub(crate) fn command<I: AsRef<OsStr>>(&self, arguments: &[I]) -> Command {
        let mut command = program();
        command
            .arg("run")
            .arg("--params")
            .arg(self.path("params.json"))
            .args(arguments)
            .current_dir(&self.folder);
        command
    }

    /// Replays a recording.
    pub(crate) fn replay(&self, name: &str) -> Output {
        let mut command = program();
        command.arg("replay").arg(self.path(name));
        end(command, "")
    }

    /// A request as XSOAR's server sends it.
    pub(crate) fn request(&self, command: &str, args: &Value) -> String {
        json!({
            "command": command,
            "params": self.sandbox.params(),
            "args": args,
            "context": {"IntegrationBrand": "PingOne", "Incidents": ["incident canary"]},
            "script": "script canary",
            "integration": true,
            "native": false,
        })
        .to_string()
    }

    /// The calls that the sandbox received: method, last segment of the path, and status.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = self.sandbox.calls().into_iter();
        calls
            .map(|call| {
                let path = call.path.split('?').next().unwrap_or_default();
                let last = path.rsplit('/').next().unwrap_or_default();
                format!("{} {last} {}", call.method, call.status)
            })
            .collect()
    }
}

impl Drop for CommandLine {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// The executable, without the environment of the test process.
pub(crate) fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pingone-xsoar"));
    command.env_clear();
    command
}

/// Runs a command with `input` on stdin and waits for it to exit.
pub(crate) fn end(command: Command, input: &str) -> Output {
    let mut running = Running::start(command);
    running.write(input);
    running.close();
    running.end()
}

/// A running process. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    stdout: mpsc::Receiver<String>,
    stderr: mpsc::Receiver<String>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdout = pieces(child.stdout.take().expect("stdout is piped"));
        let stderr = pieces(child.stderr.take().expect("stderr is piped"));
        Self {
            child,
            stdout,
            stderr,
        }
    }

    /// Writes to its stdin. If it exited without reading, the test will see that in its output.
    pub(crate) fn write(&mut self, text: &str) {
        if let Some(stdin) = &mut self.child.stdin {
            drop(stdin.write_all(text.as_bytes()));
            drop(stdin.flush());
        }
    }

    /// Closes its stdin.
    pub(crate) fn close(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Reads stdout up to and including `text`.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        let mut read = String::new();
        while !read.contains(text) {
            let piece = self.stdout.recv_timeout(TIMEOUT);
            read.push_str(
                &piece.unwrap_or_else(|error| panic!("{text:?} did not come ({error}): {read}")),
            );
        }
        read
    }

    /// Sends it a signal, such as INT.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "the process is gone already");
    }

    /// Waits for it to exit.
    pub(crate) fn end(&mut self) -> Output {
        // Both close when the process exits.
        let stdout = rest(&self.stdout);
        let stderr = rest(&self.stderr);
        let code = self.child.wait().expect("it ended").code();
        Output {
            code,
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The output of a pipe, as it arrives.
fn pieces(mut pipe: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = pipe.by_ref().read(&mut buffer) {
            let piece = String::from_utf8_lossy(&buffer[..count]).into_owned();
            if sender.send(piece).is_err() {
                break;
            }
        }
    });
    receiver
}

fn rest(pieces: &mpsc::Receiver<String>) -> String {
    let deadline = Instant::now() + TIMEOUT;
    let mut text = String::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match pieces.recv_timeout(left) {
            Ok(piece) => text.push_str(&piece),
            Err(mpsc::RecvTimeoutError::Disconnected) => return text,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("it did not exit: {text}"),
        }
    }
}

/// Waits until a condition holds.
pub(crate) fn wait_until(what: &str, mut is_true: impl FnMut() -> bool) {
    let deadline = Instant::now() + TIMEOUT;
    while !is_true() {
        assert!(Instant::now() < deadline, "timed out waiting for {what}");
        // The sandbox has no way to notify us.
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a path exists, even as a broken symlink.
pub(crate) fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
