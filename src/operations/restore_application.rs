//! Restores an application: undoes what containments recorded, and says what cannot be undone.

use anyhow::Result;

use super::{
    application_changes::switch_found,
    application_records::{ApplicationRecord, RemovedRole},
    records::{Containment, own_records},
    role_changes::assign_again,
    steps::{Step, StepOutcome, StepReport, StepResult, UserReport},
};
use pingone::{
    Client,
    applications::Application,
    id::{ApplicationId, Principal},
    roles::Grant,
};

/// Undoes what the application's `containments` changed.
pub async fn restore(
    pingone: &Client<'_>,
    application: &Application,
    containments: &[Containment],
) -> Result<UserReport> {
    let id = application.id;
    let records: Vec<ApplicationRecord> =
        own_records(&id.to_string(), "application", containments)?;
    let any = |what: fn(&ApplicationRecord) -> bool| records.iter().any(what);
    let mut steps = Vec::new();
    let mut take = |step, result| steps.push(StepReport::new(pingone, id, step, result));
    let roles = roles_of(&records);
    if !roles.is_empty() {
        take(Step::AssignRoles, assign_roles(pingone, id, &roles).await);
    }
    if any(|record| record.disabled) {
        take(Step::EnableApplication, enable(pingone, id).await);
    }
    let unknown: Vec<&str> = records
        .iter()
        .flat_map(|record| &record.unknown_roles)
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let text = format!(
            "These role assignments were removed when the containment was interrupted: {}. Look in the audit trail (ROLE_ASSIGNMENT.DELETED) for their roles, and assign them in PingOne.",
            unknown.join(", ")
        );
        let result = StepResult::text(StepOutcome::NotUndone, text);
        take(Step::RemoveRoles, Ok(result));
    }
    if any(|record| record.secret_rotated) {
        let is_certain = records.iter().any(|record| {
            let step = Step::RotateSecret.name();
            record.secret_rotated && !record.unconfirmed_steps.iter().any(|other| other == step)
        });
        let text = if is_certain {
            "The old secret no longer works. The owner of the application reads the new one in the PingOne console."
        } else {
            "The secret may have been replaced. If the old one does not work, the owner of the application reads the new one in the PingOne console."
        };
        let result = StepResult::text(StepOutcome::NotUndone, text);
        take(Step::RotateSecret, Ok(result));
    }
    if steps.is_empty() {
        let nothing = StepResult::plain(StepOutcome::Already);
        steps.push(StepReport::new(pingone, id, Step::Nothing, Ok(nothing)));
    }
    Ok(UserReport {
        username: Some(application.name.clone()),
        steps,
        record: None,
    })
}

/// The roles of all records, each once.
fn roles_of(records: &[ApplicationRecord]) -> Vec<&RemovedRole> {
    let mut roles: Vec<&RemovedRole> = Vec::new();
    for record in records {
        for role in record.removed_roles.iter().chain(&record.unconfirmed_roles) {
            let is_known = |known: &&&RemovedRole| {
                known.role_id == role.role_id && known.scope_id == role.scope_id
            };
            if !roles.iter().any(|known| is_known(&known)) {
                roles.push(role);
            }
        }
    }
    roles
}

async fn assign_roles(
    pingone: &Client<'_>,
    id: ApplicationId,
    roles: &[&RemovedRole],
) -> Result<StepResult> {
    let named = |role: &&RemovedRole| Ok((role.grant()?, role.label()));
    let roles: Result<Vec<(Grant, String)>> = roles.iter().map(named).collect();
    assign_again(pingone, Principal::Application(id), &roles?).await
}

async fn enable(pingone: &Client<'_>, id: ApplicationId) -> Result<StepResult> {
    let switched = switch_found(pingone, id, None, true).await?;
    if !switched.changed {
        return Ok(StepResult::text(StepOutcome::Already, "Already enabled"));
    }
    let text = if pingone.is_dry_run() {
        "The application would be enabled"
    } else {
        "Enabled"
    };
    let mut sentences = vec![text.to_owned()];
    sentences.extend(switched.notes());
    Ok(StepResult::text(StepOutcome::Done, sentences.join(". ")))
}
