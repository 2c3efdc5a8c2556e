//! Restores a user: undoes what containments recorded, as far as PingOne allows, and says what cannot be undone.

use anyhow::Result;
use jiff::Timestamp;

use super::{
    accounts::{self, EnabledSince, Subject, is_locked, lock},
    blocked::still_blocked,
    device_states::change_devices,
    devices::Selection,
    find::Target,
    memberships::{JoinOutcome, join},
    phrases::counted,
    records::{Containment, Records, records_of},
    role_changes::assign_again,
    steps::{
        Detail, Direction, Group, GroupChanges, GroupFailure, PartialGroups, Reason, Step,
        StepOutcome, StepReport, StepResult, THE_USER, UserReport,
    },
};
use pingone::{
    Client,
    devices::DeviceOperation,
    id::{Principal, UserId},
    users::User,
};

/// Undoes, for one user, what its `containments` changed.
pub async fn restore(
    pingone: &Client<'_>,
    target: Target,
    containments: &[Containment],
) -> Result<UserReport> {
    let id = target.id;
    let records = records_of(id, containments)?;
    let mut user = target.into_user(pingone).await?;
    let username = user.fields.username.clone();
    let mut steps = let_in(pingone, &mut user, &records).await;
    let has_changed = steps.iter().any(|step| step.outcome() == StepOutcome::Done);
    let groups = records.groups();
    if !matches!(&groups, Ok(groups) if groups.is_empty()) {
        let joined = match groups {
            Ok(groups) => join_groups(pingone, id, groups).await,
            Err(error) => Err(error),
        };
        steps.push(StepReport::new(pingone, id, Step::JoinGroups, joined));
    }
    let roles = records.roles();
    if !matches!(&roles, Ok(roles) if roles.is_empty()) {
        let assigned = match roles {
            Ok(roles) => assign_again(pingone, Principal::User(id), &roles).await,
            Err(error) => Err(error),
        };
        steps.push(StepReport::new(pingone, id, Step::AssignRoles, assigned));
    }
    steps.extend(unblock_devices(pingone, id, &records).await);
    let mut note = |step, result| steps.push(StepReport::new(pingone, id, step, result));
    for (step, text) in not_undone(&records) {
        let result = StepResult::text(StepOutcome::NotUndone, text);
        note(step, Ok(result));
    }
    if steps.is_empty() {
        let nothing = StepResult::plain(StepOutcome::Already);
        steps.push(StepReport::new(pingone, id, Step::Nothing, Ok(nothing)));
    }
    let state = if has_changed {
        pingone.read_user(id).await.map_err(anyhow::Error::from)
    } else {
        Ok(user)
    };
    let blocked = match state {
        Ok(user) => still_blocked(pingone, &user, &records, &steps).map(Ok),
        Err(error) => Some(Err(error.context("The user could not be read again"))),
    };
    steps.extend(blocked.map(|blocked| StepReport::new(pingone, id, Step::SignOn, blocked)));
    Ok(UserReport {
        username,
        steps,
        record: None,
    })
}

