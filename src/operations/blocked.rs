//! What still keeps a restored user from signing on, and the exact command that ends it. A restoration does not remove
//! what a containment did not do: somebody had a reason for it.

use super::{
    accounts::{is_locked, lock_end_of},
    phrases::command_line,
    records::Records,
    steps::{Step, StepOutcome, StepReport, StepResult},
};
use crate::manifest::CommandName;
use pingone::{Client, times::to_utc_minutes, users::User};

/// Why the user still cannot sign on; `None` if nothing is known that prevents it. A step that failed says so by itself.
pub(super) fn still_blocked(
    pingone: &Client<'_>,
    user: &User,
    records: &Records,
    steps: &[StepReport],
) -> Option<StepResult> {
    let reasons = [
        still_disabled(user, records, steps),
        still_locked(pingone, user, records, steps),
    ];
    let reasons: Vec<String> = reasons.into_iter().flatten().collect();
    (!reasons.is_empty()).then(|| StepResult::text(StepOutcome::Blocked, reasons.join("\n")))
}

fn has(steps: &[StepReport], step: Step, outcome: StepOutcome) -> bool {
    let mut steps = steps.iter();
    steps.any(|taken| taken.step == step && taken.outcome() == outcome)
}

fn still_disabled(user: &User, records: &Records, steps: &[StepReport]) -> Option<String> {
    if user.fields.enabled != Some(false) || has(steps, Step::Enable, StepOutcome::Failed) {
        return None;
    }
    let state = if records.any(|record| record.disabled) {
        "The user was enabled a moment ago but is disabled again."
    } else {
        "The user is still disabled, but not because of this containment."
    };
    let username = user.fields.username.as_deref();
    let undo = command_line(CommandName::ActivateUser.name(), username);
    Some(format!("{state} To enable it: {undo}"))
}

fn still_locked(
    pingone: &Client<'_>,
    user: &User,
    records: &Records,
    steps: &[StepReport],
) -> Option<String> {
    let end_before = records.lock_end_before();
    let is_over = end_before.is_some_and(|end| end <= pingone.now());
    let is_relocked = has(steps, Step::Lock, StepOutcome::Planned);
    let will_be_unlocked = has(steps, Step::Unlock, StepOutcome::Planned) || is_relocked && is_over;
    let has_failed = has(steps, Step::Unlock, StepOutcome::Failed)
        || has(steps, Step::Lock, StepOutcome::Failed);
    if !is_locked(&user.fields) || will_be_unlocked || has_failed {
        return None;
    }
    let end = if is_relocked {
        end_before
    } else {
        lock_end_of(pingone, user)
    };
    let until = end.map(|end| format!(" until {}", to_utc_minutes(end)));
    let until = until.unwrap_or_default();
    let state = if records.any(|record| record.locked) {
        format!("The account was unlocked a moment ago but is locked again{until}.")
    } else if end_before.is_some() {
        format!("The account is still locked{until}, as before the containment.")
    } else {
        format!("The account is still locked{until}, but not because of this containment.")
    };
    let username = user.fields.username.as_deref();
    let undo = command_line(CommandName::UnlockUser.name(), username);
    Some(format!("{state} To unlock it: {undo}"))
}
