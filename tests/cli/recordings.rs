//! Recordings replay as they ran, whatever went wrong during the run, and contain nothing confidential.

use std::{fs, time::Duration};

use pingone_sandbox::Fault;
use pingone_xsoar::replay;
use serde_json::{Value, json};

use crate::process::{CommandLine, client_secret, end, exists, program};

const CLEAN: &str = "the replay gives the same answer";
const PASSWORD: &str = "N3w!canary~Word";

/// Records `lines` in `recording`, checks that it replays as it ran, and returns stdout.
fn record(cli: &CommandLine, lines: &[&str]) -> String {
    record_as(cli, &["--yes"], lines)
}

fn record_as(cli: &CommandLine, options: &[&str], lines: &[&str]) -> String {
    let folder = cli.path("recording");
    let mut arguments = vec!["--record", folder.to_str().expect("a plain path")];
    arguments.extend(options);
    arguments.extend(lines);
    let ended = cli.run(&arguments);
    assert!(ended.stderr.contains(CLEAN), "{}", ended.stderr);
    assert_eq!(cli.files(), ["recording"], "nothing else is left behind");
    let played = cli.replay("recording");
    assert!(
        played.stdout.ends_with("1 as recorded, 0 different\n"),
        "{}",
        played.stdout
    );
    assert_eq!(played.code, Some(0));
    ended.stdout
}

fn exchanges(cli: &CommandLine) -> Vec<Value> {
    let text = fs::read(cli.path("recording").join("exchanges.json")).expect("exchanges");
    serde_json::from_slice(&text).expect("JSON")
}

#[test]
fn a_recording_replays_and_contains_no_secrets() {
    let cli = CommandLine::new();
    let set = format!("!pingone-set-password emma.sharp password={PASSWORD}");
    record(
        &cli,
        &[
            "test-module",
            "!pingone-get-user username=emma.sharp",
            "!pingone-add-to-group username=emma.sharp groupName=Sales",
            &set,
            "!pingone-get-user username=\"no|b\\\"o`dy\\n\"",
            "!pingone-delete-user userId=not-an-id",
        ],
    );
    let text = cli.recording("recording");
    for secret in [PASSWORD, &client_secret(&cli.sandbox)] {
        assert!(!text.contains(secret));
    }
    let exchanges = exchanges(&cli);
    let token = exchanges.first().expect("the token request");
    assert_eq!(token["response"]["json"]["access_token"], "recorded-token");
    assert_eq!(token["request"]["headers"]["authorization"], "Basic");
    let tokens = exchanges
        .iter()
        .filter(|one| one["request"]["url"] == token["request"]["url"]);
    assert_eq!(tokens.count(), 1, "one token for all commands");
    let put = exchanges
        .iter()
        .find(|one| one["request"]["method"] == "PUT")
        .expect("the password");
    assert_eq!(
        put["request"]["json"],
        json!({"newPassword": "<XX_REPLACED>"})
    );
    let header = "---\nsource: tests/it/replay.rs\n---\n{\n";
    let answer = fs::read_to_string(cli.path("recording").join("answer.snap")).expect("an answer");
    assert!(answer.starts_with(header), "{answer}");
}

#[test]
fn retries_replay_as_they_ran() {
    let cli = CommandLine::new();
    let sandbox = &cli.sandbox;
    sandbox.fault(Fault::on("POST", "*/as/token").status(503));
    sandbox.fault(
        Fault::on("GET", "*/users")
            .status(429)
            .header("retry-after", "0"),
    );
    sandbox.fault(Fault::on("GET", "*/users").skip(1).reset());
    sandbox.fault(Fault::on("PUT", "*/enabled").truncate(10));
    sandbox.fault(
        Fault::on("PUT", "*/enabled")
            .delay(Duration::from_millis(200))
            .status(502),
    );
    record(&cli, &["!pingone-deactivate-user emma.sharp"]);
    let ends: Vec<String> = exchanges(&cli)
        .iter()
        .map(|one| {
            one["response"]["status"].to_string()
                + one["failure"]["cause"].as_str().unwrap_or_default()
        })
        .collect();
    assert_eq!(
        ends,
        ["503", "200", "429", "200", "nullbroken", "502", "200"].map(str::to_owned)
    );
}

