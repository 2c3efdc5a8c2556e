//! `pingone-restore-user`: undoes what the records of containments say, as far as PingOne lets it be undone, and says
//! what cannot be undone.

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    accounts::{self, is_locked, lock_end_of, lock_one, set_enabled},
    groups::{Joined, join},
    many::Target,
    steps::{
        ALREADY, BLOCKED, Contained, DONE, Done, FAILED, NOT_UNDONE, NotAll, PLANNED, Record,
        THE_USER, Taken, report,
    },
};
use crate::{entry::Output, invocation::Invocation, manifest::Arg};
use pingone::{
    id::{GroupId, UserId},
    times::written,
    users::User,
};

const RESTORATION: &str = "PingOne.Restoration(val.ID && val.ID === obj.ID && val.At === obj.At)";

/// `pingone-restore-user`
pub(super) async fn restore(cx: &Invocation<'_>) -> Result<Output> {
    let records = records(cx.args.list(Arg::Record))?;
    let dry_run = cx.args.flag(Arg::DryRun)?;
    if dry_run {
        cx.pingone.only_plan();
    }
    let outcomes = cx
        .for_each_user(async |target| restore_one(cx, target, &records).await)
        .await?;
    let title = if dry_run {
        "Restoration, as it would be"
    } else {
        "Restoration"
    };
    Ok(report(cx, title, RESTORATION, &outcomes))
}

/// A containment as its command put it into the context.
#[derive(Deserialize)]
struct Containment {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "DryRun", default)]
    is_dry_run: bool,
    #[serde(rename = "Record")]
    record: Record,
}

