//! Contains an application: takes its administrator roles, disables it, rotates its secret. A failed step does not stop
//! the others. The record of what was changed lets `restore_application.rs` undo it later.
//!
//! The roles go first. PingOne looks up the rights of an access token in them, so live tokens should lose them too; that
//! is UNCONFIRMED, and the self-test asks it.

use anyhow::{Result, bail};

use super::{
    application_changes::{Rotation, no_secret, rotate_secret, switch_found},
    application_records::{ApplicationRecord, RemovedRole},
    change::{Details, PartialSuccess, Verb, changed_before, changed_by, for_each_best_effort},
    phrases::{Named, counted, list, tell_apart},
    roles::{RoleNames, role_names},
    steps::{Step, StepOutcome, StepReport, StepResult, UserReport},
};
use pingone::{
    Client,
    applications::Application,
    id::{ApplicationId, Principal, RoleAssignmentId},
    roles::RoleAssignment,
};

/// The steps of a containment, in the order in which they are taken.
pub const STEPS: [Step; 3] = [
    Step::RemoveRoles,
    Step::DisableApplication,
    Step::RotateSecret,
];

/// Takes the steps.
pub async fn contain(
    pingone: &Client<'_>,
    application: &Application,
    wanted: &[Step],
) -> UserReport {
    let (mut steps, mut record) = (Vec::new(), ApplicationRecord::default());
    for step in wanted.iter().copied() {
        let result = run_step(pingone, step, application, &mut record).await;
        let changed = match &result {
            Ok(done) => Some(done.outcome == StepOutcome::Done),
            Err(error) => changed_before(error),
        };
        if changed != Some(false) {
            let was_recorded = match step {
                Step::DisableApplication => {
                    record.disabled = true;
                    true
                }
                Step::RotateSecret => {
                    record.secret_rotated = true;
                    true
                }
                _ => false,
            };
            if was_recorded && changed.is_none() {
                record.unconfirmed_steps.push(step.name().to_owned());
            }
        }
        steps.push(StepReport::new(pingone, application.id, step, result));
    }
    if pingone.is_dry_run() {
        record = ApplicationRecord::default();
    }
    UserReport {
        username: Some(application.name.clone()),
        steps,
        record: Some(record.into()),
    }
}

async fn run_step(
    pingone: &Client<'_>,
    step: Step,
    application: &Application,
    record: &mut ApplicationRecord,
) -> Result<StepResult> {
    match step {
        Step::RemoveRoles => remove_roles(pingone, application.id, record).await,
        Step::DisableApplication => disable(pingone, application.id).await,
        Step::RotateSecret => rotate(pingone, application).await,
        _ => bail!("{} is no step for an application.", step.name()),
    }
}

async fn disable(pingone: &Client<'_>, id: ApplicationId) -> Result<StepResult> {
    let switched = switch_found(pingone, id, None, false).await?;
    if !switched.changed {
        return Ok(StepResult::text(StepOutcome::Already, "Already disabled"));
    }
    let text = if pingone.is_dry_run() {
        "The application would be disabled"
    } else {
        "Disabled"
    };
    let mut sentences = vec![text.to_owned()];
    sentences.extend(switched.notes());
    Ok(StepResult::text(StepOutcome::Done, sentences.join(". ")))
}

async fn rotate(pingone: &Client<'_>, application: &Application) -> Result<StepResult> {
    if let Some(reason) = no_secret(application) {
        return Ok(StepResult::text(StepOutcome::NotApplicable, reason));
    }
    let Rotation { last_used, .. } = rotate_secret(pingone, application, None).await?;
    let text = if pingone.is_dry_run() {
        "The secret would be replaced; the old one would stop working at once".to_owned()
    } else {
        let last_used = last_used.map(|at| format!("; an earlier one was last used at {at}"));
        let last_used = last_used.unwrap_or_default();
        format!("Replaced; the old secret no longer works{last_used}")
    };
    Ok(StepResult::text(StepOutcome::Done, text))
}

/// A role assignment that is to be removed.
struct Held {
    id: RoleAssignmentId,
    role: RemovedRole,
}

const REMOVE: Verb = Verb {
    base: "remove",
    past: "removed",
};

