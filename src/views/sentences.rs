//! Sentences about changes: what was done, and what a dry run would do. The words are the same for every command.

use jiff::Timestamp;

use crate::operations::{
    change::{
        BypassEnd, Change, Details, DeviceStates, Devices, KeptRole, LinkedAccounts, Lock,
        PreviousLock, Roles, Sessions,
    },
    phrases::{counted, list},
    sessions::joined,
    steps::{Detail, GroupChanges, Step, StepOutcome, StepResult, remains_in},
};
use pingone::{devices::DeviceOperation, times::to_utc_minutes};

/// What a change did, such as `Locked until 2026-03-05 18:00 UTC`.
pub(super) fn done(change: &Change) -> String {
    match &change.details {
        Details::None => "Done".to_owned(),
        Details::Lock(lock) => lock_done(change, lock),
        Details::PasswordStatus(status) if change.changed => {
            format!("Password unlocked; its status is {status}")
        }
        Details::PasswordStatus(status) => {
            format!("The password is not locked; its status is {status}")
        }
        Details::MfaEnabled(enabled) => {
            let already = if change.changed { "" } else { "already " };
            let state = if *enabled { "enabled" } else { "disabled" };
            format!("MFA {already}{state}")
        }
        Details::Devices(devices) => devices_done(devices),
        Details::DeviceStates(states) => device_states_done(states),
        Details::MfaBypass(bypass) => bypass_ended(change, *bypass),
        Details::Sessions(sessions) => sessions_done(sessions),
        Details::Roles(roles) => {
            let removed = if roles.removed.is_empty() {
                "No roles to remove".to_owned()
            } else {
                let count = counted(roles.removed.len(), "role");
                format!("Removed {count}: {}", list(&roles.removed))
            };
            removed + &roles_left(roles)
        }
        Details::LinkedAccounts(accounts) => accounts_unlinked(accounts),
    }
}

fn lock_done(change: &Change, lock: &Lock) -> String {
    let until = match &lock.end {
        Some(end) => shown_time(end),
        None => "an administrator unlocks it".to_owned(),
    };
    let previous = match lock.previous {
        None => String::new(),
        Some(PreviousLock::Until(end)) => {
            format!(
                "; the previous lock would have ended {}",
                to_utc_minutes(end)
            )
        }
        Some(PreviousLock::Indefinite) => {
            "; the previous lock would not have ended by itself".to_owned()
        }
    };
    match (&lock.end, change.changed, change.verified) {
        (_, false, _) => format!("Already locked until {until}"),
        (_, true, true) => format!("Locked until {until}{previous}"),
        (Some(_), true, false) => format!("Locked, but PingOne ends the lock at {until}{previous}"),
        (None, true, false) => {
            format!("Locked, but PingOne does not say when the lock ends{previous}")
        }
    }
}

/// How to shorten a lock that was left alone since it ends later than requested.
pub(super) fn shorten_hint(change: &Change) -> Option<&'static str> {
    let Details::Lock(Lock { end, wanted, .. }) = &change.details else {
        return None;
    };
    let wanted = (*wanted).filter(|_| !change.changed)?;
    let is_longer = match end.as_deref().map(str::parse::<Timestamp>) {
        None => true,
        Some(end) => end.is_ok_and(|end| end > wanted),
    };
    is_longer.then_some("To end the lock earlier, run the command again with shorten=true")
}

/// A time as PingOne wrote it, for people; unchanged if it is not a timestamp.
pub(super) fn shown_time(written: &str) -> String {
    match written.parse() {
        Ok(time) => to_utc_minutes(time),
        Err(_) => written.to_owned(),
    }
}

fn devices_done(devices: &Devices) -> String {
    let Devices { deleted, kept, .. } = devices;
    let kept = kept.as_deref().unwrap_or_default();
    let rest = if kept.is_empty() {
        String::new()
    } else {
        format!("; {} kept: {}", kept.len(), list(kept))
    };
    match (&**deleted, kept) {
        ([], []) => "No devices".to_owned(),
        ([], _) => format!("No devices to delete{rest}"),
        _ => {
            let count = counted(deleted.len(), "device");
            format!("Deleted {count}: {}{rest}", list(deleted))
        }
    }
}

