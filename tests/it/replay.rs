//! The recorded cases of `test_data`: each is played and its whole answer compared with the one it keeps, and
//! the `replay` subcommand tells when one differs. Nothing here knows what a case is about: that is its
//! folder's business.

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use pingone_xsoar::replay::{self, Played};
use serde_json::Value;

use crate::{
    program::{self, Program},
    temporary::TemporaryFolder,
};

/// What insta writes before an answer. The file's name is part of it.
const HEADER: &str = "---\nsource: tests/it/replay.rs\n---\n";

/// The cases of the repository.
pub(crate) fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test_data");
    let cases = replay::cases(&folder).expect("test_data can be read");
    assert!(!cases.is_empty(), "test_data holds no case");
    cases
}

#[test]
fn every_case_gives_its_recorded_answer() {
    let failures: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let reason = check(case).err()?;
            Some(format!("{}\n{reason}", case.display()))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} cases differ (what insta has to say about each stands above):\n\n{}",
        failures.len(),
        failures.join("\n\n")
    );
}

/// Plays a case. insta reports a changed answer in its own way, with a difference and a new snapshot beside
/// the old one for `cargo insta review`.
fn check(case: &Path) -> Result<(), String> {
    let played = replay::play(case).map_err(|error| format!("cannot be played: {error:#}"))?;
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(case);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // One failure must not hide those that follow.
    let same = panic::catch_unwind(AssertUnwindSafe(|| {
        settings.bind(|| insta::assert_snapshot!("answer", played.messages));
    }));
    let verdict = replay::judge(case, &played).map_err(|error| format!("{error:#}"))?;
    if !verdict.differences.is_empty() {
        return Err(verdict.differences.join("\n"));
    }
    same.map_err(|_| "insta sees a difference that the verdict does not".to_owned())?;
    let stored =
        fs::read_to_string(case.join(replay::ANSWER)).map_err(|error| error.to_string())?;
    if stored != format!("{HEADER}{}", played.messages) {
        return Err(format!(
            "{} is not stored as insta would store it: the header is\n{HEADER}and what follows it \
             the messages with two spaces of indentation, each with a newline",
            replay::ANSWER
        ));
    }
    Ok(())
}

/// A copy of a case, to be changed.
struct Copy {
    folder: TemporaryFolder,
}

