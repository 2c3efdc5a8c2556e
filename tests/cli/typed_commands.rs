//! Commands typed by hand: their output, their effect, and their errors.

use std::process::Command;

use serde_json::{Value, json};

use crate::process::{CommandLine, client_secret, end, program};

const EMMA: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";

#[test]
fn a_sequence_of_commands_shares_one_token() {
    let cli = CommandLine::new();
    let ended = cli.run(&[
        "!pingone-get-user username=emma.sharp",
        "pingone-deactivate-user emma.sharp",
        r#"!pingone-update-user username="emma.sharp" given=Emmy family=`Sharp | "S"`"#,
    ]);
    assert_eq!(
        ended.stdout,
        "[1/3] !pingone-get-user\n\
         User:emma.sharp\n\
         AccountStatus  OK\n\
         CreatedAt      2021-09-03T18:04:03.916Z\n\
         Email          emma.sharp@example.com\n\
         Enabled        true\n\
         Environment    b4f5e266-a946-4f77-9cc5-5dc91b046431\n\
         First Name     Emma\n\
         ID             a8890eb9-38ea-469a-bc00-b64be7903633\n\
         Last Name      Sharp\n\
         PopulationID   4cd45bdb-0eb2-42fe-8475-4bcd908269f1\n\
         UpdatedAt      2021-09-23T17:18:11.747Z\n\
         Username       emma.sharp\n\
         \n\
         [2/3] !pingone-deactivate-user\n\
         User emma.sharp deactivated\n\
         \n\
         [3/3] !pingone-update-user\n\
         PingOne user updated: emma.sharp\n\
         name\n\
         -------------------\n\
         given: Emmy\n\
         family: Sharp | \"S\"\n"
    );
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let emma = cli.sandbox.user("emma.sharp").expect("Emma");
    assert_eq!(emma["enabled"], false);
    assert_eq!(emma["name"]["family"], "Sharp | \"S\"");
    assert_eq!(
        cli.calls(),
        [
            "POST token 200",
            "GET users 200",
            "GET users 200",
            "PUT enabled 200",
            "GET users 200",
            &format!("PATCH {EMMA} 200")
        ]
    );
}

#[test]
fn entries_and_context_as_json() {
    let cli = CommandLine::new();
    let ended = cli.run(&[
        "--json",
        "--context",
        "!pingone-get-user username=emma.sharp",
        "!pingone-read-password-state emma.sharp",
        "!pingone-get-user username=nobody",
    ]);
    let documents: Vec<Value> = serde_json::Deserializer::from_str(&ended.stdout)
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("JSON documents, one after the other");
    let [user, state, error, context] = documents.as_slice() else {
        panic!("three entries and a context: {}", ended.stdout)
    };
    let key = "PingOne.Account(val.ID && val.ID === obj.ID)";
    assert_eq!(user["Type"], 1);
    assert_eq!(
        error,
        &json!({
            "Type": 4,
            "ContentsFormat": "text",
            "Contents": "Failed to execute pingone-get-user command. Error: Failed to find user for nobody username.",
            "EntryContext": null
        })
    );
    let mut account = user["EntryContext"][key][0].clone();
    account["Password"] = state["EntryContext"][key]["Password"].clone();
    assert_eq!(account["Password"]["Status"], "OK");
    assert_eq!(
        context,
        &json!({"PingOne": {"Account": [account]}}),
        "merged by ID"
    );
    assert_eq!(ended.code, Some(1), "one command failed");
}

