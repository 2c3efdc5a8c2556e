//! `pingone-restore-user`: undoes what the records of containments say, as far as PingOne lets it be undone, and says
//! what cannot be undone.

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    Context,
    accounts::{self, is_locked, lock_one, set_enabled},
    groups::{Joined, join},
    many::Target,
    steps::{
        ALREADY, Contained, DONE, Done, NOT_UNDONE, NotAll, PLANNED, Record, THE_USER, Taken,
        report,
    },
};
use crate::{
    entry::Output,
    pingone::{
        id::{GroupId, UserId},
        users::User,
    },
};

const RESTORATION: &str = "PingOne.Restoration(val.ID && val.ID === obj.ID && val.At === obj.At)";

/// `pingone-restore-user`
pub(super) async fn restore(cx: &Context<'_>) -> Result<Output> {
    let records = records(cx.args.list("record"))?;
    let dry_run = cx.args.flag("dryRun")?;
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

/// The records of containments, each with the user that it is of.
fn records(texts: &[String]) -> Result<Vec<(String, Record)>> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(rename = "ID")]
        id: String,
        #[serde(rename = "Record")]
        record: Record,
    }
    let read = |text: &String| {
        let Entry { id, record } = serde_json::from_str(text)
            .context("The argument 'record' is no record of a containment: give what stands under PingOne.Containment in the context")?;
        Ok((id, record))
    };
    texts.iter().map(read).collect()
}

async fn restore_one(
    cx: &Context<'_>,
    mut target: Target,
    records: &[(String, Record)],
) -> Result<Contained> {
    let id = target.id;
    let own: Vec<&Record> = records
        .iter()
        .filter(|(of, _)| *of == id.to_string())
        .map(|(_, record)| record)
        .collect();
    ensure!(
        !own.is_empty(),
        "None of the given records is of this user: what was changed is not known, so nothing was undone."
    );
    let mut user = cx.user_of(&mut target).await?;
    let any = |what: fn(&Record) -> bool| own.iter().any(|record| what(record));
    let mut taken = Vec::new();
    // PingOne locks and unlocks only enabled users.
    let mut once_enabled = false;
    if any(|record| record.disabled) {
        let enabled = Taken::of(cx, id, "enable", enable(cx, &user).await);
        if [DONE, PLANNED].contains(&enabled.outcome) {
            once_enabled = true;
            user.fields.enabled = Some(true);
        }
        taken.push(enabled);
    }
    let mut note = |step, result| taken.push(Taken::of(cx, id, step, result));
    let ends = own.iter().filter_map(|record| record.locked_until_before);
    if any(|record| record.locked) {
        note("unlock", unlock(cx, &user, once_enabled).await);
    } else if let Some(until) = ends.min() {
        // Each containment only prolongs, so the first end was there before all of them.
        note("lock", relock(cx, &user, until, once_enabled).await);
    }
    let groups: Vec<&String> = own.iter().flat_map(|record| &record.left_groups).collect();
    if !groups.is_empty() {
        note("joinGroups", join_groups(cx, id, &groups).await);
    }
    let cannot = |detail: String| Ok(Done::new(NOT_UNDONE, detail));
    if any(|record| record.password_replaced) {
        note("setPassword", cannot("the old password is not known to anyone but its owner: set a new one with pingone-set-password".to_owned()));
    }
    if any(|record| record.change_forced) {
        note("forceChange", cannot("the user must still change the password at the next sign-on; a new one, set with pingone-set-password and forceChange=false, would end that".to_owned()));
    }
    let devices: usize = own.iter().map(|record| record.deleted_devices.len()).sum();
    if devices > 0 {
        note(
            "removeDevices",
            cannot(format!(
                "{devices} devices have to be paired again by the user"
            )),
        );
    }
    let sessions: u64 = own.iter().map(|record| record.ended_sessions).sum();
    if sessions > 0 {
        note(
            "endSessions",
            cannot(format!(
                "{sessions} sessions ended; the user signs on again"
            )),
        );
    }
    if taken.is_empty() {
        let nothing = "the containment changed nothing that would have to be undone";
        let nothing = Ok(Done::new(ALREADY, nothing));
        taken.push(Taken::of(cx, id, "none", nothing));
    }
    Ok(Contained {
        taken,
        record: None,
    })
}

async fn enable(cx: &Context<'_>, before: &User) -> Result<Done> {
    if before.fields.enabled == Some(true) {
        return Ok(Done::new(ALREADY, "was enabled"));
    }
    set_enabled(cx, (before.id, THE_USER), true).await?;
    Ok(Done::new(DONE, "enabled"))
}

async fn unlock(cx: &Context<'_>, before: &User, once_enabled: bool) -> Result<Done> {
    if !is_locked(&before.fields) {
        return Ok(Done::new(ALREADY, "was not locked"));
    }
    accounts::unlock(cx, (before.id, THE_USER), once_enabled).await?;
    Ok(Done::new(DONE, "unlocked"))
}

/// Gives a lock the end that it had before the containment.
async fn relock(
    cx: &Context<'_>,
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

async fn join_groups(cx: &Context<'_>, id: UserId, groups: &[&String]) -> Result<Done> {
    let (mut joined, mut failed) = (0_usize, Vec::new());
    for group in groups {
        let Ok(group) = group.parse::<GroupId>() else {
            bail!("The record names a group that is no id: {group}.")
        };
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
        assert!(read[0].1.disabled && read[0].1.left_groups == ["g"] && !read[0].1.locked);
        assert!(records(&["{}".to_owned()]).is_err() && records(&["emma".to_owned()]).is_err());
    }
}
