//! What differs at a terminal: colours, progress, prompts for secrets. `script` (util-linux) provides the terminal.
#![cfg(target_os = "linux")]

use std::{process::Command, time::Duration};

use pingone_sandbox::Fault;

use crate::process::{CommandLine, Running};

/// `pingone-xsoar run LINE` in a terminal of its own.
fn at_a_terminal(cli: &CommandLine, line: &str) -> Command {
    let quoted = format!("'{}'", line.replace('\'', r"'\''"));
    let run = format!(
        "{} run --params {} {quoted}",
        env!("CARGO_BIN_EXE_pingone-xsoar"),
        cli.path("params.json").display()
    );
    let mut command = Command::new("script");
    command
        .args(["--quiet", "--return", "--command", &run, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm");
    command
}

#[test]
fn colours_are_only_for_terminals_and_can_be_turned_off() {
    let cli = CommandLine::new();
    let line = "!pingone-unlock-user emma.sharp";
    let ended = Running::start(at_a_terminal(&cli, line)).end();
    assert_eq!(ended.stdout, "\u{1b}[1memma.sharp unlocked\u{1b}[0m\r\n");
    let mut plain = at_a_terminal(&cli, line);
    plain.env("NO_COLOR", "1");
    assert_eq!(
        Running::start(plain).end().stdout,
        "emma.sharp unlocked\r\n"
    );
    assert_eq!(cli.run(&[line]).stdout, "emma.sharp unlocked\n");
}

#[test]
fn progress_is_shown_only_at_a_terminal() {
    let cli = CommandLine::new();
    let line = "!pingone-unlock-user emma.sharp";
    let slow = || {
        let delay = Duration::from_millis(1300);
        cli.sandbox.fault(Fault::on("GET", "*/users").delay(delay));
    };
    slow();
    let watched = Running::start(at_a_terminal(&cli, line)).end();
    let erased = "\r\u{1b}[2Kpingone-unlock-user, 1 s\r\u{1b}[2K";
    assert!(watched.stdout.starts_with(erased), "{:?}", watched.stdout);
    slow();
    let unwatched = cli.run(&[line]);
    assert_eq!((unwatched.code, unwatched.stderr.as_str()), (Some(0), ""));
}

#[test]
fn missing_secrets_are_prompted_for() {
    let cli = CommandLine::new();
    let mut running = Running::start(at_a_terminal(&cli, "!pingone-set-password emma.sharp"));
    running.wait_for("password for pingone-set-password: ");
    running.write("N3w!canary~Word\r");
    let shown = running.wait_for("password was updated.");
    assert!(shown.contains("emma.sharp"), "{shown}");
    assert_eq!(running.end().code, Some(0));
    let state = cli.run(&["!pingone-read-password-state emma.sharp"]).stdout;
    assert!(state.contains("MUST_CHANGE_PASSWORD"), "{state}");
}

#[test]
fn a_bare_call_says_what_to_do() {
    let mut command = Command::new("script");
    command
        .args([
            "--quiet",
            "--return",
            "--command",
            env!("CARGO_BIN_EXE_pingone-xsoar"),
            "/dev/null",
        ])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh");
    let ended = Running::start(command).end();
    assert!(
        ended.stdout.contains(
            "To run a command yourself:\r\n  pingone-xsoar run '!pingone-get-user emma.sharp'"
        ),
        "{}",
        ended.stdout
    );
    assert_eq!(ended.code, Some(1));
}

#[test]
fn deleting_asks_first() {
    let cli = CommandLine::new();
    for (answer, is_deleted) in [("n\r", false), ("\r", false), ("y\r", true)] {
        let mut running = Running::start(at_a_terminal(&cli, "!pingone-delete-user emma.sharp"));
        running.wait_for("Delete emma.sharp? This cannot be undone. [y/N] ");
        running.write(answer);
        let ended = running.end();
        assert_eq!(ended.code, Some(i32::from(!is_deleted)), "{}", ended.stdout);
        assert_eq!(cli.sandbox.user("emma.sharp").is_none(), is_deleted);
    }
}

#[test]
fn ctrl_c_at_a_question_runs_nothing() {
    let cli = CommandLine::new();
    let mut running = Running::start(at_a_terminal(&cli, "!pingone-delete-user emma.sharp"));
    running.wait_for("[y/N] ");
    running.write("\u{3}");
    let ended = running.end();
    assert_eq!(ended.code, Some(130));
    assert!(
        ended.stdout.ends_with(
            "pingone-xsoar: interrupted; no command was running\r\n  1 command was not started\r\n"
        ),
        "{:?}",
        ended.stdout
    );
    assert!(cli.sandbox.user("emma.sharp").is_some());
}

#[test]
fn the_progress_of_a_list_is_shown() {
    let cli = CommandLine::new();
    let delay = Duration::from_millis(2500);
    let richard = "9bc53389-f806-47b6-9480-ab1e3c6269b5";
    cli.sandbox
        .fault(Fault::on("GET", &format!("*/users/{richard}/sessions")).delay(delay));
    let line = "!pingone-list-sessions emma.sharp,richard.smith";
    let ended = Running::start(at_a_terminal(&cli, line)).end();
    assert!(
        ended
            .stdout
            .contains("pingone-list-sessions, 1 s, 1 of 2 users"),
        "{:?}",
        ended.stdout
    );
}
