//! Restores a user: undoes what the records of containments say, as far as PingOne lets it be undone, and says what
//! cannot be undone.

use anyhow::{Result, anyhow, bail, ensure};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    accounts::{self, EnabledSince, Subject, is_locked, lock, lock_end_of},
    find::Target,
    memberships::{JoinOutcome, join},
    steps::{
        NotAll, Record, Step, StepOutcome, StepReport, StepResult, THE_USER, UserReport, explain,
    },
};
use crate::manifest::CommandName;
use pingone::{
    Client,
    id::{GroupId, UserId},
    times::to_rfc3339_millis,
    users::User,
};

/// A containment as its command put it into the context.
#[derive(Deserialize)]
pub struct Containment {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "DryRun", default)]
    is_dry_run: bool,
    #[serde(rename = "Record")]
    record: Record,
}

/// Reads the records of containments.
pub fn records(texts: &[String]) -> Result<Vec<Containment>> {
    let read = |text: &String| {
        serde_json::from_str(text).map_err(|_| {
            anyhow!("'record' must be the JSON from PingOne.Containment (in a playbook: ${{PingOne.Containment}}).")
        })
    };
    texts.iter().map(read).collect()
}

/// What all containments of this user changed; those that were dry runs changed nothing.
fn records_of(user: UserId, containments: &[Containment]) -> Result<Records<'_>> {
    let id = user.to_string();
    let own = containments.iter().filter(|of| of.id == id);
    let (dry_runs, real): (Vec<_>, Vec<_>) = own.partition(|own| own.is_dry_run);
    ensure!(
        !real.is_empty() || dry_runs.is_empty(),
        "The record of this user is of a dry run, which changed nothing, so there is nothing to undo. Give the record of the containment itself."
    );
    ensure!(
        !real.is_empty(),
        "None of the given records is of this user: what was changed is not known, so nothing was undone."
    );
    Ok(Records(
        real.into_iter()
            .map(|containment| &containment.record)
            .collect(),
    ))
}

/// The records of one user, taken together.
struct Records<'a>(Vec<&'a Record>);

impl Records<'_> {
    fn any(&self, what: fn(&Record) -> bool) -> bool {
        self.0.iter().any(|record| what(record))
    }

    /// Whether it is certain of at least one record that says so.
    fn is_certain(&self, step: Step, what: fn(&Record) -> bool) -> bool {
        let is_unconfirmed =
            |record: &Record| record.unconfirmed_steps.iter().any(|of| of == step.name());
        let mut records = self.0.iter();
        records.any(|record| what(record) && !is_unconfirmed(record))
    }

    fn ids(&self, what: fn(&Record) -> &Vec<String>) -> Vec<&str> {
        let ids = self.0.iter().flat_map(|record| what(record));
        ids.map(String::as_str).collect()
    }

    /// When the lock ended that was there before. Each containment only prolongs, so the first end was there before
    /// all of them.
    fn lock_end_before(&self) -> Option<Timestamp> {
        let ends = self
            .0
            .iter()
            .filter_map(|record| record.locked_until_before);
        ends.min()
    }
}

/// Undoes, for one user, what the `containments` of it changed.
pub async fn restore(
    pingone: &Client<'_>,
    target: Target,
    containments: &[Containment],
) -> Result<UserReport> {
    let id = target.id;
    let records = records_of(id, containments)?;
    let mut user = target.into_user(pingone).await?;
    let mut steps = let_in(pingone, &mut user, &records).await;
    let is_read_back = steps.iter().any(|step| step.outcome == StepOutcome::Done);
    let mut groups = records.ids(|record| &record.left_groups);
    groups.extend(records.ids(|record| &record.unconfirmed_groups));
    if !groups.is_empty() {
        let joined = join_groups(pingone, id, &groups).await;
        steps.push(StepReport::new(pingone, id, Step::JoinGroups, joined));
    }
    steps.extend(not_undone(pingone, id, &records));
    if steps.is_empty() {
        let nothing = "the containment changed nothing that would have to be undone";
        let nothing = Ok(StepResult::new(StepOutcome::Already, nothing));
        steps.push(StepReport::new(pingone, id, Step::Nothing, nothing));
    }
    let state = if is_read_back {
        pingone.read_user(id).await.map_err(anyhow::Error::from)
    } else {
        Ok(user)
    };
    let blocked = match state {
        Ok(user) => still_blocked(pingone, &user, &records, &steps).map(Ok),
        Err(error) => Some(Err(error.context("the user could not be read back"))),
    };
    steps.extend(blocked.map(|blocked| StepReport::new(pingone, id, Step::SignOn, blocked)));
    Ok(UserReport {
        steps,
        record: None,
    })
}