fn device_states_done(states: &DeviceStates) -> String {
    let DeviceStates {
        operation,
        changed,
        unchanged,
        not_found,
        ..
    } = states;
    let (verb, state) = match operation {
        DeviceOperation::Block => ("block", "already blocked"),
        DeviceOperation::Unblock => ("unblock", "not blocked"),
        DeviceOperation::Unlock => ("unlock", "not locked"),
    };
    let mut parts = vec![if changed.is_empty() {
        format!("No devices to {verb}")
    } else {
        let count = counted(changed.len(), "device");
        format!("{} {count}: {}", states.past(), list(changed))
    }];
    if !unchanged.is_empty() {
        parts.push(format!("{state}: {}", list(unchanged)));
    }
    if !not_found.is_empty() {
        parts.push(format!("not found: {}", list(not_found)));
    }
    parts.join("; ")
}

fn bypass_ended(change: &Change, bypass: BypassEnd) -> String {
    let Some(before) = bypass.before else {
        return "No MFA bypass is running".to_owned();
    };
    let ended = match bypass.until {
        Some(until) if !change.changed => {
            return format!("The MFA bypass ends by itself at {}", to_utc_minutes(until));
        }
        Some(until) => format!("The MFA bypass ends at {}", to_utc_minutes(until)),
        None => "MFA bypass ended".to_owned(),
    };
    format!(
        "{ended}; it would have run until {}",
        to_utc_minutes(before)
    )
}

fn sessions_done(sessions: &Sessions) -> String {
    let Sessions {
        ended,
        expired,
        not_found,
        ..
    } = sessions;
    let mut parts = vec![if ended.is_empty() {
        "No active sessions".to_owned()
    } else {
        format!("Ended {}", counted(ended.len(), "session"))
    }];
    if *expired > 0 {
        parts.push(format!("{expired} had already expired"));
    }
    if !not_found.is_empty() {
        parts.push(format!("not found: {}", joined(not_found)));
    }
    parts.join("; ")
}

/// What would be removed.
pub(super) fn roles_planned(roles: &Roles) -> String {
    let planned = if roles.removed.is_empty() {
        "No roles would be removed".to_owned()
    } else {
        let count = counted(roles.removed.len(), "role");
        format!("{count} would be removed: {}", list(&roles.removed))
    };
    planned + &roles_left(roles)
}

/// The end of a sentence: the roles that cannot be removed here and what to do about them, and what is not assigned.
fn roles_left(roles: &Roles) -> String {
    let kept = roles.kept.iter().map(|KeptRole { role, through }| match through {
        Some(group) => format!(
            "; {role} comes through the group {group}: remove the user from the group, or the role from the group"
        ),
        None => format!("; {role} is read-only: this worker application may not remove it"),
    });
    let mut text: String = kept.collect();
    if !roles.not_found.is_empty() {
        text.push_str("; not assigned: ");
        text.push_str(&roles.not_found.join(", "));
    }
    text
}

fn accounts_unlinked(accounts: &LinkedAccounts) -> String {
    let LinkedAccounts {
        unlinked,
        not_found,
        ..
    } = accounts;
    let mut parts = vec![if unlinked.is_empty() {
        "No accounts to unlink".to_owned()
    } else {
        let count = counted(unlinked.len(), "account");
        format!("Unlinked {count}: {}", list(unlinked))
    }];
    if !not_found.is_empty() {
        parts.push(format!("not found: {}", list(not_found)));
    }
    parts.join("; ")
}

/// What a step did, or why it did nothing.
pub(super) fn step_done(step: Step, result: &StepResult) -> String {
    let text = match &result.detail {
        Detail::Text(text) => return text.clone(),
        Detail::Change(change) => return done(change),
        Detail::Groups(groups) => return groups_done(step, groups),
        Detail::Plain | Detail::Note(_) => plain_done(step, result.outcome),
    };
    with_note(text, result)
}