#[test]
fn the_time_in_an_error_is_the_same_in_the_replay() {
    let cli = CommandLine::new();
    cli.params(&json!({"request_timeout": "0.3", "max_retries": "1"}));
    cli.sandbox.fault(
        Fault::on("GET", "*/users")
            .times(0)
            .delay(Duration::from_secs(20)),
    );
    let shown = record(&cli, &["!pingone-get-user username=emma.sharp"]);
    let (_, told) = shown
        .split_once("(waited 0.3 s)\nGave up after 2 attempts in ")
        .unwrap_or_else(|| panic!("{shown}"));
    let seconds: f64 = told
        .split_once(" s.")
        .and_then(|(seconds, _)| seconds.parse().ok())
        .unwrap_or_else(|| panic!("{shown}"));
    assert!(seconds >= 0.8, "twice 0.3 s, and a wait between: {shown}");
}

#[test]
fn a_command_that_timed_out_replays_as_it_ran() {
    let cli = CommandLine::new();
    cli.params(&json!({"command_timeout": "0.8", "max_retries": "9"}));
    cli.sandbox
        .fault(Fault::on("GET", "*/users").times(0).status(503));
    let shown = record(&cli, &["!pingone-get-user username=emma.sharp"]);
    assert!(
        shown.contains("[503]") && shown.contains("attempts in"),
        "{shown}"
    );
}

#[test]
fn concurrent_lookups_with_an_expired_token_replay_as_they_ran() {
    let cli = CommandLine::new();
    // The token works for the first command; then both lookups are rejected with it.
    cli.sandbox
        .fault(Fault::on("GET", "*/users").skip(1).status(401));
    cli.sandbox.fault(Fault::on("GET", "*/groups").status(401));
    let shown = record(
        &cli,
        &[
            "!pingone-get-user username=emma.sharp",
            "!pingone-add-to-group username=emma.sharp groupName=Sales",
        ],
    );
    assert!(
        shown.contains("added to group: Sales successfully"),
        "{shown}"
    );
    let text = cli.recording("recording");
    assert!(
        text.contains("recorded-2-token") && text.contains("recorded-3-token"),
        "three tokens"
    );
}

#[test]
fn bodies_that_are_not_json_replay_as_they_ran() {
    let cli = CommandLine::new();
    for (status, body) in [
        (400, "{ \"code\" : 7 ,  \"x\": [1,\t2] }"),
        (502, "<html>gateway of canary.example</html>"),
        (403, "[1, 2]"),
        (404, ""),
        (500, "null"),
        (200, "{\"_embedded\": {\"users\": [{\"username\": \"em"),
        (200, "\u{feff}{}"),
    ] {
        cli.params(&json!({"max_retries": "0"}));
        cli.sandbox
            .fault(Fault::on("GET", "*/users").status(status).body(body));
        record(&cli, &["!pingone-get-user username=emma.sharp"]);
        cli.sandbox.clear_faults();
        fs::remove_dir_all(cli.path("recording")).expect("the recording");
    }
}

#[test]
fn an_echoed_secret_is_removed() {
    let cli = CommandLine::new();
    let secret = client_secret(&cli.sandbox);
    let body =
        json!({"code": "ODD", "message": format!("{secret} and {PASSWORD}"), secret.as_str(): 1});
    cli.sandbox.fault(
        Fault::on("PUT", "*/password")
            .status(400)
            .body(&body.to_string()),
    );
    let set = format!("!pingone-set-password emma.sharp password={PASSWORD}");
    let shown = record(&cli, &[&set]);
    assert!(
        shown.contains("ODD: <XX_REPLACED> and <XX_REPLACED>"),
        "{shown}"
    );
    let text = cli.recording("recording");
    assert!(
        text.contains("recorded-client-secret and recorded-password"),
        "{text}"
    );
    assert!(!text.contains(&secret) && !text.contains(PASSWORD));
}