/// Enables and unlocks the user, where a containment had it otherwise. PingOne locks and unlocks only enabled users.
async fn let_in(pingone: &Client<'_>, user: &mut User, records: &Records<'_>) -> Vec<StepReport> {
    let id = user.id;
    let mut steps = Vec::new();
    let mut enabled = EnabledSince::Before;
    if records.any(|record| record.disabled) {
        let step = StepReport::new(pingone, id, Step::Enable, enable(pingone, user).await);
        if matches!(step.outcome, StepOutcome::Done | StepOutcome::Planned) {
            enabled = EnabledSince::JustNow;
            user.fields.enabled = Some(true);
        }
        steps.push(step);
    }
    if records.any(|record| record.locked) {
        let result = unlock(pingone, user, enabled).await;
        steps.push(StepReport::new(pingone, id, Step::Unlock, result));
    } else if let Some(until) = records.lock_end_before() {
        let result = relock(pingone, user, until, enabled).await;
        steps.push(StepReport::new(pingone, id, Step::Lock, result));
    }
    steps
}

/// What still keeps the user from signing on, and how to undo that. A restoration does not do so by itself: somebody
/// had a reason for it.
fn still_blocked(
    pingone: &Client<'_>,
    user: &User,
    records: &Records<'_>,
    steps: &[StepReport],
) -> Option<StepResult> {
    let is = |step, outcome| {
        let mut steps = steps.iter();
        steps.any(|taken| taken.step == step && taken.outcome == outcome)
    };
    let username = user.fields.username.as_deref();
    let mut reasons = Vec::new();
    // A step that failed says so by itself.
    if user.fields.enabled == Some(false) && !is(Step::Enable, StepOutcome::Failed) {
        let how = if records.any(|record| record.disabled) {
            "disabled again, although it was enabled a moment ago"
        } else {
            "still disabled, not by this containment"
        };
        let undo = war_room_line(CommandName::ActivateUser.name(), username);
        reasons.push(format!("{how}: {undo}"));
    }
    let end_before = records.lock_end_before();
    let is_over = end_before.is_some_and(|end| end <= pingone.now());
    let will_be_unlocked =
        is(Step::Unlock, StepOutcome::Planned) || is(Step::Lock, StepOutcome::Planned) && is_over;
    let has_failed = is(Step::Unlock, StepOutcome::Failed) || is(Step::Lock, StepOutcome::Failed);
    if is_locked(&user.fields) && !will_be_unlocked && !has_failed {
        let end = if is(Step::Lock, StepOutcome::Planned) {
            end_before
        } else {
            lock_end_of(pingone, user)
        };
        let until = end.map(|end| format!(" until {}", to_rfc3339_millis(end)));
        let until = until.unwrap_or_default();
        let undo = war_room_line(CommandName::UnlockUser.name(), username);
        reasons.push(match end_before {
            _ if records.any(|record| record.locked) => {
                format!("locked again{until}, although it was unlocked a moment ago: {undo}")
            }
            Some(_) => format!("still locked{until}, as before the containment: {undo}"),
            None => format!("still locked{until}, not by this containment: {undo}"),
        });
    }
    (!reasons.is_empty()).then(|| StepResult::new(StepOutcome::Blocked, reasons.join("\n")))
}

/// A command about a user as it is typed in the War Room.
fn war_room_line(command: &str, username: Option<&str>) -> String {
    let Some(username) = username else {
        return format!("!{command}");
    };
    let is_plain = |c: char| c.is_alphanumeric() || "._-@+".contains(c);
    if !username.is_empty() && username.chars().all(is_plain) {
        return format!("!{command} username={username}");
    }
    let quoted = username.replace('\\', "\\\\").replace('"', "\\\"");
    format!("!{command} username=\"{quoted}\"")
}

/// What cannot be undone, or perhaps need not be.
fn not_undone(pingone: &Client<'_>, id: UserId, records: &Records<'_>) -> Vec<StepReport> {
    let mut steps = Vec::new();
    let mut note = |step, detail: &str| {
        steps.push(StepReport::new(
            pingone,
            id,
            step,
            Ok(StepResult::new(StepOutcome::NotUndone, detail)),
        ));
    };
    if records.any(|record| record.password_replaced) {
        note(
            Step::SetPassword,
            if records.is_certain(Step::SetPassword, |record| record.password_replaced) {
                "the old password is not known to anyone but its owner: set a new one with pingone-set-password"
            } else {
                "the password may have been replaced by one that nobody knows: if the old one does not work, set a new one with pingone-set-password"
            },
        );
    }
    if records.any(|record| record.change_forced) {
        note(
            Step::ForceChange,
            if records.is_certain(Step::ForceChange, |record| record.change_forced) {
                "the user must still change the password at the next sign-on; a new one, set with pingone-set-password and forceChange=false, would end that"
            } else {
                "the user may have to change the password at the next sign-on: look with pingone-read-password-state"
            },
        );
    }
    let deleted = records.ids(|record| &record.deleted_devices).len();
    let deleted =
        (deleted > 0).then(|| format!("{deleted} devices have to be paired again by the user"));
    let unconfirmed = records.ids(|record| &record.unconfirmed_devices);
    let unconfirmed = (!unconfirmed.is_empty()).then(|| {
        let ids = unconfirmed.join(", ");
        format!("may have been deleted, and then have to be paired again: {ids}; look with pingone-list-mfa-devices")
    });
    if let Some(told) = joined(deleted, unconfirmed) {
        note(Step::RemoveDevices, &told);
    }
    let ended: u64 = records.0.iter().map(|record| record.ended_sessions).sum();
    let ended = (ended > 0).then(|| format!("{ended} sessions ended; the user signs on again"));
    let unconfirmed = records.ids(|record| &record.unconfirmed_sessions);
    let unconfirmed = (!unconfirmed.is_empty()).then(|| {
        let ids = unconfirmed.join(", ");
        format!("may have been ended: {ids}; look with pingone-list-sessions")
    });
    if let Some(told) = joined(ended, unconfirmed) {
        note(Step::EndSessions, &told);
    }
    steps
}

