//! Ctrl-C stops at once, says what was changed, and leaves no partial recording.

use std::{fs, time::Duration};

use pingone_sandbox::Fault;
use serde_json::{Value, json};

use crate::process::{CommandLine, Running, program, wait_until};

const LONG: Duration = Duration::from_mins(1);
const EMMA: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";

fn is_disabled(cli: &CommandLine, username: &str) -> bool {
    cli.sandbox
        .user(username)
        .is_some_and(|user| user["enabled"] == false)
}

#[test]
fn an_unanswered_change_is_reported_as_possibly_made() {
    let cli = CommandLine::new();
    cli.sandbox
        .fault(Fault::on("PUT", "*/enabled").applied().delay(LONG));
    let mut running = Running::start(cli.command(&[
        "--record",
        "recording",
        "!pingone-unlock-user emma.sharp",
        "!pingone-deactivate-user emma.sharp",
        "!pingone-deactivate-user richard.smith",
    ]));
    wait_until("the change", || is_disabled(&cli, "emma.sharp"));
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(130));
    assert_eq!(
        ended.stderr,
        format!(
            "pingone-xsoar: interrupted while pingone-deactivate-user was running\n  \
             PUT /v1/environments/b4f5e266-a946-4f77-9cc5-5dc91b046431/users/{EMMA}/enabled was sent but not answered \
             yet: PingOne may still do it\n  check PingOne before you run the command again\n  \
             1 command was not started\npingone-xsoar: nothing was recorded\n"
        )
    );
    assert_eq!(
        ended.stdout,
        "[1/3] !pingone-unlock-user\nemma.sharp unlocked\n\n[2/3] !pingone-deactivate-user\n",
        "earlier results are shown"
    );
    assert_eq!(cli.files(), [""; 0], "no partial recording");
    assert!(!is_disabled(&cli, "richard.smith"));
}

#[test]
fn a_lookup_is_reported_as_changing_nothing() {
    let cli = CommandLine::new();
    cli.sandbox.fault(Fault::on("GET", "*/users").delay(LONG));
    let mut running =
        Running::start(cli.command(&["--yes", "!pingone-delete-user username=emma.sharp"]));
    wait_until("the token request", || !cli.calls().is_empty());
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.code, Some(130));
    assert_eq!(
        ended.stderr,
        "pingone-xsoar: interrupted while pingone-delete-user was running\n  \
         no change was sent to PingOne\n"
    );
}

#[test]
fn recording_the_one_way_mode_ends_the_same_way() {
    let cli = CommandLine::new();
    cli.sandbox
        .fault(Fault::on("PUT", "*/enabled").applied().delay(LONG));
    let mut command = program();
    command.arg("--record").arg(cli.path("recording"));
    let mut running = Running::start(command);
    running.write(&format!(
        "{}\n",
        cli.request(
            "pingone-deactivate-user",
            &json!({"username": "emma.sharp"})
        )
    ));
    wait_until("the change", || is_disabled(&cli, "emma.sharp"));
    running.signal("INT");
    let ended = running.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""));
    assert!(
        ended
            .stderr
            .contains("interrupted while pingone-deactivate-user was running\n  PUT /v1/"),
        "{}",
        ended.stderr
    );
    assert_eq!(cli.files(), [""; 0]);
}

#[test]
fn between_requests_no_command_is_running() {
    let cli = CommandLine::new();
    let mut command = program();
    command.arg("--record").arg(cli.path("recording"));
    let mut running = Running::start(command);
    running.write(&format!(
        "{}\n",
        cli.request("pingone-get-user", &json!({"username": "emma.sharp"}))
    ));
    running.wait_for("completed");
    running.signal("INT");
    let ended = running.end();
    assert_eq!(
        ended.stderr,
        "pingone-xsoar: interrupted; no command was running\npingone-xsoar: nothing was recorded\n"
    );
    assert_eq!(cli.files(), [""; 0]);
}

/// Users of the built-in company that are changed concurrently.
const RICHARD: &str = "9bc53389-f806-47b6-9480-ab1e3c6269b5";
const NORA: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4003";

#[test]
fn concurrent_changes_are_each_reported_with_their_own_result() {
    let cli = CommandLine::new();
    let put = |id: &str| Fault::on("PUT", &format!("*/users/{id}/enabled"));
    // Emma's change starts first and succeeds, Richard's is never answered, Nora's starts last and is refused before
    // Emma's ends.
    cli.sandbox
        .fault(put(EMMA).delay(Duration::from_millis(1500)));
    cli.sandbox.fault(put(RICHARD).applied().delay(LONG));
    cli.sandbox
        .fault(put(NORA).status(403).delay(Duration::from_millis(200)));
    for (id, wait) in [(RICHARD, 300), (NORA, 600)] {
        let wait = Duration::from_millis(wait);
        cli.sandbox
            .fault(Fault::on("GET", &format!("*/users/{id}")).delay(wait));
    }
    let line =
        format!("!pingone-contain-user userId={EMMA},{RICHARD},{NORA} steps=disable,endSessions");
    let mut command = cli.command(&["--yes", &line]);
    command.env("XDG_STATE_HOME", cli.path("state"));
    let mut running = Running::start(command);
    // The next step of these two shows that the answer to the first was read.
    let has_gone_on = |id: &str| {
        let sessions = format!("/users/{id}/sessions");
        let calls = cli.sandbox.calls();
        calls.iter().any(|call| call.path.ends_with(&sessions))
    };
    wait_until("the answers", || {
        has_gone_on(EMMA) && has_gone_on(NORA) && is_disabled(&cli, "richard.smith")
    });
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(130));
    for (id, told) in [
        (EMMA, "succeeded (status 200)"),
        (
            RICHARD,
            "was sent but not answered yet: PingOne may still do it",
        ),
        (NORA, "was refused with status 403: not done"),
    ] {
        let line = format!("/users/{id}/enabled {told}\n");
        assert!(ended.stderr.contains(&line), "{id}: {}", ended.stderr);
    }
    let (_, path) = ended.stderr.split_once("record=@").expect("a saved record");
    let path = path.lines().next().expect("its path");
    let saved: Value = serde_json::from_slice(&fs::read(path).expect("the record")).expect("JSON");
    let records = saved.as_array().expect("a list");
    let users: Vec<&Value> = records.iter().map(|record| &record["ID"]).collect();
    assert_eq!(
        users,
        [RICHARD, EMMA],
        "in order of id; the third was not changed"
    );
    assert_eq!(records[0]["Record"]["UnconfirmedSteps"], json!(["disable"]));
    assert_eq!(records[1]["Record"]["Disabled"], true);
    assert!(records[1]["Record"].get("UnconfirmedSteps").is_none());
}