impl Copy {
    fn of(case: &str) -> Self {
        let folder = TemporaryFolder::new();
        let original = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("test_data")
            .join(case);
        for name in [replay::REQUEST, replay::EXCHANGES, replay::ANSWER] {
            fs::copy(original.join(name), folder.path().join(name))
                .expect("a case has three files");
        }
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn change(&self, name: &str, change: impl FnOnce(String) -> String) {
        let path = self.path().join(name);
        let text = fs::read_to_string(&path).expect("a file of the case");
        fs::write(&path, change(text)).expect("the copy can be written");
    }

    fn change_exchanges(&self, change: impl FnOnce(&mut Vec<Value>)) {
        self.change(replay::EXCHANGES, |text| {
            let mut exchanges: Vec<Value> = serde_json::from_str(&text).expect("a list");
            change(&mut exchanges);
            serde_json::to_string_pretty(&exchanges).expect("JSON")
        });
    }

    fn play(&self) -> Played {
        replay::play(self.path()).expect("the copy can be played")
    }

    fn differences(&self) -> Vec<String> {
        let verdict = replay::judge(self.path(), &self.play());
        verdict.expect("the copy can be judged").differences
    }
}

const UNLOCK: &str = "pingone-unlock-user/document-example";

fn call_of(exchange: &Value) -> String {
    let text = |name: &str| {
        exchange["request"][name]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    format!("{} {}", text("method"), text("url"))
}

#[test]
fn a_call_that_the_recording_lacks_is_named() {
    let copy = Copy::of(UNLOCK);
    let mut removed = String::new();
    copy.change_exchanges(|exchanges| {
        removed = call_of(&exchanges.pop().expect("the last exchange is the unlocking"));
    });
    assert!(
        removed.starts_with("POST https://api.pingone.com/v1/"),
        "{removed}"
    );
    let path = removed.replace("https://api.pingone.com", "");
    let war_room = copy.play().war_room.join("\n");
    assert!(
        war_room.contains(&format!("the recording has no call {path} ")),
        "the War Room text names method and path: {war_room}"
    );
    let differences = copy.differences();
    assert_eq!(
        differences.first(),
        Some(&format!("a call is not in the recording: {removed}"))
    );
    assert_eq!(
        differences.len(),
        2,
        "the answer differs too: {differences:?}"
    );
}

#[test]
fn a_call_that_the_recording_lacks_is_a_difference_even_if_the_answer_is_the_same() {
    // After a refusal the test button reads the environment; that it could not changes nothing in the text.
    let copy = Copy::of("test-module/roles-missing");
    let mut removed = String::new();
    copy.change_exchanges(|exchanges| {
        removed = call_of(
            &exchanges
                .pop()
                .expect("the last exchange reads the environment"),
        );
    });
    assert!(
        removed.ends_with("/v1/environments/b4f5e266-a946-4f77-9cc5-5dc91b046431"),
        "{removed}"
    );
    assert_eq!(
        copy.differences(),
        [format!("a call is not in the recording: {removed}")]
    );
}

#[test]
fn a_recorded_call_that_is_not_made_is_a_difference() {
    let copy = Copy::of(UNLOCK);
    let mut added = String::new();
    copy.change_exchanges(|exchanges| {
        let last = exchanges.last().expect("an exchange").clone();
        added = call_of(&last);
        exchanges.push(last);
    });
    assert_eq!(
        copy.differences(),
        [format!("a recorded call was not made: {added}")]
    );
}

#[test]
fn the_first_line_that_differs_is_shown() {
    let copy = Copy::of(UNLOCK);
    copy.change(replay::ANSWER, |answer| {
        answer.replace("emma.sharp unlocked", "emma.sharp locked")
    });
    assert_eq!(
        copy.differences(),
        [
            "line 6 of the answer should be\n  \"HumanReadable\": \"### emma.sharp locked\",\nbut is\n  \
          \"HumanReadable\": \"### emma.sharp unlocked\","
        ]
    );
}

#[test]
fn a_difference_at_the_end_is_one() {
    for change in [
        (|answer| answer + "{\n  \"type\": \"completed\"\n}\n") as fn(String) -> String,
        |answer| answer.replace("\n{\n  \"type\": \"completed\"\n}\n", "\n"),
    ] {
        let copy = Copy::of(UNLOCK);
        copy.change(replay::ANSWER, change);
        assert_eq!(copy.differences().len(), 1, "{:?}", copy.differences());
    }
}

/// Folders `a` (fine) and `b` (its answer changed) below one.
fn fine_and_different() -> TemporaryFolder {
    let both = TemporaryFolder::new();
    for (name, changed) in [("a", false), ("b", true)] {
        let copy = Copy::of(UNLOCK);
        if changed {
            copy.change(replay::ANSWER, |answer| {
                answer.replace("\"Type\": 1", "\"Type\": 2")
            });
        }
        let target = both.path().join(name);
        fs::create_dir(&target).expect("a folder");
        for file in [replay::REQUEST, replay::EXCHANGES, replay::ANSWER] {
            fs::copy(copy.path().join(file), target.join(file)).expect("a file of the case");
        }
    }
    both
}

const DIFFERENCE: &str = "        line 5 of the answer should be
          \"Type\": 2,
        but is
          \"Type\": 1,
";

#[test]
fn the_subcommand_prints_verdicts_and_fails() {
    let folder = fine_and_different();
    let path = folder.path().display().to_string();
    let output = program::run(&["replay", &path, "--quiet"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("ok      {path}/a\nDIFFERS {path}/b\n{DIFFERENCE}1 as recorded, 1 different\n")
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn the_subcommand_shows_what_the_war_room_would() {
    let folder = fine_and_different();
    let path = folder.path().display().to_string();
    let text = "        ### emma.sharp unlocked\n\n";
    let output = program::run(&["replay", &path]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!(
            "ok      {path}/a\n{text}DIFFERS {path}/b\n{DIFFERENCE}{text}1 as recorded, 1 different\n"
        )
    );
}

#[test]
fn the_subcommand_succeeds_when_all_is_as_recorded() {
    let folder = fine_and_different();
    let path = folder.path().join("a").display().to_string();
    let output = program::run(&["replay", "--quiet", &path]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        format!("ok      {path}\n1 as recorded, 0 different\n")
    );
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_subcommand_says_when_there_is_nothing_to_play() {
    let folder = TemporaryFolder::new();
    let path = folder.path().display().to_string();
    let missing = format!("{path}/missing");
    for (path, reason) in [
        (
            &path,
            "holds no case: a case is a folder with a request.json",
        ),
        (&missing, "cannot be read"),
    ] {
        let output = program::run(&["replay", path]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            stderr.starts_with(&format!("pingone-xsoar: {path} {reason}")),
            "{stderr}"
        );
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
    }
}

/// What the recording answers is what the executable would answer: a recorded request may be given to it.
#[test]
fn a_recorded_request_may_come_on_stdin() {
    let unknown = cases()
        .into_iter()
        .find(|case| case.ends_with("pingone-foo/unknown-command"))
        .expect("a case that needs no PingOne");
    let read = |name: &str| fs::read_to_string(unknown.join(name)).expect("a file of the case");
    let ended = Program::answer(&[], &read(replay::REQUEST));
    let messages: String = ended
        .messages
        .iter()
        .map(|message| serde_json::to_string_pretty(message).expect("JSON") + "\n")
        .collect();
    assert_eq!(format!("{HEADER}{messages}"), read(replay::ANSWER));
}