fn joined(certain: Option<String>, unconfirmed: Option<String>) -> Option<String> {
    let parts: Vec<String> = certain.into_iter().chain(unconfirmed).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn subject(user: &User) -> Subject<'static> {
    Subject {
        id: user.id,
        label: THE_USER,
    }
}

async fn enable(pingone: &Client<'_>, before: &User) -> Result<StepResult> {
    if before.fields.enabled == Some(true) {
        return Ok(StepResult::new(StepOutcome::Already, "was enabled"));
    }
    accounts::enable(pingone, subject(before)).await?;
    Ok(StepResult::new(StepOutcome::Done, "enabled"))
}

async fn unlock(pingone: &Client<'_>, before: &User, enabled: EnabledSince) -> Result<StepResult> {
    if !is_locked(&before.fields) {
        return Ok(StepResult::new(StepOutcome::Already, "was not locked"));
    }
    accounts::unlock(pingone, subject(before), enabled).await?;
    Ok(StepResult::new(StepOutcome::Done, "unlocked"))
}

/// Gives a lock the end that it had before the containment.
async fn relock(
    pingone: &Client<'_>,
    before: &User,
    until: Timestamp,
    enabled: EnabledSince,
) -> Result<StepResult> {
    if until <= pingone.now() {
        return unlock(pingone, before, enabled).await;
    }
    let change = lock(pingone, before, Some(until), enabled).await?;
    Ok(change.into())
}

async fn join_groups(pingone: &Client<'_>, id: UserId, groups: &[&str]) -> Result<StepResult> {
    let (mut joined, mut failed) = (0_usize, Vec::new());
    // PingOne refuses who is in a group already; where nothing is sent, that has to be looked up.
    let in_already = if pingone.is_dry_run() {
        pingone.direct_groups(id).await?.1
    } else {
        Vec::new()
    };
    for group in groups {
        let Ok(group) = group.parse::<GroupId>() else {
            bail!("The record names a group that is no id: {group}.")
        };
        if in_already.iter().any(|known| known.group == group) {
            continue;
        }
        match join(pingone, id, group).await {
            Ok(JoinOutcome::Added(_)) => joined += 1,
            Ok(JoinOutcome::AlreadyMember) => {}
            Err(error) => failed.push(format!("{group}: {}", explain(&error.into()))),
        }
    }
    if !failed.is_empty() {
        let failed = failed.join("; ");
        return Err(NotAll(format!("groups joined: {joined}; not joined: {failed}")).into());
    }
    Ok(if joined == 0 {
        StepResult::new(StepOutcome::Already, "was in all of them")
    } else {
        StepResult::new(StepOutcome::Done, format!("{joined} joined"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let record = Record {
            disabled: true,
            left_groups: vec!["g".to_owned()],
            ..Record::default()
        };
        let text = json!({"ID": "u", "At": "t", "Record": record}).to_string();
        let read = records(&[text]).expect("a record");
        let read = &read[0].record;
        assert!(read.disabled && read.left_groups == ["g"] && !read.locked);
        assert!(records(&["{}".to_owned()]).is_err() && records(&["emma".to_owned()]).is_err());
    }

    #[test]
    fn a_command_names_its_user_so_that_it_can_be_typed() {
        for (username, line) in [
            ("emma.sharp", "!c username=emma.sharp"),
            ("emma+1@example.com", "!c username=emma+1@example.com"),
            ("emma sharp", r#"!c username="emma sharp""#),
            (
                r#"emma "em" \sharp"#,
                r#"!c username="emma \"em\" \\sharp""#,
            ),
            ("emma=sharp", r#"!c username="emma=sharp""#),
            ("", r#"!c username="""#),
        ] {
            assert_eq!(war_room_line("c", Some(username)), line);
        }
        assert_eq!(war_room_line("c", None), "!c");
    }
}
