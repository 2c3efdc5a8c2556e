//! Saves the record of every containment in a file, so that the user can be restored even if the terminal is closed or
//! the command was interrupted. Records hold ids, not secrets, but nobody else should read them.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::private_files;
use crate::{
    entry::Entry,
    env::Env,
    manifest::CommandName,
    operations::{
        application_records::ApplicationRecord,
        steps::{Record, Step},
    },
};
use pingone::{
    changes::{Change, ChangeState},
    memory::Bounded,
    times::to_rfc3339_millis,
};

/// Where a containment is in the context, before the condition.
const CONTEXT_PATH: &str = "PingOne.Containment(";
/// Marks a record that comes from a file: `record=@FILE`.
pub(super) const FROM_FILE: char = '@';
/// More containments than anybody finishes in a second.
const MAX_PER_SECOND: usize = 1_000;
/// Far more than the records of a containment of everybody. In bytes.
const MAX_FILE: usize = 48 * 1024 * 1024;

/// The folder for records: in `XDG_STATE_HOME`, by default ~/.local/state, or else the current one.
/// <https://specifications.freedesktop.org/basedir-spec/latest/>
pub(super) fn folder(env: &Env) -> PathBuf {
    let absolute = |name| {
        let path = env.variable(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local").join("state")));
    state.map_or_else(PathBuf::new, |state| state.join("pingone-xsoar"))
}

/// The containments in the entries of a command, without those of dry runs.
pub(super) fn from_entries(entries: &[Entry]) -> Vec<Value> {
    let contexts = entries.iter().filter_map(|entry| match entry {
        Entry::Note(note) => note.entry_context.as_ref(),
        Entry::Incidents(_) | Entry::Error(_) => None,
    });
    let values = contexts
        .flatten()
        .filter(|(key, _)| key.starts_with(CONTEXT_PATH))
        .flat_map(|(_, value)| match value {
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        });
    let is_real = |containment: &Value| {
        containment.get("DryRun") != Some(&Value::Bool(true))
            && containment.get("Record").is_some_and(Value::is_object)
    };
    values.filter(is_real).collect()
}

/// What an interrupted containment changed, or may have changed, from the requests that it sent. When an earlier lock of
/// an account would have ended is not among them.
pub(super) fn from_changes(changes: &[Change], at: Timestamp) -> Vec<Value> {
    let mut records: BTreeMap<&str, Record> = BTreeMap::new();
    let mut applications: BTreeMap<&str, ApplicationRecord> = BTreeMap::new();
    for Change { call, state } in changes {
        let is_confirmed = matches!(state, ChangeState::Answered(200..=299));
        if !is_confirmed && !state.is_unknown() {
            continue;
        }
        let Some((method, path)) = call.split_once(' ') else {
            continue;
        };
        if let Some((_, path)) = path.split_once("/applications/") {
            let path: Vec<&str> = path.split('/').collect();
            if let [application, ref target @ ..] = path[..] {
                let record = applications.entry(application).or_default();
                note_application(record, method, target, is_confirmed);
            }
            continue;
        }
        let Some((_, path)) = path.split_once("/users/") else {
            continue;
        };
        let path: Vec<&str> = path.split('/').collect();
        if let [user, ref target @ ..] = path[..] {
            note(
                records.entry(user).or_default(),
                method,
                target,
                is_confirmed,
            );
        }
    }
    let users = records.into_iter().map(|(id, record)| (id, json!(record)));
    let applications = applications.into_iter();
    let applications = applications.map(|(id, record)| (id, json!(record)));
    let containments = users.chain(applications);
    containments
        .map(|(id, record)| json!({"ID": id, "At": to_rfc3339_millis(at), "Record": record}))
        .collect()
}

/// Adds a change to the record of its application.
fn note_application(
    record: &mut ApplicationRecord,
    method: &str,
    target: &[&str],
    is_confirmed: bool,
) {
    let step = match (method, target) {
        ("PUT", []) => {
            record.disabled = true;
            Step::DisableApplication
        }
        ("POST", ["secret"]) => {
            record.secret_rotated = true;
            Step::RotateSecret
        }
        ("DELETE", ["roleAssignments", id]) => {
            record.unknown_roles.push((*id).to_owned());
            return;
        }
        _ => return,
    };
    if !is_confirmed {
        record.unconfirmed_steps.push(step.name().to_owned());
    }
}

/// Adds a change to the record of its user.
fn note(record: &mut Record, method: &str, target: &[&str], is_confirmed: bool) {
    let mut step = |step: Step| {
        if !is_confirmed && !record.unconfirmed_steps.iter().any(|of| of == step.name()) {
            record.unconfirmed_steps.push(step.name().to_owned());
        }
    };
    match (method, target) {
        ("POST", []) => {
            step(Step::Lock);
            record.locked = true;
        }
        ("PUT", ["enabled"]) => {
            step(Step::Disable);
            record.disabled = true;
        }
        ("PUT", ["password"]) => {
            step(Step::SetPassword);
            record.password_replaced = true;
        }
        ("POST", ["password"]) => {
            step(Step::ForceChange);
            record.change_forced = true;
        }
        ("DELETE", ["sessions", _]) if is_confirmed => record.ended_sessions += 1,
        ("DELETE", ["sessions", id]) => record.unconfirmed_sessions.push((*id).to_owned()),
        ("DELETE", ["devices", id]) if is_confirmed => {
            record.deleted_devices.push((*id).to_owned());
        }
        ("DELETE", ["devices", id]) => record.unconfirmed_devices.push((*id).to_owned()),
        ("DELETE", ["memberOfGroups", id]) if is_confirmed => {
            record.left_groups.push((*id).to_owned());
        }
        ("DELETE", ["memberOfGroups", id]) => record.unconfirmed_groups.push((*id).to_owned()),
        // Which role it was, the call does not say.
        ("DELETE", ["roleAssignments", id]) if is_confirmed => {
            record.removed_roles.push(format!("assignment {id}"));
        }
        ("DELETE", ["roleAssignments", id]) => {
            record.unconfirmed_roles.push(format!("assignment {id}"));
        }
        _ => {}
    }
}

/// The command that undoes the containments of a command, which are all of users or all of applications.
pub(super) fn undone_by(containments: &[Value]) -> CommandName {
    let is_of_application = |one: &Value| one.pointer("/Record/SecretRotated").is_some();
    if containments.iter().any(is_of_application) {
        CommandName::RestoreApplication
    } else {
        CommandName::RestoreUser
    }
}

/// Writes containments to a new file in `folder` that only its owner can read.
pub(super) fn save(folder: &Path, containments: &[Value], at: Timestamp) -> Result<PathBuf> {
    if !folder.as_os_str().is_empty() {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let text = serde_json::to_string_pretty(containments)? + "\n";
    let time = at.strftime("%Y%m%dT%H%M%SZ");
    for number in 1..=MAX_PER_SECOND {
        let suffix = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        let path = folder.join(format!("containment-{time}{suffix}.json"));
        let written = private_files::create(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        });
        match written {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            written => {
                written.with_context(|| format!("cannot write {}", path.display()))?;
                return Ok(path);
            }
        }
    }
    bail!(
        "there are too many records of {time} in {}",
        folder.display()
    )
}

/// Reads a file of containments: a single one, or a list.
pub(super) fn load(path: &str) -> Result<Value> {
    let bytes = fs::read(path).with_context(|| format!("cannot read the record in {path}"))?;
    let Bounded::<MAX_FILE>(value) = serde_json::from_slice(&bytes)
        .with_context(|| format!("the record in {path} is not JSON"))?;
    let items: Vec<&Map<String, Value>> = match &value {
        Value::Array(items) => items.iter().filter_map(Value::as_object).collect(),
        one => one.as_object().into_iter().collect(),
    };
    ensure!(
        !items.is_empty() && items.iter().all(|item| item.contains_key("Record")),
        "{path} does not contain the record of a containment"
    );
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-03-04T10:00:00Z";
    const USER: &str = "/v1/environments/e/users/u1";

    fn change(call: &str, state: ChangeState) -> Change {
        Change {
            call: call.to_owned(),
            state,
        }
    }

    #[test]
    fn an_interrupted_containment_leaves_what_it_changed() {
        let changes = [
            change(&format!("POST {USER}"), ChangeState::Answered(200)),
            change(&format!("PUT {USER}/enabled"), ChangeState::InFlight),
            change(
                &format!("DELETE {USER}/sessions/s1"),
                ChangeState::Answered(204),
            ),
            change(
                &format!("DELETE {USER}/devices/d1"),
                ChangeState::Answered(403),
            ),
            change(
                &format!("DELETE {USER}/devices/d2"),
                ChangeState::Unanswered,
            ),
            change(
                &format!("DELETE {USER}/memberOfGroups/g1"),
                ChangeState::Answered(204),
            ),
            change(
                "PUT /v1/environments/e/users/u2/enabled",
                ChangeState::Unsent,
            ),
        ];
        let records = from_changes(&changes, AT.parse().expect("a time"));
        assert_eq!(undone_by(&records), CommandName::RestoreUser);
        assert_eq!(
            Value::from(records),
            json!([{
                "ID": "u1",
                "At": "2026-03-04T10:00:00.000Z",
                "Record": {
                    "Disabled": true,
                    "Locked": true,
                    "LeftGroups": ["g1"],
                    "PasswordReplaced": false,
                    "ChangeForced": false,
                    "DeletedDevices": [],
                    "UnconfirmedDevices": ["d2"],
                    "EndedSessions": 1,
                    "UnconfirmedSteps": ["disable"],
                }
            }])
        );
    }

    #[test]
    fn an_interrupted_containment_of_an_application_leaves_what_it_changed() {
        const APPLICATION: &str = "/v1/environments/e/applications/a1";
        let changes = [
            change(
                &format!("DELETE {APPLICATION}/roleAssignments/r1"),
                ChangeState::Answered(204),
            ),
            change(&format!("PUT {APPLICATION}"), ChangeState::Answered(200)),
            change(&format!("POST {APPLICATION}/secret"), ChangeState::InFlight),
        ];
        let records = from_changes(&changes, AT.parse().expect("a time"));
        assert_eq!(undone_by(&records), CommandName::RestoreApplication);
        assert_eq!(
            Value::from(records),
            json!([{
                "ID": "a1",
                "At": "2026-03-04T10:00:00.000Z",
                "Record": {
                    "Disabled": true,
                    "RemovedRoles": [],
                    "UnknownRoles": ["r1"],
                    "SecretRotated": true,
                    "UnconfirmedSteps": ["rotateSecret"],
                }
            }])
        );
    }

    #[test]
    fn records_go_to_the_state_folder() {
        for (env, expected) in [
            (
                Env::from([("XDG_STATE_HOME", "/s"), ("HOME", "/h")]),
                "/s/pingone-xsoar",
            ),
            (
                Env::from([("XDG_STATE_HOME", "s"), ("HOME", "/h")]),
                "/h/.local/state/pingone-xsoar",
            ),
            (Env::from([("HOME", "")]), ""),
        ] {
            assert_eq!(folder(&env), PathBuf::from(expected));
        }
    }

    #[test]
    fn a_saved_record_can_be_loaded_and_is_never_overwritten() {
        let folder = std::env::temp_dir().join(format!("pingone-record-{}", std::process::id()));
        let at = AT.parse().expect("a time");
        let containments = [json!({"ID": "u1", "Record": {"Disabled": true}})];
        for name in [
            "containment-20260304T100000Z.json",
            "containment-20260304T100000Z-2.json",
        ] {
            let path = save(&folder, &containments, at).expect("it is saved");
            assert_eq!(path, folder.join(name));
            let loaded = load(path.to_str().expect("UTF-8")).expect("it can be loaded");
            assert_eq!(loaded, json!(containments));
        }
        let other = folder.join("other.json");
        fs::write(&other, "[{}]").expect("a file");
        assert!(load(other.to_str().expect("UTF-8")).is_err());
        fs::remove_dir_all(&folder).expect("a temporary folder");
    }
}