fn plain_done(step: Step, outcome: StepOutcome) -> &'static str {
    match (step, outcome == StepOutcome::Already) {
        (Step::Disable, false) => "Disabled",
        (Step::Disable, true) => "Already disabled",
        (Step::Enable, false) => "Enabled",
        (Step::Enable, true) => "Already enabled",
        (Step::Unlock | Step::Lock, _) => "Unlocked",
        (Step::SetPassword, _) => "Replaced by a random password that nobody knows",
        (Step::ForceChange, _) => "The user must change the password at the next sign-on",
        (Step::Nothing, _) => "The containment changed nothing that has to be undone",
        _ => "Done",
    }
}

fn with_note(text: &str, result: &StepResult) -> String {
    match &result.detail {
        Detail::Note(note) => format!("{text}; {note}"),
        _ => text.to_owned(),
    }
}

fn groups_done(step: Step, groups: &GroupChanges) -> String {
    let GroupChanges {
        changed,
        unchanged,
        dynamic,
    } = groups;
    let count = counted(changed.len(), "group");
    let mut parts = Vec::new();
    match (step, changed.is_empty()) {
        (Step::JoinGroups, false) => parts.push(format!("Added to {count}: {}", list(changed))),
        (_, false) => parts.push(format!("Removed from {count}: {}", list(changed))),
        (Step::JoinGroups, true) => {}
        (_, true) => parts.push("No groups to leave".to_owned()),
    }
    if !unchanged.is_empty() {
        parts.push(format!("already a member of {}", list(unchanged)));
    }
    if !dynamic.is_empty() {
        parts.push(remains_in(dynamic));
    }
    capitalized(&parts.join("; "))
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// What a step would do.
pub(super) fn step_planned(step: Step, result: &StepResult) -> String {
    match (step, &result.detail) {
        (
            _,
            Detail::Change(Change {
                details: Details::Lock(lock),
                ..
            }),
        ) => match &lock.end {
            Some(end) => format!("The account would be locked until {}", shown_time(end)),
            None => "The account would be locked until an administrator unlocks it".to_owned(),
        },
        (
            _,
            Detail::Change(Change {
                details: Details::Devices(Devices { deleted, .. }),
                ..
            }),
        ) => {
            let count = counted(deleted.len(), "device");
            format!("{count} would be deleted: {}", list(deleted))
        }
        (
            _,
            Detail::Change(Change {
                details: Details::DeviceStates(states),
                ..
            }),
        ) => {
            let count = counted(states.changed.len(), "device");
            let past = states.past().to_lowercase();
            format!("{count} would be {past}: {}", list(&states.changed))
        }
        (
            _,
            Detail::Change(Change {
                details: Details::Sessions(Sessions { ended, .. }),
                ..
            }),
        ) => format!("{} would be ended", counted(ended.len(), "session")),
        (
            _,
            Detail::Change(Change {
                details: Details::Roles(roles),
                ..
            }),
        ) => roles_planned(roles),
        (_, Detail::Groups(groups)) => groups_planned(step, groups),
        (Step::Disable, _) => "The user would be disabled".to_owned(),
        (Step::Enable, _) => "The user would be enabled".to_owned(),
        (Step::Unlock | Step::Lock, _) => with_note("The account would be unlocked", result),
        (Step::SetPassword, _) => {
            "The password would be replaced by a random one that nobody knows".to_owned()
        }
        (Step::ForceChange, _) => with_note(
            "The user would have to change the password at the next sign-on",
            result,
        ),
        _ => step_done(step, result),
    }
}

fn groups_planned(step: Step, groups: &GroupChanges) -> String {
    let count = counted(groups.changed.len(), "group");
    let changed = list(&groups.changed);
    let mut text = if step == Step::JoinGroups {
        format!("The user would be added to {count}: {changed}")
    } else {
        format!("The user would be removed from {count}: {changed}")
    };
    if !groups.unchanged.is_empty() {
        text.push_str("; already a member of ");
        text.push_str(&list(&groups.unchanged));
    }
    if !groups.dynamic.is_empty() {
        text.push_str("; ");
        text.push_str(&remains_in(&groups.dynamic));
    }
    text
}
