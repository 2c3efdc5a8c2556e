//! The answer of a containment or a restoration: what was done with each user, step by step; what a dry run would do;
//! the records for the context; and the failures.

use anyhow::Error;
use serde_json::{Value, json};

use super::{
    sentences::{step_done, step_planned},
    summary::{FailedUser, Verdict, add_failures, totals},
};
use crate::{
    document::{Block, Document, Row, row, table_of},
    entry::Output,
    invocation::Invocation,
    operations::{
        for_each::Outcome,
        phrases::one_line,
        steps::{PartialGroups, Step, StepOutcome, StepReport, UserReport},
    },
};
use pingone::{error::Problem, id::Principal, times::to_rfc3339_millis};

/// What is done with the users.
pub struct Procedure {
    /// Its title.
    pub title: &'static str,
    /// What a user is after it, in the totals.
    pub done: &'static str,
    /// The context key of its reports.
    pub key: &'static str,
}

/// In the place of a step, if all steps of a user failed for the same reason.
const ALL_STEPS: &str = "All steps";

/// The containment of users, and of applications.
pub const CONTAINMENT: Procedure = Procedure {
    title: "Containment",
    done: "contained",
    // Each containment has a record of its own: a second one changes less, and must not hide what the first did.
    key: "PingOne.Containment(val.ID && val.ID === obj.ID && val.At === obj.At)",
};

/// What undoes it.
pub const RESTORATION: Procedure = Procedure {
    title: "Restoration",
    done: "restored",
    key: "PingOne.Restoration(val.ID && val.ID === obj.ID && val.At === obj.At)",
};

const COLUMNS: [&str; 4] = ["User", "Step", "Outcome", "Detail"];

/// The answer: tables or, in a dry run, sentences; the totals; the context; and the failures.
pub fn report(
    cx: &Invocation<'_>,
    procedure: &Procedure,
    outcomes: &[Outcome<UserReport>],
) -> Output {
    let mut readable = Document::default();
    if let Some(blocked) = blocked(cx, outcomes) {
        readable.push(Block::Strong(blocked));
    }
    let is_dry_run = cx.pingone.is_dry_run();
    let mut title = procedure.title.to_owned();
    if let [outcome] = outcomes {
        title = format!("{title} of {}", name(outcome));
    }
    let done = if is_dry_run {
        title.push_str(": dry run, nothing was changed");
        readable.push(Block::Heading(title));
        push_plan(&mut readable, outcomes);
        format!("would be {}", procedure.done)
    } else {
        readable.push(table(&title, outcomes));
        procedure.done.to_owned()
    };
    let verdicts: Vec<Verdict> = outcomes.iter().map(verdict).collect();
    if let Some(totals) = totals(&done, &verdicts) {
        readable.push(Block::Paragraph(totals));
    }
    if is_dry_run {
        push_calls(&mut readable, outcomes);
    }
    let context: Vec<Value> = outcomes
        .iter()
        .filter_map(|outcome| entry(cx, outcome))
        .collect();
    let mut output = Output::new(readable, Some(Value::Array(context.clone())));
    if !context.is_empty() {
        output = output.with_context(procedure.key, Value::Array(context));
    }
    let failed = outcomes.iter().filter_map(|outcome| failed(cx, outcome));
    add_failures(cx, &mut output, outcomes.len(), failed.collect());
    output
}

/// The user by its name; as it was given, if PingOne did not say the name.
fn name(outcome: &Outcome<UserReport>) -> String {
    let report = outcome.result.as_ref().ok();
    let username = report.and_then(|report| report.username.as_deref());
    one_line(username.unwrap_or(&outcome.label))
}

fn verdict(outcome: &Outcome<UserReport>) -> Verdict {
    let Ok(user) = &outcome.result else {
        return Verdict::Failed;
    };
    let has_changed = user.has(StepOutcome::Done) || user.has(StepOutcome::Planned);
    match (user.has(StepOutcome::Failed), has_changed) {
        (false, true) => Verdict::Changed,
        (false, false) => Verdict::Unchanged,
        (true, true) => Verdict::Partial,
        (true, false) => Verdict::Failed,
    }
}

/// The name of a step for people.
fn title(step: Step) -> &'static str {
    match step {
        Step::Lock => "Lock account",
        Step::Disable => "Disable user",
        Step::EndSessions => "End sessions",
        Step::SetPassword => "Replace password",
        Step::ForceChange => "Force password change",
        Step::BlockDevices => "Block MFA devices",
        Step::RemoveDevices => "Delete MFA devices",
        Step::RemoveRoles => "Remove roles",
        Step::LeaveGroups => "Leave groups",
        Step::Enable => "Enable user",
        Step::Unlock => "Unlock account",
        Step::UnblockDevices => "Unblock MFA devices",
        Step::JoinGroups => "Rejoin groups",
        Step::AssignRoles => "Assign roles again",
        Step::Nothing => "Undo",
        Step::SignOn => "Sign-on",
        Step::DisableApplication => "Disable application",
        Step::RotateSecret => "Replace secret",
        Step::EnableApplication => "Enable application",
    }
}

