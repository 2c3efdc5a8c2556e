//! `pingone-contain-user`: several steps on one user in the order in which they make sense. Each step's outcome is
//! recorded; one that fails does not keep the others from being taken. What was changed stands in a record, by which
//! `restore.rs` can undo it later.

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use secrecy::SecretString;
use serde_json::Value;

use super::{
    accounts::{is_locked, is_locked_as_long, lock_end_of, lock_one, set_enabled},
    devices::reset_one,
    leave_groups::leave_groups,
    many::{Change, DoneBefore, Target, UNCONFIRMED, changed_before},
    passwords::force_change_of,
    sessions::clear_all,
    steps::{ALREADY, Contained, DONE, Done, NOT_APPLICABLE, Record, THE_USER, Taken, report},
};
use crate::{entry::Output, invocation::Invocation, manifest::Arg, markdown::Row};
use pingone::{
    id::{DeviceId, GroupId, UserId},
    times::moved,
    users::User,
};

/// Each containment has a record of its own: a second one changes less, and must not hide what the first did.
const CONTAINMENT: &str = "PingOne.Containment(val.ID && val.ID === obj.ID && val.At === obj.At)";

/// A step of a containment, in the order in which they are taken: PingOne locks only enabled users, so the
/// lock comes before disabling; sessions end when no new one can begin; groups come last, since leaving them
/// contains least and is most work to undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Lock,
    Disable,
    EndSessions,
    SetPassword,
    ForceChange,
    RemoveDevices,
    LeaveGroups,
}

const STEPS: [(&str, Step); 7] = [
    ("lock", Step::Lock),
    ("disable", Step::Disable),
    ("endSessions", Step::EndSessions),
    ("setPassword", Step::SetPassword),
    ("forceChange", Step::ForceChange),
    ("removeDevices", Step::RemoveDevices),
    ("leaveGroups", Step::LeaveGroups),
];

/// Arguments that say how a step is to be taken.
const OPTIONS: [(Arg, &str); 4] = [
    (Arg::LockDuration, "lock"),
    (Arg::DevicesSince, "removeDevices"),
    (Arg::KeepDeviceIds, "removeDevices"),
    (Arg::GroupIds, "leaveGroups"),
];