#[test]
fn parameters_can_come_from_the_environment() {
    let cli = CommandLine::new();
    let params = cli.sandbox.params();
    let run = |secret: bool| {
        let mut command = program();
        command
            .args(["run", "!pingone-get-groups username=emma.sharp"])
            .env(
                "PINGONE_ENVIRONMENT_ID",
                params["environment_id"].as_str().expect("text"),
            )
            .env(
                "PINGONE_CLIENT_ID",
                params["credentials"]["identifier"].as_str().expect("text"),
            )
            .env("PINGONE_API_URL", cli.sandbox.url())
            .env("PINGONE_AUTH_URL", cli.sandbox.url());
        if secret {
            command.env("PINGONE_CLIENT_SECRET", client_secret(&cli.sandbox));
        }
        end(command, "")
    };
    let ended = run(true);
    assert_eq!(
        ended.stdout,
        "PingOne groups for user: emma.sharp\n\
         \n\
         Groups\n\
         ID                                    Name\n\
         ------------------------------------  ---------\n\
         a5ec8d61-6291-4ebf-8630-135c2ecf1d10  Marketing\n\
         115458a4-5460-4514-802c-df153a6dcd47  Standard\n"
    );
    assert_eq!(ended.code, Some(0));
    let ended = run(false);
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.stderr,
        "pingone-xsoar: no connection: PINGONE_CLIENT_SECRET not set. Set these variables, use --params FILE with \
         the instance's parameters, or try --sandbox\n"
    );
}

#[test]
fn nothing_runs_if_any_line_is_invalid() {
    let cli = CommandLine::new();
    for (line, told) in [
        (
            "!pingone-delete-usr username=emma.sharp",
            "pingone-xsoar: The integration has no command 'pingone-delete-usr'. Did you mean pingone-delete-user? \
             `pingone-xsoar commands` lists all.\n  !pingone-delete-usr\n   ^^^^^^^^^^^^^^^^^^\n",
        ),
        (
            "!pingone-delete-user usrname=emma.sharp",
            "pingone-xsoar: pingone-delete-user has no argument 'usrname'. Did you mean username?\n  \
             !pingone-delete-user usrname\n                       ^^^^^^^\n",
        ),
        (
            "!pingone-delete-user username=\"emma",
            "pingone-xsoar: The closing \" is missing.\n  !pingone-delete-user username=\n                                ^\n",
        ),
        (
            "!pingone-set-password emma.sharp",
            "pingone-xsoar: 'password' is required, and there is no terminal to ask for it. Use password=env:NAME.\n",
        ),
    ] {
        let ended = cli.run(&["!pingone-deactivate-user emma.sharp", line]);
        assert_eq!(ended.stderr, told);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    }
    assert_eq!(cli.calls(), [""; 0]);
}

#[test]
fn a_password_is_never_shown() {
    let cli = CommandLine::new();
    let password = "N3w!canary~Word";
    let mut command = cli.command(&[
        "--json",
        "!pingone-set-password emma.sharp password=env:NEW_PASSWORD",
    ]);
    command.env("NEW_PASSWORD", password);
    let from_environment = end(command, "");
    assert_eq!(from_environment.stderr, "");
    let typed = format!("!pingone-set-password richard.smith password={password}");
    let in_clear = cli.run(&["--json", &typed]);
    assert!(
        in_clear
            .stderr
            .starts_with("pingone-xsoar: warning: password is on the command line"),
        "{}",
        in_clear.stderr
    );
    for ended in [from_environment, in_clear] {
        assert_eq!(ended.code, Some(0), "{}", ended.stdout);
        assert!(!ended.stdout.contains(password) && !ended.stderr.contains(password));
    }
    for username in ["emma.sharp", "richard.smith"] {
        let state = format!("!pingone-read-password-state {username}");
        assert!(cli.run(&[state]).stdout.contains("MUST_CHANGE_PASSWORD"));
    }
}

#[test]
fn a_hostile_name_cannot_move_the_cursor() {
    let cli = CommandLine::new();
    let ended = cli.run(&["!pingone-get-user username=\"\u{1b}[2J\u{202e}x\\r\""]);
    assert_eq!(
        ended.stdout,
        "Failed to execute pingone-get-user command. Error: Failed to find user for \\u{1b}[2J\\u{202e}x\\u{d} username.\n"
    );
    let ended = cli.run(&["--json", "!pingone-get-user username=\"\u{9b}2J\u{202e}\""]);
    assert!(
        ended.stdout.contains("\\u009b2J\\u202e"),
        "{}",
        ended.stdout
    );
}