/// Enables and unlocks the user, if a containment disabled or locked it. PingOne locks and unlocks only enabled users.
async fn let_in(pingone: &Client<'_>, user: &mut User, records: &Records) -> Vec<StepReport> {
    let id = user.id;
    let mut steps = Vec::new();
    let mut enabled = EnabledSince::Before;
    if records.any(|record| record.disabled) {
        let step = StepReport::new(pingone, id, Step::Enable, enable(pingone, user).await);
        if matches!(step.outcome(), StepOutcome::Done | StepOutcome::Planned) {
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

/// What cannot be undone, or may not have to be.
fn not_undone(records: &Records) -> Vec<(Step, String)> {
    let mut steps = Vec::new();
    if records.any(|record| record.password_replaced) {
        let is_certain = records.is_certain(Step::SetPassword, |record| record.password_replaced);
        let text = if is_certain {
            "Only the owner knows the old password. Set a new one with pingone-set-password."
        } else {
            "The password may have been replaced by one that nobody knows. If the old one does not work, set a new one with pingone-set-password."
        };
        steps.push((Step::SetPassword, text.to_owned()));
    }
    if records.any(|record| record.change_forced) {
        let is_certain = records.is_certain(Step::ForceChange, |record| record.change_forced);
        let text = if is_certain {
            "The user still has to change the password at the next sign-on. To end that, set a new one with pingone-set-password and forceChange=false."
        } else {
            "The user may have to change the password at the next sign-on. Check with pingone-read-password-state."
        };
        steps.push((Step::ForceChange, text.to_owned()));
    }
    steps.extend(lost_devices(records).map(|text| (Step::RemoveDevices, text)));
    steps.extend(ended_sessions(records).map(|text| (Step::EndSessions, text)));
    steps
}

fn lost_devices(records: &Records) -> Option<String> {
    let count = records.texts(|record| &record.deleted_devices).len();
    let names = records.texts(|record| &record.deleted_device_names);
    let names = (!names.is_empty()).then(|| format!(": {}", names.join(", ")));
    let deleted = (count > 0).then(|| {
        let devices = counted(count, "device");
        let names = names.unwrap_or_default();
        format!("The user has to pair {devices} again{names}.")
    });
    let unconfirmed = records.texts(|record| &record.unconfirmed_devices);
    let unconfirmed = (!unconfirmed.is_empty()).then(|| {
        let ids = unconfirmed.join(", ");
        format!("These may have been deleted and would have to be paired again: {ids}. Check with pingone-list-mfa-devices.")
    });
    sentences(deleted, unconfirmed)
}

fn ended_sessions(records: &Records) -> Option<String> {
    let count = records.ended_sessions();
    let ended = (count > 0).then(|| {
        let sessions = counted(usize::try_from(count).unwrap_or(usize::MAX), "session");
        let were = if count == 1 { "was" } else { "were" };
        format!("{sessions} {were} ended. The user has to sign on again.")
    });
    let unconfirmed = records.texts(|record| &record.unconfirmed_sessions);
    let unconfirmed = (!unconfirmed.is_empty()).then(|| {
        let ids = unconfirmed.join(", ");
        format!("These may have been ended: {ids}. Check with pingone-list-sessions.")
    });
    sentences(ended, unconfirmed)
}

fn sentences(certain: Option<String>, unconfirmed: Option<String>) -> Option<String> {
    let parts: Vec<String> = certain.into_iter().chain(unconfirmed).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn subject(user: &User) -> Subject<'static> {
    Subject {
        id: user.id,
        label: THE_USER,
    }
}

async fn enable(pingone: &Client<'_>, before: &User) -> Result<StepResult> {
    if before.fields.enabled == Some(true) {
        return Ok(StepResult::plain(StepOutcome::Already));
    }
    accounts::enable(pingone, subject(before)).await?;
    Ok(StepResult::plain(StepOutcome::Done))
}

async fn unlock(pingone: &Client<'_>, before: &User, enabled: EnabledSince) -> Result<StepResult> {
    if !is_locked(&before.fields) {
        let text = "The account is not locked";
        return Ok(StepResult::text(StepOutcome::Already, text));
    }
    accounts::unlock(pingone, subject(before), enabled).await?;
    Ok(StepResult::plain(StepOutcome::Done))
}

/// Gives a lock the end that it had before the containment.
async fn relock(
    pingone: &Client<'_>,
    before: &User,
    until: Timestamp,
    enabled: EnabledSince,
) -> Result<StepResult> {
    if until > pingone.now() {
        let change = lock(pingone, before, Some(until), enabled).await?;
        return Ok(change.into());
    }
    let mut unlocked = unlock(pingone, before, enabled).await?;
    if unlocked.outcome == StepOutcome::Done {
        unlocked.detail = Detail::Note("the lock from before the containment is over");
    }
    Ok(unlocked)
}

/// Unblocks the devices that a containment blocked; `None` if there are none. One that was deleted after that is gone.
async fn unblock_devices(
    pingone: &Client<'_>,
    id: UserId,
    records: &Records,
) -> Option<StepReport> {
    let result = match records.blocked_devices() {
        Ok(devices) if devices.is_empty() => return None,
        Ok(devices) => {
            let devices = Selection::These(devices);
            let change = change_devices(pingone, id, DeviceOperation::Unblock, &devices).await;
            change.map(StepResult::from)
        }
        Err(error) => Err(error),
    };
    Some(StepReport::new(pingone, id, Step::UnblockDevices, result))
}

async fn join_groups(pingone: &Client<'_>, id: UserId, groups: Vec<Group>) -> Result<StepResult> {
    let (mut changes, mut failed) = (GroupChanges::default(), Vec::new());
    // PingOne refuses to add a member again. A dry run sends nothing, so it has to look.
    let members_of = if pingone.is_dry_run() {
        pingone.direct_groups(id).await?.1
    } else {
        Vec::new()
    };
    for group in groups {
        if members_of.iter().any(|known| known.group == group.id) {
            changes.unchanged.push(group);
            continue;
        }
        match join(pingone, id, group.id).await {
            Ok(JoinOutcome::Added(_)) => changes.changed.push(group),
            Ok(JoinOutcome::AlreadyMember) => changes.unchanged.push(group),
            Err(error) => failed.push(GroupFailure::new(group, Reason::PingOne(error))),
        }
    }
    if !failed.is_empty() {
        return Err(PartialGroups {
            direction: Direction::Join,
            done: changes.changed,
            failed,
            unconfirmed: Vec::new(),
            dynamic: Vec::new(),
        }
        .into());
    }
    let outcome = if changes.changed.is_empty() {
        StepOutcome::Already
    } else {
        StepOutcome::Done
    };
    Ok(StepResult::new(outcome, Detail::Groups(changes)))
}