/// An outcome as people read it.
fn outcome_text(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Done => "Done",
        StepOutcome::Already => "No change needed",
        StepOutcome::Failed => "Failed",
        StepOutcome::NotApplicable => "Not applicable",
        StepOutcome::Planned => "Planned",
        StepOutcome::NotUndone => "Cannot be undone",
        StepOutcome::Blocked => "Still blocked",
    }
}

/// An outcome as the context holds it.
fn outcome_name(outcome: StepOutcome) -> &'static str {
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

/// What a step did, would do, or why it failed; without advice.
fn sentence(report: &StepReport) -> String {
    match &report.result {
        Ok(result) if result.outcome == StepOutcome::Planned => step_planned(report.step, result),
        Ok(result) => step_done(report.step, result),
        Err(error) => format!("{error:#}"),
    }
}

/// A line of the answer: a step, or several that failed for the same reason, as they do for a protected user.
struct Line<'a> {
    steps: String,
    report: &'a StepReport,
    sentence: String,
}

fn lines(user: &UserReport) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for report in &user.steps {
        let sentence = sentence(report);
        let title = title(report.step);
        let is_failed = report.outcome() == StepOutcome::Failed;
        let mut earlier = lines.iter_mut();
        let same = earlier.find(|line| {
            is_failed && line.report.outcome() == StepOutcome::Failed && line.sentence == sentence
        });
        match same {
            Some(line) => line.steps = format!("{}, {title}", line.steps),
            None => lines.push(Line {
                steps: title.to_owned(),
                report,
                sentence,
            }),
        }
    }
    // Whoever must not be changed is one line, also where some of the steps had nothing to do.
    let has_changed = user.has(StepOutcome::Done) || user.has(StepOutcome::Planned);
    if !has_changed && lines.iter().any(|line| is_forbidden(line.report)) {
        lines.retain(|line| is_forbidden(line.report));
    }
    if let ([line], [_, _, ..]) = (&mut *lines, &*user.steps) {
        ALL_STEPS.clone_into(&mut line.steps);
    }
    lines
}

/// Whether the instance's settings forbid to change the user.
fn is_forbidden(report: &StepReport) -> bool {
    let error = report.result.as_ref().err();
    let error = error.and_then(|error| error.downcast_ref::<pingone::Error>());
    error.is_some_and(|error| matches!(*error.problem, Problem::Forbidden(_)))
}

fn table(title: &str, outcomes: &[Outcome<UserReport>]) -> Block {
    let mut rows: Vec<Row> = Vec::new();
    for outcome in outcomes {
        let user = name(outcome);
        let row = |steps: &str, outcome: StepOutcome, detail: &str| {
            row([
                ("User", json!(user)),
                ("Step", json!(steps)),
                ("Outcome", json!(outcome_text(outcome))),
                ("Detail", json!(detail)),
            ])
        };
        match &outcome.result {
            Err(error) => rows.push(row(ALL_STEPS, StepOutcome::Failed, &format!("{error:#}"))),
            Ok(user) => rows.extend(
                lines(user)
                    .iter()
                    .map(|line| row(&line.steps, line.report.outcome(), &line.sentence)),
            ),
        }
    }
    // A single user is named in the title.
    let columns = if outcomes.len() == 1 {
        &COLUMNS[1..]
    } else {
        &COLUMNS
    };
    table_of(title, columns, &rows).into()
}

/// What would happen to each user.
fn push_plan(readable: &mut Document, outcomes: &[Outcome<UserReport>]) {
    for (number, outcome) in outcomes.iter().enumerate() {
        if outcomes.len() > 1 {
            // A blank line, or it would belong to the last item of the list above.
            if number > 0 {
                readable.push("\n");
            }
            readable.push(Block::Strong(name(outcome)));
        }
        let items: String = match &outcome.result {
            Err(error) => item(&format!("Failed. {error:#}")),
            Ok(report) => lines(report)
                .iter()
                .map(|line| item(&planned_text(line)))
                .collect(),
        };
        readable.push(items);
    }
}

/// The calls that would be made, if there are any.
fn push_calls(readable: &mut Document, outcomes: &[Outcome<UserReport>]) {
    let mut calls: Vec<Row> = Vec::new();
    for outcome in outcomes {
        for report in outcome.result.iter().flat_map(|user| &user.steps) {
            calls.extend(report.calls.iter().map(|call| {
                row([
                    ("User", json!(name(outcome))),
                    ("Step", json!(title(report.step))),
                    ("Call", json!(within_environment(call))),
                ])
            }));
        }
    }
    if calls.is_empty() {
        return;
    }
    let columns = ["User", "Step", "Call"];
    let columns = if outcomes.len() == 1 {
        &columns[1..]
    } else {
        &columns
    };
    readable.push("\n");
    let title = "Calls that would be made, within the environment";
    readable.push(table_of(title, columns, &calls));
}

/// A call without the part of its path that is the same in all: `PUT /users/…`.
pub(super) fn within_environment(call: &str) -> String {
    const ENVIRONMENT: &str = "/v1/environments/";
    let short = call.split_once(ENVIRONMENT).and_then(|(method, rest)| {
        let (_environment, path) = rest.split_once('/')?;
        Some(format!("{method}/{path}"))
    });
    short.unwrap_or_else(|| call.to_owned())
}