fn records(texts: &[String]) -> Result<Vec<Containment>> {
    let read = |text: &String| {
        serde_json::from_str(text)
            .context("The argument 'record' is no record of a containment: give what stands under PingOne.Containment in the context")
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
    fn is_certain(&self, step: &str, what: fn(&Record) -> bool) -> bool {
        let is_unconfirmed = |record: &Record| record.unconfirmed_steps.iter().any(|of| of == step);
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

async fn restore_one(
    cx: &Invocation<'_>,
    mut target: Target,
    containments: &[Containment],
) -> Result<Contained> {
    let id = target.id;
    let records = records_of(id, containments)?;
    let mut user = cx.user_of(&mut target).await?;
    let mut taken = Vec::new();
    let mut note = |step, result| {
        let step = Taken::of(cx, id, step, result);
        let outcome = step.outcome;
        taken.push(step);
        outcome
    };
    // PingOne locks and unlocks only enabled users.
    let mut once_enabled = false;
    if records.any(|record| record.disabled)
        && [DONE, PLANNED].contains(&note("enable", enable(cx, &user).await))
    {
        once_enabled = true;
        user.fields.enabled = Some(true);
    }
    if records.any(|record| record.locked) {
        note("unlock", unlock(cx, &user, once_enabled).await);
    } else if let Some(until) = records.lock_end_before() {
        note("lock", relock(cx, &user, until, once_enabled).await);
    }
    let is_read_back = taken.iter().any(|taken| taken.outcome == DONE);
    let mut groups = records.ids(|record| &record.left_groups);
    groups.extend(records.ids(|record| &record.unconfirmed_groups));
    if !groups.is_empty() {
        let joined = join_groups(cx, id, &groups).await;
        taken.push(Taken::of(cx, id, "joinGroups", joined));
    }
    taken.extend(not_undone(cx, id, &records));
    if taken.is_empty() {
        let nothing = "the containment changed nothing that would have to be undone";
        let nothing = Ok(Done::new(ALREADY, nothing));
        taken.push(Taken::of(cx, id, "none", nothing));
    }
    let state = if is_read_back {
        cx.pingone.read_user(id).await.map_err(anyhow::Error::from)
    } else {
        Ok(user)
    };
    let blocked = match state {
        Ok(user) => still_blocked(cx, &user, &records, &taken).map(Ok),
        Err(error) => Some(Err(error.context("the user could not be read back"))),
    };
    taken.extend(blocked.map(|blocked| Taken::of(cx, id, "signOn", blocked)));
    Ok(Contained {
        taken,
        record: None,
    })
}

/// What still keeps the user from signing on, and how to undo that. A restoration does not do so by itself: somebody
/// had a reason for it.
fn still_blocked(
    cx: &Invocation<'_>,
    user: &User,
    records: &Records<'_>,
    taken: &[Taken],
) -> Option<Done> {
    let is = |step, outcome| {
        let mut taken = taken.iter();
        taken.any(|taken| taken.step == step && taken.outcome == outcome)
    };
    let username = user.fields.username.as_deref();
    let mut reasons = Vec::new();
    // A step that failed says so by itself.
    if user.fields.enabled == Some(false) && !is("enable", FAILED) {
        let how = if records.any(|record| record.disabled) {
            "disabled again, although it was enabled a moment ago"
        } else {
            "still disabled, not by this containment"
        };
        let undo = war_room_line("pingone-activate-user", username);
        reasons.push(format!("{how}: {undo}"));
    }
    let end_before = records.lock_end_before();
    let is_over = end_before.is_some_and(|end| end <= cx.pingone.now());
    let will_be_unlocked = is("unlock", PLANNED) || is("lock", PLANNED) && is_over;
    let has_failed = is("unlock", FAILED) || is("lock", FAILED);
    if is_locked(&user.fields) && !will_be_unlocked && !has_failed {
        let end = if is("lock", PLANNED) {
            end_before
        } else {
            lock_end_of(cx, user)
        };
        let until = end.map(|end| format!(" until {}", written(end)));
        let until = until.unwrap_or_default();
        let undo = war_room_line("pingone-unlock-user", username);
        reasons.push(match end_before {
            _ if records.any(|record| record.locked) => {
                format!("locked again{until}, although it was unlocked a moment ago: {undo}")
            }
            Some(_) => format!("still locked{until}, as before the containment: {undo}"),
            None => format!("still locked{until}, not by this containment: {undo}"),
        });
    }
    (!reasons.is_empty()).then(|| Done::new(BLOCKED, reasons.join("\n")))
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
fn not_undone(cx: &Invocation<'_>, id: UserId, records: &Records<'_>) -> Vec<Taken> {
    let mut taken = Vec::new();
    let mut note = |step, detail: &str| {
        taken.push(Taken::of(cx, id, step, Ok(Done::new(NOT_UNDONE, detail))));
    };
    if records.any(|record| record.password_replaced) {
        note(
            "setPassword",
            if records.is_certain("setPassword", |record| record.password_replaced) {
                "the old password is not known to anyone but its owner: set a new one with pingone-set-password"
            } else {
                "the password may have been replaced by one that nobody knows: if the old one does not work, set a new one with pingone-set-password"
            },
        );
    }
    if records.any(|record| record.change_forced) {
        note(
            "forceChange",
            if records.is_certain("forceChange", |record| record.change_forced) {
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
        note("removeDevices", &told);
    }
    let ended: u64 = records.0.iter().map(|record| record.ended_sessions).sum();
    let ended = (ended > 0).then(|| format!("{ended} sessions ended; the user signs on again"));
    let unconfirmed = records.ids(|record| &record.unconfirmed_sessions);
    let unconfirmed = (!unconfirmed.is_empty()).then(|| {
        let ids = unconfirmed.join(", ");
        format!("may have been ended: {ids}; look with pingone-list-sessions")
    });
    if let Some(told) = joined(ended, unconfirmed) {
        note("endSessions", &told);
    }
    taken
}

fn joined(certain: Option<String>, unconfirmed: Option<String>) -> Option<String> {
    let parts: Vec<String> = certain.into_iter().chain(unconfirmed).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

async fn enable(cx: &Invocation<'_>, before: &User) -> Result<Done> {
    if before.fields.enabled == Some(true) {
        return Ok(Done::new(ALREADY, "was enabled"));
    }
    set_enabled(cx, (before.id, THE_USER), true).await?;
    Ok(Done::new(DONE, "enabled"))
}

async fn unlock(cx: &Invocation<'_>, before: &User, once_enabled: bool) -> Result<Done> {
    if !is_locked(&before.fields) {
        return Ok(Done::new(ALREADY, "was not locked"));
    }
    accounts::unlock(cx, (before.id, THE_USER), once_enabled).await?;
    Ok(Done::new(DONE, "unlocked"))
}

/// Gives a lock the end that it had before the containment.
async fn relock(
    cx: &Invocation<'_>,
    before: &User,
    until: Timestamp,
    once_enabled: bool,
) -> Result<Done> {
    if until <= cx.pingone.now() {
        return unlock(cx, before, once_enabled).await;
    }
    let change = lock_one(cx, before, Some(until), once_enabled).await?;
    Ok(Done::from(&change))
}

async fn join_groups(cx: &Invocation<'_>, id: UserId, groups: &[&str]) -> Result<Done> {
    let (mut joined, mut failed) = (0_usize, Vec::new());
    // PingOne refuses who is in a group already; where nothing is sent, that has to be looked up.
    let in_already = if cx.pingone.only_plans() {
        cx.pingone.direct_groups(id).await?.1
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
        match join(cx, id, group).await {
            Ok(Joined::Now(_)) => joined += 1,
            Ok(Joined::Already) => {}
            Err(error) => failed.push(format!("{group}: {}", cx.explain(&error.into()))),
        }
    }
    if !failed.is_empty() {
        let failed = failed.join("; ");
        return Err(NotAll(format!("groups joined: {joined}; not joined: {failed}")).into());
    }
    Ok(if joined == 0 {
        Done::new(ALREADY, "was in all of them")
    } else {
        Done::new(DONE, format!("{joined} joined"))
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