#[test]
fn markup_is_shown_literally_at_a_terminal() {
    let cli = CommandLine::new();
    let hostile = "<a href=https://evil.example>[x](www.evil.example)";
    let ended = cli.run(&[
        &format!("!pingone-update-user username=emma.sharp nickname=\"{hostile}\""),
        "!pingone-unlock-user username=emma.sharp",
    ]);
    assert_eq!(ended.code, Some(0), "{}", ended.stdout);
    assert!(
        ended.stdout.contains(&format!("\n{hostile}\n")),
        "{}",
        ended.stdout
    );
    let ended = cli.run(&[
        "--json",
        &format!("!pingone-update-user username=emma.sharp nickname=\"{hostile}\""),
    ]);
    let inert = "<\\u200ba href=https:\\u200b//evil.example>[x]\\u200b(www\\u200b.evil.example)";
    assert!(ended.stdout.contains(inert), "{}", ended.stdout);
}

#[test]
fn a_list_runs_a_command_once_per_item() {
    let cli = CommandLine::new();
    let ended = cli.run(&[r#"!pingone-deactivate-user ["emma.sharp", "richard.smith"]"#]);
    assert_eq!(
        ended.stdout,
        "[1/2] !pingone-deactivate-user\nUser emma.sharp deactivated\n\n\
         [2/2] !pingone-deactivate-user\nUser richard.smith deactivated\n"
    );
}

#[test]
fn the_sandbox_lasts_as_long_as_the_run() {
    let mut command = program();
    command.args([
        "run",
        "--sandbox",
        "!pingone-unlock-user emma.sharp",
        "test-module",
    ]);
    let ended = end(command, "");
    assert_eq!(
        ended.stdout,
        "[1/2] !pingone-unlock-user\nemma.sharp unlocked\n\n[2/2] !test-module\nok\n"
    );
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_scenario_must_exist_and_needs_the_sandbox() {
    let ended = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments);
        end(command, "")
    };
    let nora = "!pingone-get-user nora.lind";
    let staged = ended(&["run", "--sandbox", "--scenario", "stolen-worker", nora]);
    assert!(
        staged.stdout.contains("nora.lind@mail.example.net"),
        "the attacker's address: {}",
        staged.stdout
    );
    let unknown = ended(&["run", "--sandbox", "--scenario", "nothing", nora]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains(
            "no scenario 'nothing'. Use password-spray, mfa-fatigue, rogue-admin, stolen-worker."
        ),
        "{}",
        unknown.stderr
    );
    let alone = ended(&["run", "--scenario", "stolen-worker", nora]);
    assert_eq!(alone.code, Some(2));
}

#[test]
fn commands_and_help_describe_the_commands() {
    let told = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments).env("COLUMNS", "80");
        end(command, "")
    };
    let list = told(&["commands"]);
    let rows = list.stdout.lines().map(str::split_whitespace);
    let rows: Vec<String> = rows.map(|row| row.collect::<Vec<_>>().join(" ")).collect();
    let password = rows.iter().position(|row| row == "Passwords");
    assert_eq!(
        password
            .and_then(|place| rows.get(place + 1))
            .map(String::as_str),
        Some("pingone-set-password Sets a user's password."),
        "{}",
        list.stdout
    );
    let help = told(&["help", "pingone-get-groups"]).stdout;
    assert!(
        help.starts_with(
            "pingone-get-groups\nReturns user's group memberships.\n\n!pingone-get-groups "
        ),
        "{help}"
    );
    let example = "Example\n  pingone-xsoar run '!pingone-get-groups emma.sharp'\n";
    assert!(help.contains(example), "{help}");
    let outputs = told(&["help", "--outputs", "pingone-get-groups"]).stdout;
    assert!(
        outputs.contains("PingOne.Account.Group.Name  Group name. [string]\n"),
        "{outputs}"
    );
    assert!(
        told(&["help", "replay"])
            .stdout
            .contains("Replay recorded requests offline")
    );
    let help = told(&["help"]).stdout;
    assert!(help.contains("Usage: pingone-xsoar"));
    let (lines, columns) = (help.lines().count(), help.lines().map(str::len).max());
    assert!(
        lines <= 24 && columns <= Some(80),
        "too large for 80x24: {help}"
    );
    let unknown = told(&["help", "pingone-get-group"]);
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown.stderr.contains("Did you mean pingone-get-groups"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn what_the_shell_did_to_a_command_is_recognized() {
    let cli = CommandLine::new();
    let ended = cli.run(&["!pingone-lock-user emma.sharp duration=4", "hours"]);
    assert_eq!(
        ended.stderr,
        "pingone-xsoar: 'hours' is not a command. Put each command in single quotes, so that the shell does not split \
         it:\n  pingone-xsoar run '!pingone-lock-user emma.sharp duration=\"4 hours\"'\n"
    );
    assert_eq!((ended.code, cli.calls()), (Some(1), vec![]));
}

#[test]
fn later_commands_use_the_results_of_earlier_ones() {
    let cli = CommandLine::new();
    let ended = cli.run(&[
        "!pingone-contain-user emma.sharp",
        "!pingone-restore-user userId=${PingOne.Containment.ID} record=${PingOne.Containment}",
        "!pingone-get-group-members groupName=Marketing",
        "!pingone-deactivate-user ${PingOne.GroupMember.Username}",
    ]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let is_enabled =
        |username: &str| cli.sandbox.user(username).expect("a user")["enabled"] == true;
    assert!(!is_enabled("emma.sharp"), "a member of Marketing");
    let restored = ended
        .stdout
        .find("[2/4] !pingone-restore-user")
        .expect("a heading");
    assert!(
        ended.stdout[restored..].contains("enable"),
        "{}",
        ended.stdout
    );
    let missing = cli.run(&["!pingone-restore-user emma.sharp record=${PingOne.Containment}"]);
    assert_eq!(
        missing.stderr,
        "pingone-xsoar: ${PingOne.Containment} is not in the context. No command of this run has returned anything \
         yet.\n"
    );
    assert_eq!(missing.code, Some(1));
}

#[test]
fn a_failure_stops_the_run_unless_told_otherwise() {
    let lines = [
        "!pingone-deactivate-user [\"nobody\", \"emma.sharp\"]",
        "!pingone-deactivate-user richard.smith",
    ];
    let is_enabled = |cli: &CommandLine, username: &str| {
        cli.sandbox.user(username).expect("a user")["enabled"] == true
    };
    let cli = CommandLine::new();
    let stopped = cli.run(&lines);
    assert_eq!(
        stopped.stderr,
        "pingone-xsoar: a command failed, so the last one will not run (--keep-going runs it anyway)\n"
    );
    assert_eq!(stopped.code, Some(1));
    assert!(
        !is_enabled(&cli, "emma.sharp"),
        "the rest of the list still runs"
    );
    assert!(is_enabled(&cli, "richard.smith"));
    let kept_going = cli.run(&["--keep-going", lines[0], lines[1]]);
    assert_eq!((kept_going.code, kept_going.stderr.as_str()), (Some(1), ""));
    assert!(!is_enabled(&cli, "richard.smith"));
}

#[test]
fn the_context_alone_is_json_and_failures_go_to_stderr() {
    let cli = CommandLine::new();
    let ended = cli.run(&[
        "--context",
        "!pingone-read-password-state emma.sharp",
        "!pingone-get-user nobody",
    ]);
    let context: Value = serde_json::from_str(&ended.stdout).expect("one JSON document");
    assert_eq!(context["PingOne"]["Account"]["Password"]["Status"], "OK");
    assert_eq!(
        ended.stderr,
        "pingone-xsoar: Failed to execute pingone-get-user command. Error: Failed to find user for nobody username.\n"
    );
    assert_eq!(ended.code, Some(1));
}

#[test]
fn without_a_terminal_deleting_needs_yes() {
    let cli = CommandLine::new();
    let refused = cli.run(&["!pingone-delete-user emma.sharp"]);
    assert_eq!(
        refused.stderr,
        "pingone-xsoar: pingone-delete-user needs a confirmation, and there is no terminal to ask at. It did not run. \
         Use --yes\n"
    );
    assert_eq!((refused.code, cli.calls()), (Some(1), vec![]));
    let deleted = cli.run(&["--yes", "!pingone-delete-user emma.sharp"]);
    assert_eq!(deleted.code, Some(0), "{}", deleted.stdout);
    assert!(cli.sandbox.user("emma.sharp").is_none());
}

/// The record of a containment, saved for its owner alone, restores the user in another run.
#[test]
fn the_record_of_a_containment_is_saved() {
    let cli = CommandLine::new();
    let mut contain = cli.command(&["--yes", "!pingone-contain-user emma.sharp,richard.smith"]);
    contain.env("XDG_STATE_HOME", cli.path("state"));
    let ended = end(contain, "");
    let (_, path) = ended
        .stderr
        .split_once("pingone-restore-user takes it as record=@")
        .unwrap_or_else(|| panic!("{}", ended.stderr));
    let path = path.trim_end();
    assert!(
        path.starts_with(
            cli.path("state/pingone-xsoar/containment-")
                .to_str()
                .expect("UTF-8")
        )
    );
    #[cfg(unix)]
    {
        let file = std::fs::metadata(path).expect("the file");
        let mode = std::os::unix::fs::MetadataExt::mode(&file);
        assert_eq!(mode & 0o777, 0o600);
    }
    let restore = format!("!pingone-restore-user emma.sharp,richard.smith record=@{path}");
    let restored = cli.run(&[restore]);
    assert_eq!((restored.code, restored.stderr.as_str()), (Some(0), ""));
    for username in ["emma.sharp", "richard.smith"] {
        assert_eq!(cli.sandbox.user(username).expect("a user")["enabled"], true);
    }
}

#[test]
fn shells_complete_the_commands_and_the_man_page_lists_them() {
    let printed = |arguments: &[&str]| {
        let mut command = program();
        command.args(arguments);
        end(command, "").stdout
    };
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        assert!(script.contains("pingone-contain-user"), "{shell}: {script}");
        assert!(script.contains("sandbox"), "{shell}: {script}");
    }
    // As bash asks when the tabulator key is pressed.
    let asks = "\nCOMP_WORDS=(pingone-xsoar run pingone-con) COMP_CWORD=2\n\
                ${COMPLETE} pingone-xsoar pingone-con run\necho \"${COMPREPLY[@]}\"\n";
    let function = "COMPLETE=$(complete -p pingone-xsoar | sed 's/.*-F \\([^ ]*\\).*/\\1/')";
    let mut bash = Command::new("bash");
    bash.arg("-c")
        .arg([&printed(&["completions", "bash"]), function, asks].concat());
    assert_eq!(
        end(bash, "").stdout,
        "pingone-contain-user pingone-contain-application\n"
    );
    let page = printed(&["man"]);
    assert!(page.contains(".SH SUBCOMMANDS"), "{page}");
    assert!(
        page.contains("\\fB!pingone\\-get\\-user emma.sharp\\fR"),
        "{page}"
    );
}

#[test]
fn tables_fit_the_window() {
    let cli = CommandLine::new();
    for (columns, id_is_shown) in [("50", false), ("200", true)] {
        let mut command = cli.command(&["!pingone-list-groups"]);
        command.env("COLUMNS", columns);
        let ended = end(command, "");
        let widest = ended.stdout.lines().map(|line| line.chars().count()).max();
        assert!(widest <= columns.parse().ok(), "{}", ended.stdout);
        let id = "a5ec8d61-6291-4ebf-8630-135c2ecf1d10";
        assert_eq!(ended.stdout.contains(id), id_is_shown, "{}", ended.stdout);
    }
}