fn planned_text(line: &Line<'_>) -> String {
    let Line {
        steps,
        report,
        sentence,
    } = line;
    match report.outcome() {
        StepOutcome::Planned => sentence.clone(),
        outcome => {
            let outcome = outcome_text(outcome).to_lowercase();
            format!("{steps}: {outcome}. {sentence}")
        }
    }
}

/// A line of a list, as a sentence.
fn item(text: &str) -> String {
    let text = one_line(text);
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("- {text}{end}\n")
}

/// The context entry of a user.
fn entry(cx: &Invocation<'_>, outcome: &Outcome<UserReport>) -> Option<Value> {
    let Outcome { label, id, result } = outcome;
    let user = result.as_ref().ok()?;
    let holder = match id {
        Some(Principal::Application(_)) => "Application",
        _ => "User",
    };
    let mut entry = row([
        ("ID", json!(id.map(|id| id.to_string()))),
        ("At", json!(to_rfc3339_millis(cx.pingone.now()))),
        (holder, json!(label)),
    ]);
    if cx.pingone.is_dry_run() {
        entry.insert("DryRun".to_owned(), json!(true));
    }
    let steps = user.steps.iter().map(|report| step_entry(cx, report));
    entry.insert("Steps".to_owned(), steps.collect());
    if let Some(record) = &user.record {
        entry.insert("Record".to_owned(), json!(record));
    }
    Some(Value::Object(entry))
}

/// In a dry run, the detail of a step is the calls that it would make, and its summary says what they would do.
fn step_entry(cx: &Invocation<'_>, report: &StepReport) -> Value {
    let text = match &report.result {
        Ok(_) => sentence(report),
        Err(error) => explained(cx, error),
    };
    let mut entry = row([
        ("Step", json!(report.step.name())),
        ("Outcome", json!(outcome_name(report.outcome()))),
    ]);
    if report.calls.is_empty() {
        entry.insert("Detail".to_owned(), json!(text));
    } else {
        entry.insert("Detail".to_owned(), json!(report.calls.join("\n")));
        entry.insert("Summary".to_owned(), json!(text));
    }
    Value::Object(entry)
}

/// What went wrong with a step, and what to do about it.
fn explained(cx: &Invocation<'_>, error: &Error) -> String {
    let mut lines = vec![format!("{error:#}")];
    lines.extend(advice(cx, error));
    lines.join("\n")
}

fn advice(cx: &Invocation<'_>, error: &Error) -> Vec<String> {
    let Some(groups) = error.downcast_ref::<PartialGroups>() else {
        return cx.advice(error).into_iter().collect();
    };
    let mut advice: Vec<String> = Vec::new();
    for line in groups.errors().filter_map(|error| cx.client_advice(error)) {
        if !advice.contains(&line) {
            advice.push(line);
        }
    }
    advice
}

/// What the error says of a user; `None` if nothing failed.
fn failed(cx: &Invocation<'_>, outcome: &Outcome<UserReport>) -> Option<FailedUser> {
    let user = outcome.label.clone();
    let report = match &outcome.result {
        Ok(report) => report,
        Err(error) => {
            return Some(FailedUser {
                user,
                explained: cx.explain(error),
                advice: advice(cx, error),
            });
        }
    };
    let mut all_advice: Vec<String> = Vec::new();
    let mut reasons = Vec::new();
    for line in lines(report) {
        let Err(error) = &line.report.result else {
            continue;
        };
        reasons.push(if line.steps == ALL_STEPS {
            line.sentence
        } else {
            format!("{}: {}", line.steps, line.sentence)
        });
        for line in advice(cx, error) {
            if !all_advice.contains(&line) {
                all_advice.push(line);
            }
        }
    }
    (!reasons.is_empty()).then(|| FailedUser {
        explained: [reasons.join(&format!("\n{user}: ")), all_advice.join("\n")]
            .join("\n")
            .trim_end()
            .to_owned(),
        user,
        advice: all_advice,
    })
}

/// Who still cannot sign on. Comes first, since it would be missed among steps that all succeeded.
fn blocked(cx: &Invocation<'_>, outcomes: &[Outcome<UserReport>]) -> Option<String> {
    let is_blocked = |outcome: &&Outcome<UserReport>| {
        let user = outcome.result.as_ref();
        user.is_ok_and(|user| user.has(StepOutcome::Blocked))
    };
    let blocked: Vec<String> = outcomes.iter().filter(is_blocked).map(name).collect();
    let state = if cx.pingone.is_dry_run() {
        "would still be unable to sign on"
    } else {
        "still cannot sign on"
    };
    match (&*blocked, outcomes.len()) {
        ([], _) => None,
        ([user], 1) => Some(format!("{user} {state} (see Sign-on below).")),
        (_, all) => Some(format!(
            "{} of {all} users {state} (see Sign-on below): {}.",
            blocked.len(),
            blocked.join(", ")
        )),
    }
}
