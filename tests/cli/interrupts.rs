//! Ctrl-C: the end at once, with the truth about what was done, and no half recording.

use std::time::Duration;

use pingone_sandbox::Fault;
use serde_json::json;

use crate::process::{CommandLine, Running, program, until};

const LONG: Duration = Duration::from_mins(1);
const EMMA: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";

fn is_disabled(cli: &CommandLine, username: &str) -> bool {
    cli.sandbox
        .user(username)
        .is_some_and(|user| user["enabled"] == false)
}

#[test]
fn a_change_that_is_not_answered_may_be_carried_out() {
    let cli = CommandLine::new();
    cli.sandbox
        .fault(Fault::on("PUT", "*/enabled").applied().delay(LONG));
    let mut running = Running::start(cli.starting(&[
        "--record",
        "recording",
        "!pingone-unlock-user emma.sharp",
        "!pingone-deactivate-user emma.sharp",
        "!pingone-deactivate-user richard.smith",
    ]));
    until("the change", || is_disabled(&cli, "emma.sharp"));
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(130));
    assert_eq!(
        ended.stderr,
        format!(
            "pingone-xsoar: interrupted while pingone-deactivate-user was under way\n  \
             PUT /v1/environments/b4f5e266-a946-4f77-9cc5-5dc91b046431/users/{EMMA}/enabled was sent and not answered \
             yet: PingOne may carry it out\n  look in PingOne before you run the command again\n  \
             1 command was not begun\npingone-xsoar: nothing was recorded\n"
        )
    );
    assert_eq!(
        ended.stdout,
        "[1/3] !pingone-unlock-user\nemma.sharp unlocked\n\n[2/3] !pingone-deactivate-user\n",
        "what was done before was shown"
    );
    assert_eq!(cli.files(), [""; 0], "no half recording");
    assert!(!is_disabled(&cli, "richard.smith"));
}

#[test]
fn a_look_up_changes_nothing() {
    let cli = CommandLine::new();
    cli.sandbox.fault(Fault::on("GET", "*/users").delay(LONG));
    let mut running = Running::start(cli.starting(&["!pingone-delete-user username=emma.sharp"]));
    until("the token request", || !cli.calls().is_empty());
    running.signal("TERM");
    let ended = running.end();
    assert_eq!(ended.code, Some(130));
    assert_eq!(
        ended.stderr,
        "pingone-xsoar: interrupted while pingone-delete-user was under way\n  \
         nothing was sent to PingOne that changes anything\n"
    );
}

#[test]
fn a_recording_of_the_one_way_mode_ends_the_same_way() {
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
    until("the change", || is_disabled(&cli, "emma.sharp"));
    running.signal("INT");
    let ended = running.end();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(130), ""));
    assert!(
        ended
            .stderr
            .contains("interrupted while pingone-deactivate-user was under way\n  PUT /v1/"),
        "{}",
        ended.stderr
    );
    assert_eq!(cli.files(), [""; 0]);
}

#[test]
fn between_requests_nothing_is_under_way() {
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
        "pingone-xsoar: interrupted; no command was under way\npingone-xsoar: nothing was recorded\n"
    );
    assert_eq!(cli.files(), [""; 0]);
}

/// The users of the built-in company whose changes are under way at the same time.
const RICHARD: &str = "9bc53389-f806-47b6-9480-ab1e3c6269b5";
const NORA: &str = "e3b2d7a0-5c41-4f86-9d17-0a8b6c5e4003";

#[test]
fn of_changes_under_way_at_once_each_is_told_its_own_end() {
    let cli = CommandLine::new();
    let put = |id: &str| Fault::on("PUT", &format!("*/users/{id}/enabled"));
    // Emma's change begins first and is carried out, Richard's is never answered, Nora's begins last and is refused
    // before Emma's ends.
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
    let mut running = Running::start(cli.starting(&[&format!(
        "!pingone-contain-user userId={EMMA},{RICHARD},{NORA} steps=disable,endSessions"
    )]));
    // The next step of the two shows that the answer to the first was read.
    let has_gone_on = |id: &str| {
        let sessions = format!("/users/{id}/sessions");
        let calls = cli.sandbox.calls();
        calls.iter().any(|call| call.path.ends_with(&sessions))
    };
    until("the answers", || {
        has_gone_on(EMMA) && has_gone_on(NORA) && is_disabled(&cli, "richard.smith")
    });
    running.signal("INT");
    let ended = running.end();
    assert_eq!(ended.code, Some(130));
    for (id, told) in [
        (EMMA, "was carried out (status 200)"),
        (
            RICHARD,
            "was sent and not answered yet: PingOne may carry it out",
        ),
        (NORA, "was refused with status 403: not carried out"),
    ] {
        let line = format!("/users/{id}/enabled {told}\n");
        assert!(ended.stderr.contains(&line), "{id}: {}", ended.stderr);
    }
}
