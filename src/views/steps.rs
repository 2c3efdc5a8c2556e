//! The answer of a containment or a restoration: one row for each step of each user, the records for the context, and
//! what failed.

use serde_json::{Value, json};

use crate::{
    document::{Block, Document, Row, row, table_of},
    entry::Output,
    invocation::Invocation,
    operations::{
        for_each::Outcome,
        steps::{StepOutcome, UserReport},
    },
};
use pingone::times::to_rfc3339_millis;

const COLUMNS: [&str; 5] = ["User", "ID", "Step", "Outcome", "Detail"];

/// The word for what came of a step.
fn word(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Done => "done",
        StepOutcome::Already => "already so",
        StepOutcome::Failed => "failed",
        StepOutcome::NotApplicable => "not applicable",
        StepOutcome::Planned => "planned",
        StepOutcome::NotUndone => "cannot be undone",
        StepOutcome::Blocked => "still blocked",
    }
}

/// A table under this title, the context under this key, and what failed.
pub fn report(
    cx: &Invocation<'_>,
    title: &str,
    key: &str,
    outcomes: &[Outcome<UserReport>],
) -> Output {
    let at = to_rfc3339_millis(cx.pingone.now());
    let mut rows: Vec<Row> = Vec::new();
    let mut context = Vec::new();
    let mut failures = Vec::new();
    for Outcome { label, id, result } in outcomes {
        let id = id.map(|id| id.to_string());
        let line = |step: &str, outcome: StepOutcome, detail: &str| {
            row([
                ("User", json!(label)),
                ("ID", json!(id)),
                ("Step", json!(step)),
                ("Outcome", json!(word(outcome))),
                ("Detail", json!(detail)),
            ])
        };
        match result {
            Err(error) => {
                let explained = cx.explain(error);
                rows.push(line("", StepOutcome::Failed, &explained));
                failures.push(format!("{label}: {explained}"));
            }
            Ok(user) => {
                for report in &user.steps {
                    let step = report.step.name();
                    rows.push(line(step, report.outcome, &report.detail));
                    if report.outcome == StepOutcome::Failed {
                        failures.push(format!("{label}: {step}: {}", report.detail));
                    }
                }
                let mut entry = row([("ID", json!(id)), ("At", json!(at)), ("User", json!(label))]);
                if cx.pingone.is_dry_run() {
                    entry.insert("DryRun".to_owned(), json!(true));
                }
                entry.extend(members(user));
                context.push(Value::Object(entry));
            }
        }
    }
    let mut readable = Document::default();
    if let Some(blocked) = blocked_of(outcomes) {
        readable.push(Block::Strong(blocked));
    }
    readable.push(table_of(title, &COLUMNS, &rows));
    let mut output = Output::new(readable, Some(Value::Array(context.clone())));
    if !context.is_empty() {
        output = output.with_context(key, Value::Array(context));
    }
    // A user with a step that failed is one that failed.
    let mut results = outcomes.iter().map(|outcome| &outcome.result);
    let every_user_failed = results.all(|result| match result {
        Ok(user) => user.has(StepOutcome::Failed),
        Err(_) => true,
    });
    if cx.reports_failures(every_user_failed) {
        output.failures = failures;
    }
    output
}

/// What the context holds of a user's steps, and of what has to be undone.
fn members(user: &UserReport) -> Row {
    let steps = user.steps.iter().map(|report| {
        json!({
            "Step": report.step.name(),
            "Outcome": word(report.outcome),
            "Detail": report.detail,
        })
    });
    let mut members = row([("Steps", steps.collect())]);
    if let Some(record) = &user.record {
        members.insert("Record".to_owned(), json!(record));
    }
    members
}

/// Says above the table who still cannot sign on: among rows that all went well it would be missed.
fn blocked_of(outcomes: &[Outcome<UserReport>]) -> Option<String> {
    let users = outcomes
        .iter()
        .filter_map(|outcome| outcome.result.as_ref().ok());
    let blocked = users.filter(|user| user.has(StepOutcome::Blocked)).count();
    match (blocked, outcomes.len()) {
        (0, _) => None,
        (_, 1) => Some("The user still cannot sign on: see the step signOn.".to_owned()),
        (blocked, all) => Some(format!(
            "{blocked} of {all} users still cannot sign on: see the step signOn."
        )),
    }
}