async fn remove_roles(
    pingone: &Client<'_>,
    id: ApplicationId,
    record: &mut ApplicationRecord,
) -> Result<StepResult> {
    let (assignments, names) = tokio::join!(pingone.role_assignments(id), role_names(pingone));
    let assignments = assignments?;
    if assignments.is_empty() {
        let text = "The application has no administrator roles";
        return Ok(StepResult::text(StepOutcome::Already, text));
    }
    let (held, stuck) = sorted(&assignments, &names);
    let mut removable: Vec<Named<RoleAssignmentId>> = held
        .iter()
        .map(|held| Named {
            id: held.id,
            name: Some(held.role.label()),
        })
        .collect();
    tell_apart(&mut removable);
    let mut done = Vec::new();
    let principal = Principal::Application(id);
    let remove = async |assignment| pingone.remove_role_assignment(principal, assignment).await;
    let failures = for_each_best_effort(&removable, &mut done, remove).await;
    let roles_of = |removed: &[Named<RoleAssignmentId>]| -> Vec<RemovedRole> {
        let held = held.iter();
        let held = held.filter(|held| removed.iter().any(|removed| removed.id == held.id));
        held.map(|held| held.role.clone()).collect()
    };
    record.removed_roles = roles_of(&done);
    let mut problems = Vec::new();
    if !stuck.is_empty() {
        problems.push(format!(
            "this instance's worker application may not remove {}",
            stuck.join(", ")
        ));
    }
    if let Some(failures) = failures {
        record.unconfirmed_roles = roles_of(&failures.unconfirmed);
        problems.insert(0, failures.summary(REMOVE));
        let changed = changed_by(&record.removed_roles, &record.unconfirmed_roles);
        return Err(partial(&done, &problems, changed).with_cause(failures.error));
    }
    if !removable.is_empty() && !pingone.is_dry_run() {
        let left = pingone.role_assignments(id).await;
        let left = left.map_err(|error| {
            let problems = ["it could not be verified".to_owned()];
            let changed = changed_by(&done, &[(); 0]);
            partial(&done, &problems, changed).with_cause(error)
        })?;
        let is_left =
            |role: &Named<RoleAssignmentId>| left.iter().any(|left| left.id == Some(role.id));
        done.retain(|role| !is_left(role));
        // One that PingOne called gone may be there as well.
        let still_there: Vec<_> = removable.into_iter().filter(is_left).collect();
        if !still_there.is_empty() {
            problems.push(format!("PingOne still shows {}", list(&still_there)));
        }
    }
    if !problems.is_empty() {
        let changed = changed_by(&record.removed_roles, &[(); 0]);
        return Err(partial(&done, &problems, changed).into());
    }
    let count = counted(done.len(), "role");
    let roles = list(&done);
    Ok(if pingone.is_dry_run() {
        let text = format!("{count} would be removed: {roles}");
        StepResult::text(StepOutcome::Done, text)
    } else if done.is_empty() {
        let text = "The roles were gone already";
        StepResult::text(StepOutcome::Already, text)
    } else {
        StepResult::text(StepOutcome::Done, format!("Removed {count}: {roles}"))
    })
}

/// The assignments that can be removed and given back, and the names of the others.
fn sorted(assignments: &[RoleAssignment], names: &RoleNames) -> (Vec<Held>, Vec<String>) {
    let (mut held, mut stuck) = (Vec::new(), Vec::new());
    for assignment in assignments {
        let name = names.of(assignment).and_then(serde_json::Value::as_str);
        match (assignment.id, &assignment.grant) {
            (Some(id), Some(grant)) if !assignment.read_only => held.push(Held {
                id,
                role: RemovedRole::of(grant, name),
            }),
            (_, Some(grant)) => stuck.push(RemovedRole::of(grant, name).label()),
            (Some(id), None) => stuck.push(id.to_string()),
            (None, None) => stuck.push("a role without an ID".to_owned()),
        }
    }
    (held, stuck)
}

/// What was removed before something failed.
fn partial(
    done: &[Named<RoleAssignmentId>],
    problems: &[String],
    changed: Option<bool>,
) -> PartialSuccess {
    let count = counted(done.len(), "role");
    let roles = if done.is_empty() {
        String::new()
    } else {
        format!(" ({})", list(done))
    };
    PartialSuccess {
        summary: format!("Removed {count}{roles}; {}", problems.join("; ")),
        changed,
        details: Details::None,
    }
}