#[test]
fn a_numeric_password_is_removed_even_if_echoed_as_a_number() {
    let cli = CommandLine::new();
    let body = json!({"code": "ODD", "message": "no", "details": [{"message": 8_140_923}], "id": 8_140_923.0});
    cli.sandbox.fault(
        Fault::on("PUT", "*/password")
            .status(400)
            .body(&body.to_string()),
    );
    let shown = record(&cli, &["!pingone-set-password emma.sharp password=8140923"]);
    assert!(
        shown.contains("<XX_REPLACED>") && !shown.contains("8140923"),
        "{shown}"
    );
    let text = cli.recording("recording");
    assert!(
        text.contains("recorded-password") && !text.contains("8140923"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_a_recording() {
    use std::os::unix::fs::PermissionsExt as _;

    let cli = CommandLine::new();
    record(&cli, &["test-module"]);
    for file in ["request.json", "exchanges.json", "answer.snap"] {
        let path = cli.path("recording").join(file);
        let mode = fs::metadata(path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[cfg(unix)]
#[test]
fn a_symlink_is_not_replaced_and_nothing_runs() {
    use std::os::unix::fs::symlink;

    let cli = CommandLine::new();
    fs::create_dir(cli.path("empty")).expect("a folder");
    symlink("empty", cli.path("link")).expect("a link");
    symlink("nowhere", cli.path("dangling")).expect("a link");
    for place in ["link", "dangling"] {
        let ended = cli.run(&["--record", place, "!pingone-deactivate-user emma.sharp"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        assert!(ended.stderr.contains(place), "{}", ended.stderr);
    }
    assert_eq!(cli.calls(), [""; 0]);
    assert_eq!(cli.files(), ["dangling", "empty", "link"]);
}

#[cfg(unix)]
#[test]
fn a_replay_copes_with_circular_symlinks_and_hostile_names() {
    use std::os::unix::fs::symlink;

    let cli = CommandLine::new();
    record(&cli, &["test-module"]);
    let (case, inner) = (cli.path("all/\u{1b}[2J\u{202e}case"), cli.path("all/inner"));
    fs::create_dir_all(&inner).expect("folders");
    fs::rename(cli.path("recording"), &case).expect("the recording");
    symlink("..", inner.join("up")).expect("a link");
    symlink(".", inner.join("self")).expect("a link");
    let ended = cli.replay("all");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("/all/\\u{1b}[2J\\u{202e}case\n")
            && ended.stdout.ends_with("1 as recorded, 0 different\n"),
        "{:?}",
        ended.stdout
    );
    fs::remove_file(case.join("answer.snap")).expect("the answer");
    let ended = cli.replay("all");
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("\\u{1b}[2J"), "{:?}", ended.stderr);
    assert!(
        !ended.stderr.contains(['\u{1b}', '\u{202e}']),
        "{:?}",
        ended.stderr
    );
}

#[test]
fn a_secret_that_is_part_of_a_name_replays_too() {
    let cli = CommandLine::new();
    let shown = record(&cli, &["!pingone-set-password emma.sharp password=sharp"]);
    assert_eq!(shown, "emma.sharp password was updated.\n");
    assert!(!cli.recording("recording").contains("sharp"));
}

#[test]
fn personal_data_is_replaced_everywhere() {
    let cli = CommandLine::new();
    record_as(
        &cli,
        &["--anonymize", "--keep-going"],
        &[
            "!pingone-get-user username=EMMA.sharp",
            "!pingone-get-groups username=emma.sharp",
            "!pingone-add-to-group username=emma.sharp groupName=Sales",
            "!pingone-add-to-group userId=a8890eb9-38ea-469a-bc00-b64be7903633 groupName=Marketing",
            "!pingone-update-user username=richard.smith given=Rich email=rich@canary.example mobilePhone=+49.170 streetAddress=`Canary \"Road\"` Type=Contractor",
            "!pingone-create-user username=emma.sharp populationId=4cd45bdb-0eb2-42fe-8475-4bcd908269f1",
            "!pingone-get-user username=\"o'canary|x\"",
        ],
    );
    let text = cli.recording("recording");
    let lower = text.to_lowercase();
    for personal in [
        "emma",
        "sharp",
        "richard",
        "smith",
        "rich@",
        "canary",
        "49.170",
        "marketing",
        "\"sales\"",
        "a8890eb9-38ea-469a-bc00-b64be7903633",
        "4cd45bdb-0eb2-42fe-8475-4bcd908269f1",
        "b4f5e266-a946-4f77-9cc5-5dc91b046431",
        "7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1a01",
        "example.com/",
    ] {
        assert!(!lower.contains(personal), "{personal} is left in\n{text}");
    }
    let shown = cli.replay("recording").stdout;
    assert!(shown.contains("### User:user-1\n"), "{shown}");
    assert!(
        shown.contains("\n        User: 00000000-0000-4000-8000-"),
        "{shown}"
    );
    assert!(
        shown.contains("Failed to find user for user-3'| username."),
        "{shown}"
    );
}

#[test]
fn an_existing_folder_is_not_replaced_and_nothing_runs() {
    let cli = CommandLine::new();
    fs::create_dir(cli.path("taken")).expect("a folder");
    fs::write(cli.path("taken/file"), "x").expect("a file");
    fs::write(cli.path("plain"), "x").expect("a file");
    for place in ["taken", "plain", "plain/below"] {
        let ended = cli.run(&["--record", place, "!pingone-deactivate-user emma.sharp"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        assert!(ended.stderr.contains(place), "{}", ended.stderr);
    }
    assert_eq!(cli.calls(), [""; 0]);
    assert_eq!(cli.files(), ["plain", "taken"]);
    let ended = cli.run(&["--record", "new/er/one", "test-module"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(exists(&cli.path("new/er/one/request.json")));
}

#[test]
fn the_one_way_mode_is_recorded_too() {
    let cli = CommandLine::new();
    let input = [
        "ping".to_owned(),
        cli.request(
            "pingone-get-user",
            &json!({"username": "emma.sharp", "pasword": "unknown canary"}),
        ),
        "{\"no request\": \"garbage canary\"".to_owned(),
        cli.request(
            "pingone-set-password",
            &json!({"username": "emma.sharp", "password": PASSWORD}),
        ),
    ]
    .join("\n");
    let mut command = program();
    command.arg("--record").arg(cli.path("recording"));
    let ended = end(command, &input);
    let kinds: Vec<Value> = ended
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a protocol line")["type"].clone())
        .collect();
    assert_eq!(
        kinds,
        [
            "pong",
            "result",
            "completed",
            "exception",
            "completed",
            "result",
            "completed"
        ],
        "stdout is as without a recording"
    );
    assert!(ended.stderr.contains(CLEAN), "{}", ended.stderr);
    assert_eq!(ended.code, Some(0));
    let text = cli.recording("recording");
    assert!(
        !text.contains("canary") && !text.contains(&client_secret(&cli.sandbox)),
        "{text}"
    );
    let played = replay::play(&cli.path("recording")).expect("it plays");
    assert_eq!(played.types, [1, 1]);
    assert_eq!(cli.files(), ["recording"]);
}

#[test]
fn an_empty_recording_is_an_error() {
    let cli = CommandLine::new();
    let mut command = program();
    command.arg("--record").arg(cli.path("recording"));
    let ended = end(command, "ping\n");
    assert_eq!(ended.stdout, "{\"type\":\"pong\"}\n");
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.stderr,
        "pingone-xsoar: nothing was recorded: there was no request to record\n"
    );
    assert_eq!(cli.files(), [""; 0]);
}

#[test]
fn a_case_can_specify_the_resulting_context() {
    let cli = CommandLine::new();
    record(
        &cli,
        &[
            "!pingone-get-user username=emma.sharp",
            "!pingone-read-password-state emma.sharp",
        ],
    );
    let mut command = program();
    command
        .args(["replay", "--quiet", "--context"])
        .arg(cli.path("recording"));
    let shown = end(command, "").stdout;
    let context: Value = serde_json::from_str(
        &shown[shown.find('{').expect("a context")..=shown.rfind('}').expect("a context")],
    )
    .expect("JSON");
    assert_eq!(context["PingOne"]["Account"][0]["Password"]["Status"], "OK");
    let file = cli.path("recording").join(replay::CONTEXT);
    fs::write(&file, context.to_string()).expect("the expected context");
    assert_eq!(cli.replay("recording").code, Some(0));
    fs::write(&file, context.to_string().replace("emma.sharp@", "other@"))
        .expect("another context");
    let played = cli.replay("recording");
    assert_eq!(played.code, Some(1));
    assert!(
        played
            .stdout
            .contains("of the context should be\n          \"Email\": \"other@example.com\","),
        "{}",
        played.stdout
    );
}