/// What the arguments want.
struct Plan {
    steps: Vec<(&'static str, Step)>,
    until: Option<Timestamp>,
    devices_since: Option<Timestamp>,
    keep_devices: Vec<DeviceId>,
    groups: Vec<GroupId>,
    dry_run: bool,
}

impl Plan {
    fn read(cx: &Invocation<'_>) -> Result<Self> {
        let now = cx.pingone.now();
        let wanted = cx.args.list(Arg::Steps);
        // Without a word, what keeps a thief out and is undone by one command. A replaced password is not.
        let usual = ["disable", "endSessions"];
        let is_wanted = |name: &str| {
            if wanted.is_empty() {
                usual.contains(&name)
            } else {
                wanted.iter().any(|wanted| wanted == name)
            }
        };
        let steps: Vec<_> = STEPS
            .into_iter()
            .filter(|(name, _)| is_wanted(name))
            .collect();
        for (option, wanted) in OPTIONS {
            ensure!(
                !cx.args.is_given(option) || steps.iter().any(|(name, _)| *name == wanted),
                "The argument '{}' is for the step {wanted}, which is not among the steps: add the step, or leave the argument out.",
                option.name()
            );
        }
        let duration = cx.args.duration(Arg::LockDuration)?;
        Ok(Self {
            steps,
            until: duration.map(|duration| moved(now, duration)).transpose()?,
            devices_since: cx.args.past_time(Arg::DevicesSince, now)?,
            keep_devices: cx.args.ids(Arg::KeepDeviceIds)?,
            groups: cx.args.ids(Arg::GroupIds)?,
            dry_run: cx.args.flag(Arg::DryRun)?,
        })
    }
}

/// `pingone-contain-user`
pub(super) async fn contain(cx: &Invocation<'_>) -> Result<Output> {
    let plan = Plan::read(cx)?;
    if plan.dry_run {
        cx.pingone.only_plan();
    }
    let outcomes = cx
        .for_each_user(async |target| contain_one(cx, target, &plan).await)
        .await?;
    let title = if plan.dry_run {
        "Containment, as it would be"
    } else {
        "Containment"
    };
    Ok(report(cx, title, CONTAINMENT, &outcomes))
}

async fn contain_one(cx: &Invocation<'_>, mut target: Target, plan: &Plan) -> Result<Contained> {
    // The state before, also for the steps that ask for it. Without it nothing is done: it could not be undone.
    let before = cx.user_of(&mut target).await?;
    let (mut taken, mut record) = (Vec::new(), Record::default());
    for (name, step) in &plan.steps {
        let result = take(cx, *step, &before, plan, &mut record).await;
        let changed = match &result {
            Ok(done) => Some(done.outcome == DONE),
            Err(error) => changed_before(error),
        };
        if changed != Some(false) && note(cx, *step, &before, &mut record) && changed.is_none() {
            record.unconfirmed_steps.push((*name).to_owned());
        }
        taken.push(Taken::of(cx, before.id, name, result));
    }
    if plan.dry_run {
        record = Record::default();
    }
    Ok(Contained {
        taken,
        record: Some(record),
    })
}

/// Notes what a step changed, or may have: to undo too much does no harm here. False if the step noted by itself
/// what it did.
fn note(cx: &Invocation<'_>, step: Step, before: &User, record: &mut Record) -> bool {
    match step {
        Step::Lock if is_locked(&before.fields) => {
            record.locked_until_before = lock_end_of(cx, before);
        }
        Step::Lock => record.locked = true,
        Step::Disable => record.disabled = true,
        Step::SetPassword => record.password_replaced = true,
        Step::ForceChange => record.change_forced = true,
        Step::EndSessions | Step::RemoveDevices | Step::LeaveGroups => return false,
    }
    true
}

/// What was done, also where something failed after it.
fn details(result: &Result<Change>) -> Option<&Row> {
    match result {
        Ok(change) => Some(&change.details),
        Err(error) => Some(&error.downcast_ref::<DoneBefore>()?.details),
    }
}

/// The ids that a step names in its details.
fn ids_in(result: &Result<Change>, member: &str) -> Vec<String> {
    let ids = details(result).and_then(|details| details.get(member)?.as_array());
    let ids = ids.into_iter().flatten().filter_map(Value::as_str);
    ids.map(str::to_owned).collect()
}

async fn take(
    cx: &Invocation<'_>,
    step: Step,
    before: &User,
    plan: &Plan,
    record: &mut Record,
) -> Result<Done> {
    let id = before.id;
    let target = || Target { id, user: None };
    match step {
        // A containment must not shorten a lock.
        Step::Lock if is_locked_as_long(cx, before, plan.until) => {
            Ok(Done::new(ALREADY, "was locked already"))
        }
        // Only here: as a command of its own, a lock that cannot be had is a failure.
        Step::Lock if before.fields.enabled == Some(false) => Ok(Done::new(
            NOT_APPLICABLE,
            "the user is disabled already and cannot sign on; PingOne locks only enabled users",
        )),
        Step::Lock => Ok(Done::from(&lock_one(cx, before, plan.until, false).await?)),
        Step::Disable if before.fields.enabled == Some(false) => {
            Ok(Done::new(ALREADY, "was disabled"))
        }
        Step::Disable => {
            set_enabled(cx, (id, THE_USER), false).await?;
            Ok(Done::new(DONE, "disabled"))
        }
        Step::EndSessions => {
            let result = clear_all(cx, &target()).await;
            record.ended_sessions = details(&result)
                .and_then(|details| details.get("Ended")?.as_u64())
                .unwrap_or_default();
            record.unconfirmed_sessions = ids_in(&result, UNCONFIRMED);
            Ok(Done::from(&result?))
        }
        Step::SetPassword => set_random_password(cx, id).await,
        Step::ForceChange => {
            if let Some(reason) = no_own_password(cx, id).await? {
                return Ok(Done::new(NOT_APPLICABLE, reason));
            }
            force_change_of(cx, id).await?;
            let old = if record.password_replaced {
                ""
            } else {
                "; until then the old password goes on working"
            };
            Ok(Done::new(
                DONE,
                ["must be changed at the next sign-on", old].concat(),
            ))
        }
        Step::RemoveDevices => {
            let result = reset_one(cx, &target(), plan.devices_since, &plan.keep_devices).await;
            record.deleted_devices = ids_in(&result, "Deleted");
            record.unconfirmed_devices = ids_in(&result, UNCONFIRMED);
            Ok(Done::from(&result?))
        }
        Step::LeaveGroups => leave_groups(cx, id, &plan.groups, record).await,
    }
}

/// Why a user has no password at PingOne that could be replaced.
async fn no_own_password(cx: &Invocation<'_>, id: UserId) -> Result<Option<String>> {
    let state = cx.pingone.read_password_state(id).await?;
    Ok(match state.get("status").and_then(Value::as_str) {
        Some("EXTERNAL") => {
            Some("the password is kept by another identity provider: change it there".to_owned())
        }
        Some("NO_PASSWORD") => Some("the user has no password".to_owned()),
        _ => None,
    })
}

async fn set_random_password(cx: &Invocation<'_>, id: UserId) -> Result<Done> {
    if let Some(reason) = no_own_password(cx, id).await? {
        return Ok(Done::new(NOT_APPLICABLE, reason));
    }
    let password = random_password()?;
    cx.pingone.hide(&password);
    cx.pingone.set_password(id, &password, false, true).await?;
    Ok(Done::new(
        DONE,
        "replaced by a random one that nobody knows",
    ))
}

/// A password that no one has to remember: 48 characters, of every kind that a policy may ask for.
fn random_password() -> Result<SecretString> {
    const LENGTH: usize = 48;
    // 64 characters, so that six bits of chance choose one evenly.
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // The first four are one of each kind.
    const KINDS: &str = "Aa0-";
    let mut chance = zeroize::Zeroizing::new([0_u8; LENGTH]);
    SystemRandom::new()
        .fill(&mut *chance)
        .ok()
        .context("no random numbers to be had")?;
    let characters = chance
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte & 63)]));
    Ok(KINDS.chars().chain(characters).collect::<String>().into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_random_password_has_every_kind_of_character_and_differs() {
        let (one, other) = (
            random_password().expect("chance"),
            random_password().expect("chance"),
        );
        let text = one.expose_secret();
        assert_eq!(text.len(), 52);
        assert!(
            text.contains(char::is_uppercase)
                && text.contains(char::is_lowercase)
                && text.contains(|c: char| c.is_ascii_digit())
                && text.contains('-')
        );
        assert_ne!(text, other.expose_secret());
    }
}
