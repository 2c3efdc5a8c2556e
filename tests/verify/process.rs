//! The self-test as a process: confirmed, refused, interrupted, met by errors. Each test checks the sandbox afterwards:
//! nothing of the self-test may be left, and nothing else may have changed.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use pingone_sandbox::{Fault, Sandbox, Seed};
use pingone_xsoar::verify::{probes::PROBES, steps};
use serde_json::Value;

/// Every process here finishes sooner; a slower one is killed.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);

/// A sandbox, a file with its parameters, and its initial content.
struct TestRun {
    sandbox: Sandbox,
    folder: PathBuf,
    before: Vec<String>,
}

impl TestRun {
    fn new(name: &str) -> Self {
        Self::with(name, |params, _| params)
    }

    fn with(name: &str, change: impl FnOnce(Value, &Sandbox) -> Value) -> Self {
        let sandbox = Sandbox::start(Seed::built_in()).expect("a sandbox");
        let folder = std::env::temp_dir().join(format!("verify-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let params = change(sandbox.params(), &sandbox);
        std::fs::write(folder.join("params.json"), params.to_string()).expect("a file");
        let before = content(&sandbox);
        Self {
            sandbox,
            folder,
            before,
        }
    }

    /// Starts the self-test against this sandbox.
    fn start(&self, arguments: &[&str]) -> Running {
        let child = Command::new(env!("CARGO_BIN_EXE_pingone-xsoar"))
            .arg("verify")
            .arg("--params")
            .arg(self.folder.join("params.json"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the executable starts");
        Running(child)
    }

    /// Waits until the sandbox has seen a call.
    fn wait_for(&self, method: &str, path_end: &str) {
        let began = Instant::now();
        loop {
            let seen = self.sandbox.calls().iter().any(|call| {
                let path = call.path.split('?').next().unwrap_or_default();
                call.method == method && path.ends_with(path_end)
            });
            if seen {
                return;
            }
            assert!(
                began.elapsed() < TEST_TIMEOUT,
                "the call {method} …{path_end} never came"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Fails if the self-test left anything behind or changed anything else.
    fn assert_unchanged(&self) {
        assert_eq!(content(&self.sandbox), self.before);
    }
}

impl Drop for TestRun {
    fn drop(&mut self) {
        // An error here must not hide the test's own failure.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// Everything about users and groups that a command could change.
fn content(sandbox: &Sandbox) -> Vec<String> {
    let state = sandbox.state();
    let list = |collection: &str| state[collection].as_array().cloned().expect("a list");
    let users = list("users").into_iter().map(|user| {
        // Leaves out the remaining time of a lockout, which changes by itself.
        format!(
            "{} {} {} {}",
            user["username"], user["updatedAt"], user["enabled"], user["sandbox"]
        )
    });
    let groups = list("groups").into_iter();
    users.chain(groups.map(|group| group.to_string())).collect()
}

/// A process that is killed if its test ends first.
struct Running(Child);

impl Running {
    fn answer(mut self, text: &str) -> Output {
        let mut stdin = self.0.stdin.take().expect("a pipe");
        stdin.write_all(text.as_bytes()).expect("a reader");
        drop(stdin);
        self.end()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.0.id().to_string())
            .status()
            .expect("kill is there");
        assert!(sent.success(), "the process had ended before {name}");
    }

    fn end(mut self) -> Output {
        let began = Instant::now();
        while self.0.try_wait().expect("a child").is_none() {
            assert!(began.elapsed() < TEST_TIMEOUT, "the process does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let mut output = Output {
            status: self.0.wait().expect("a child"),
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        let (stdout, stderr) = (self.0.stdout.take(), self.0.stderr.take());
        std::io::copy(&mut stdout.expect("a pipe"), &mut output.stdout).expect("text");
        std::io::copy(&mut stderr.expect("a pipe"), &mut output.stderr).expect("text");
        output
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has usually exited already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn report(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn terminal(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn has_line(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "{line}\n{text}");
}

#[test]
fn nothing_is_sent_without_confirmation() {
    let run = TestRun::new("refused");
    for answer in ["no\n", "", "y\n", "yes please\n"] {
        let output = run.start(&[]).answer(answer);
        assert_eq!(output.status.code(), Some(1), "{answer:?}");
        assert_eq!(report(&output), "", "{answer:?}");
        let text = terminal(&output);
        let environment = "b4f5e266-a946-4f77-9cc5-5dc91b046431";
        assert!(
            text.contains(environment) && text.contains("nothing was done"),
            "{text}"
        );
    }
    assert_eq!(run.sandbox.calls(), []);
}

#[test]
fn control_characters_from_pingone_do_not_reach_the_terminal() {
    let run = TestRun::new("hostile");
    let said =
        serde_json::json!({"code": "X\u{9b}2J", "message": "\u{1b}]0;owned\u{7}\r\u{202e}txt"});
    let fault = Fault::on("GET", "*").times(0).status(400);
    run.sandbox.fault(fault.body(&said.to_string()));
    let output = run.start(&["--yes"]).end();
    assert_eq!(output.status.code(), Some(1));
    let shown = "X\\u{9b}2J: \\u{1b}]0;owned\\u{7}\\u{d}\\u{202e}txt";
    assert!(terminal(&output).contains(shown), "{}", terminal(&output));
    for text in [terminal(&output), report(&output)] {
        let is_obeyed = |one: char| (one.is_control() && one != '\n') || one == '\u{202e}';
        assert!(!text.contains(is_obeyed), "{text:?}");
    }
}

#[test]
fn the_report_lists_every_command_and_every_question() {
    let run = TestRun::new("confirmed");
    let output = run.start(&[]).answer("yes\n");
    let text = report(&output);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{text}\n{}",
        terminal(&output)
    );
    for (command, what) in steps::all() {
        has_line(&text, &format!("| {command} | {what} | ok |"));
    }
    for (name, question) in PROBES {
        let row = format!("| {name} | {question} |");
        assert!(text.contains(&row), "{row}\n{text}");
    }
    has_line(
        &text,
        &format!(
            "- Commands: {0} of {0} passed, 0 failed, 0 skipped",
            steps::all().len()
        ),
    );
    run.assert_unchanged();
}

#[test]
fn parameters_can_come_from_environment_variables() {
    let run = TestRun::new("variables");
    let params = run.sandbox.params();
    let text = |pointer: &str| {
        params
            .pointer(pointer)
            .and_then(Value::as_str)
            .expect("text")
    };
    let output = Command::new(env!("CARGO_BIN_EXE_pingone-xsoar"))
        .args(["verify", "--yes"])
        .env("PINGONE_ENVIRONMENT_ID", text("/environment_id"))
        .env("PINGONE_CLIENT_ID", text("/credentials/identifier"))
        .env("PINGONE_CLIENT_SECRET", text("/credentials/password"))
        .env("PINGONE_API_URL", run.sandbox.url())
        .env("PINGONE_AUTH_URL", run.sandbox.url())
        .output()
        .expect("the executable runs");
    assert_eq!(output.status.code(), Some(0), "{}", terminal(&output));
    run.assert_unchanged();
}

#[test]
fn the_built_in_sandbox_needs_neither_parameters_nor_confirmation() {
    let output = Command::new(env!("CARGO_BIN_EXE_pingone-xsoar"))
        .args(["verify", "--sandbox"])
        .stdin(Stdio::null())
        .output()
        .expect("the executable runs");
    assert_eq!(output.status.code(), Some(0), "{}", terminal(&output));
}

#[test]
fn the_report_contains_no_secrets_and_no_data() {
    let run = TestRun::with("discreet", |mut params, _| {
        params["max_retries"] = 0.into();
        params
    });
    // Messages from PingOne or a gateway appear only on the terminal.
    run.sandbox.fault(Fault::on("PUT", "*/password").status(400).body(
        r#"{"id": "0f3c2b1a-0000-4000-8000-000000000001", "code": "INVALID_DATA", "message": "jane.doe@example.com said sandbox-secret-of-the-worker",
            "details": [{"code": "INVALID_VALUE", "target": "jane.doe", "message": "jane.doe"}]}"#,
    ));
    run.sandbox.fault(
        Fault::on("PUT", "*/enabled")
            .status(502)
            .times(0)
            .body("gateway of jane.doe"),
    );
    let output = run.start(&["--yes"]).end();
    let text = report(&output);
    assert!(
        text.contains("**failed**: the command failed: 400 INVALID_DATA, INVALID_VALUE"),
        "{text}"
    );
    assert!(
        terminal(&output).contains("jane.doe"),
        "{}",
        terminal(&output)
    );
    for secret in [&text, &terminal(&output)] {
        assert!(!secret.contains("sandbox-secret"), "{secret}");
        assert!(!secret.contains("sandbox."), "{secret}");
    }
    assert!(!text.contains("jane"), "{text}");
    assert!(
        !text.contains("127.0.0.1") && !text.contains("pingone-xsoar-verify"),
        "{text}"
    );
    let state = run.sandbox.state();
    for user in state["users"].as_array().expect("a list") {
        let name = user["username"].as_str().expect("text");
        assert!(!text.contains(name), "{name}\n{text}");
    }
    // No ids: nothing that looks like the start of a UUID.
    let looks_like_an_id =
        |word: &str| word.len() >= 8 && word.chars().all(|character| character.is_ascii_hexdigit());
    let mut words = text.split(|character: char| !character.is_ascii_alphanumeric());
    assert_eq!(words.find(|word| looks_like_an_id(word)), None, "{text}");
}

#[test]
fn a_failing_step_does_not_stop_the_others() {
    let run = TestRun::new("failing");
    run.sandbox
        .fault(Fault::on("PUT", "*/enabled").status(403).times(0));
    let output = run.start(&["--yes"]).end();
    let text = report(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    // Containment disables the user too. Without it there is nothing to restore.
    for command in [
        "pingone-deactivate-user",
        "pingone-activate-user",
        "pingone-contain-user",
    ] {
        let row = format!("| {command} |");
        let row = text.lines().find(|line| line.starts_with(&row));
        assert!(
            row.is_some_and(|row| row.contains("**failed**: the command failed: 403 ACCESS_FAILED")),
            "{text}"
        );
    }
    let failed = format!(
        "- Commands: {} of {} passed, 3 failed, 1 skipped",
        steps::all().len() - 4,
        steps::all().len()
    );
    has_line(&text, &failed);
    assert!(
        terminal(&output).contains("The worker application needs the role Identity Data Admin"),
        "{}",
        terminal(&output)
    );
    run.assert_unchanged();
}

#[test]
fn a_read_only_worker_creates_nothing() {
    let run = TestRun::with("reader", |_, sandbox| sandbox.params_for(2));
    let output = run.start(&["--yes"]).end();
    let text = report(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    has_line(
        &text,
        "- Temporary users, groups and applications: 0 created and deleted",
    );
    assert!(
        text.contains("| pingone-create-user | the user exists, with the right name and population | **failed**: the command failed: 403 ACCESS_FAILED, INSUFFICIENT_PERMISSIONS |"),
        "{text}"
    );
    assert!(
        text.contains("skipped: the temporary user could not be created"),
        "{text}"
    );
    run.assert_unchanged();
}

#[test]
fn without_a_connection_the_other_commands_are_skipped() {
    let run = TestRun::with("stranger", |mut params, _| {
        params["credentials"]["password"] = "another-secret".into();
        params
    });
    let output = run.start(&["--yes"]).end();
    let text = report(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let row = "| test-module | the worker application can read users | **failed**: the command failed: 401 invalid_client |";
    has_line(&text, row);
    assert!(
        text.contains(&format!("1 failed, {} skipped", steps::all().len() - 1)),
        "{text}"
    );
    let calls = run.sandbox.calls();
    assert!(
        calls.iter().all(|call| call.path.ends_with("/as/token")),
        "{calls:?}"
    );
    assert!(!text.contains("another-secret") && !terminal(&output).contains("another-secret"));
}

#[test]
fn a_creation_without_an_answer_is_cleaned_up() {
    let run = TestRun::new("lost");
    for _ in 0..2 {
        // The command's creation, and that of the probes' user.
        run.sandbox
            .fault(Fault::on("POST", "*/users").applied().reset());
    }
    let output = run.start(&["--yes"]).end();
    assert!(!report(&output).is_empty(), "{}", terminal(&output));
    run.assert_unchanged();
}

#[test]
fn what_cannot_be_deleted_is_reported() {
    let run = TestRun::new("undeletable");
    // This includes the deletion by pingone-delete-user.
    run.sandbox
        .fault(Fault::on("DELETE", "*/users/*").status(403).times(0));
    let output = run.start(&["--yes"]).end();
    let text = report(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains(
            "may still exist**; delete everything whose name starts with `pingone-xsoar-verify-"
        ),
        "{text}"
    );
    assert!(
        terminal(&output).contains("NOT EVERYTHING WAS DELETED"),
        "{}",
        terminal(&output)
    );
}

/// Interrupts during a delayed call. The report must say so, and nothing may be left behind.
fn interrupted_at(name: &str, signal: &str, method: &str, path_end: &str, delay: Duration) {
    let run = TestRun::new(name);
    let path = format!("*{path_end}");
    run.sandbox
        .fault(Fault::on(method, &path).applied().delay(delay));
    let running = run.start(&["--yes"]);
    run.wait_for(method, path_end);
    running.signal(signal);
    let output = running.end();
    let text = report(&output);
    assert_eq!(output.status.code(), Some(1), "{name}: {text}");
    has_line(&text, "- The self-test was interrupted.");
    assert!(
        terminal(&output).contains("Interrupted. Deleting the temporary users"),
        "{name}: {}",
        terminal(&output)
    );
    run.assert_unchanged();
}

const SHORT: Duration = Duration::from_millis(300);

#[test]
fn interrupted_during_the_creation_of_a_user() {
    interrupted_at("create", "INT", "POST", "/users", SHORT);
}

#[test]
fn interrupted_during_a_creation_that_hangs() {
    // The answer with the id never arrives, so the user is found by name.
    interrupted_at("hanging", "INT", "POST", "/users", TEST_TIMEOUT);
}

#[test]
fn interrupted_during_the_creation_of_a_group() {
    interrupted_at("group", "TERM", "POST", "/groups", SHORT);
}

#[test]
fn interrupted_during_a_probe() {
    interrupted_at("probe", "HUP", "GET", "/activities", SHORT);
}

#[test]
fn interrupted_while_waiting_for_the_audit_trail() {
    let run = TestRun::new("waiting");
    let nothing = r#"{"_embedded": {"activities": []}}"#;
    // Another probe makes two more searches.
    run.sandbox
        .fault(Fault::on("GET", "*/activities").times(0).body(nothing));
    let running = run.start(&["--yes"]);
    let began = Instant::now();
    let searches = || {
        let calls = run.sandbox.calls();
        let searches = calls
            .iter()
            .filter(|call| call.path.contains("resources.id"));
        searches.count()
    };
    while searches() == 0 {
        assert!(began.elapsed() < TEST_TIMEOUT, "the search never came");
        std::thread::sleep(Duration::from_millis(2));
    }
    running.signal("INT");
    let output = running.end();
    has_line(&report(&output), "- The self-test was interrupted.");
    run.assert_unchanged();
}

#[test]
fn a_second_interruption_aborts_the_clean_up_and_says_so() {
    let run = TestRun::new("twice");
    run.sandbox
        .fault(Fault::on("PUT", "*/enabled").delay(SHORT));
    run.sandbox
        .fault(Fault::on("DELETE", "*/users/*").delay(TEST_TIMEOUT));
    let running = run.start(&["--yes"]);
    run.wait_for("PUT", "/enabled");
    running.signal("INT");
    let began = Instant::now();
    while !run
        .sandbox
        .calls()
        .iter()
        .any(|call| call.method == "DELETE")
    {
        assert!(began.elapsed() < TEST_TIMEOUT, "the deletion never came");
        std::thread::sleep(Duration::from_millis(2));
    }
    running.signal("INT");
    let output = running.end();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        report(&output).contains("may still exist**; delete everything whose name starts with"),
        "{}",
        report(&output)
    );
    assert!(
        terminal(&output).contains("NOT EVERYTHING WAS DELETED"),
        "{}",
        terminal(&output)
    );
}

#[test]
fn an_instance_with_protection_is_not_tested() {
    for (name, value) in [
        ("read_only", Value::from(true)),
        ("protected_users", Value::from("emma.sharp")),
        ("protected_groups", Value::from("Sales")),
    ] {
        let run = TestRun::with(name, |mut params, _| {
            params[name] = value;
            params
        });
        let output = run.start(&["--yes"]).end();
        assert_ne!(output.status.code(), Some(0), "{name}");
        assert_eq!(report(&output), "", "{name}");
        let text = terminal(&output);
        assert!(
            text.contains("which this instance restricts")
                && text.contains("Use parameters without these"),
            "{text}"
        );
        assert_eq!(run.sandbox.calls(), [], "{name}");
    }
}

#[test]
fn objects_of_others_are_left_alone_even_if_pingone_claims_they_were_created() {
    let run = TestRun::new("another");
    let state = run.sandbox.state();
    for (path, collection) in [("*/users", "users"), ("*/groups", "groups")] {
        let another = state[collection][0].to_string();
        let lie = Fault::on("POST", path).times(0).body(&another);
        run.sandbox.fault(lie);
    }
    let output = run.start(&["--yes", "--wait", "0"]).end();
    assert_eq!(output.status.code(), Some(1));
    run.assert_unchanged();
    let text = report(&output);
    assert!(text.contains("so it is left alone"), "{text}");
}

#[test]
fn a_creation_with_an_invalid_id_is_found_by_name() {
    let run = TestRun::new("no-id");
    let lie = Fault::on("POST", "*/users")
        .times(0)
        .body(r#"{"id": ".."}"#);
    run.sandbox.fault(lie);
    let output = run.start(&["--yes", "--wait", "0"]).end();
    run.assert_unchanged();
    let text = report(&output);
    assert!(
        text.contains("the temporary user could not be created"),
        "{text}"
    );
}
