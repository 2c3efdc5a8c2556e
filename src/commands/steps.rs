//! The steps of a containment and of a restoration: what came of each, the record that leads from the one to the
//! other, and the answer that tells both. Which steps there are is the business of `contain.rs` and `restore.rs`.

use std::iter;

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::many::{Change, Kept, Outcome};
use crate::{
    entry::Output,
    invocation::Invocation,
    manifest::Arg,
    markdown::{Row, row, table_of},
};
use pingone::{id::UserId, memory, times::written};

const COLUMNS: [&str; 5] = ["User", "ID", "Step", "Outcome", "Detail"];

/// What the texts of a step call the user, who stands beside them.
pub(super) const THE_USER: &str = "the user";

pub(super) const DONE: &str = "done";
pub(super) const ALREADY: &str = "already so";
pub(super) const FAILED: &str = "failed";
pub(super) const NOT_APPLICABLE: &str = "not applicable";
pub(super) const PLANNED: &str = "planned";
pub(super) const NOT_UNDONE: &str = "cannot be undone";
/// The user still cannot sign on, for a reason that is not a restoration's to remove.
pub(super) const BLOCKED: &str = "still blocked";

/// A step that did not fail.
pub(super) struct Done {
    pub(super) outcome: &'static str,
    pub(super) detail: String,
    /// What the step left alone, and why.
    left_alone: Option<String>,
}

impl Done {
    pub(super) fn new(outcome: &'static str, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            detail: detail.into(),
            left_alone: None,
        }
    }

    /// The step left something alone.
    pub(super) fn leaving_alone(mut self, what: Option<String>) -> Self {
        self.left_alone = what;
        self
    }
}

impl From<&Change> for Done {
    fn from(change: &Change) -> Self {
        let outcome = if change.changed { DONE } else { ALREADY };
        Self::new(outcome, change.result.clone())
    }
}

/// Of several things that a step does, some failed for reasons of their own.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotAll(pub(super) String);

/// What came of a step.
pub(super) struct Taken {
    pub(super) step: &'static str,
    pub(super) outcome: &'static str,
    pub(super) detail: String,
}

impl Taken {
    /// What came of a step, or what it would do.
    pub(super) fn of(
        cx: &Invocation<'_>,
        user: UserId,
        step: &'static str,
        result: Result<Done>,
    ) -> Self {
        let planned = cx.pingone.take_plan(user);
        let planned = (!planned.is_empty()).then(|| planned.join("\n"));
        let (outcome, detail) = match (result, planned) {
            (Ok(done), None) => {
                let parts = iter::once(done.detail).chain(done.left_alone);
                (done.outcome, parts.collect::<Vec<_>>().join("; "))
            }
            (Ok(Done { left_alone, .. }), Some(planned)) => {
                let parts = iter::once(planned).chain(left_alone);
                (PLANNED, parts.collect::<Vec<_>>().join("\n"))
            }
            (Err(error), None) => (FAILED, cx.explain(&error)),
            // What was only planned did not happen, and so a step may fail that would not; but not this one.
            (Err(error), Some(planned)) if error.is::<NotAll>() => {
                (FAILED, [&planned, "\n", &cx.explain(&error)].concat())
            }
            (Err(_), Some(planned)) => (PLANNED, planned),
        };
        Self {
            step,
            outcome,
            detail,
        }
    }
}

/// What a containment changed, or may have, and so what a restoration has to undo.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each stands for a step of its own"
)]
pub(super) struct Record {
    /// The user was enabled and no longer is.
    pub(super) disabled: bool,
    /// The account was not locked and now is.
    pub(super) locked: bool,
    /// The account was locked until then, and now is for longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) locked_until_before: Option<Timestamp>,
    /// The groups that the user was taken out of.
    pub(super) left_groups: Vec<String>,
    /// The groups that the user may have been taken out of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unconfirmed_groups: Vec<String>,
    /// The password was replaced by one that nobody knows.
    pub(super) password_replaced: bool,
    /// The user was made to change the password at the next sign-on.
    pub(super) change_forced: bool,
    /// The devices that were deleted.
    pub(super) deleted_devices: Vec<String>,
    /// The devices that may have been deleted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unconfirmed_devices: Vec<String>,
    /// How many sessions were ended.
    pub(super) ended_sessions: u64,
    /// The sessions that may have been ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unconfirmed_sessions: Vec<String>,
    /// The steps that stand above as if they had been taken, and of which that is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unconfirmed_steps: Vec<String>,
}

/// What came of one user.
pub(super) struct Contained {
    pub(super) taken: Vec<Taken>,
    /// A restoration has none.
    pub(super) record: Option<Record>,
}

impl Contained {
    fn has(&self, outcome: &str) -> bool {
        self.taken.iter().any(|taken| taken.outcome == outcome)
    }

    /// What goes into the context.
    fn entry(&self, id: Option<&str>, at: &str, given: &str, is_dry_run: bool) -> Value {
        let steps = self.taken.iter().map(
            |taken| json!({"Step": taken.step, "Outcome": taken.outcome, "Detail": taken.detail}),
        );
        let steps: Vec<Value> = steps.collect();
        let mut entry = row([("ID", json!(id)), ("At", json!(at)), ("User", json!(given))]);
        if is_dry_run {
            entry.insert("DryRun".to_owned(), json!(true));
        }
        entry.insert("Steps".to_owned(), json!(steps));
        if let Some(record) = &self.record {
            entry.insert("Record".to_owned(), json!(record));
        }
        Value::Object(entry)
    }
}

impl Kept for Contained {
    fn weight(&self) -> usize {
        let taken = self
            .taken
            .iter()
            .map(|taken| memory::text_weight(&taken.detail));
        // A row and an entry for each step, and the ids in the record.
        let record = self.record.iter().map(|record| {
            let ids = [
                &record.left_groups,
                &record.unconfirmed_groups,
                &record.deleted_devices,
                &record.unconfirmed_devices,
                &record.unconfirmed_sessions,
            ];
            ids.map(Vec::len).iter().sum::<usize>() * memory::text_weight(ID)
        });
        memory::ROW
            + taken.map(|text| memory::ROW / 4 + text).sum::<usize>()
            + record.sum::<usize>()
    }
}

/// What is as long as an id.
const ID: &str = "00000000-0000-0000-0000-000000000000";

/// One row for each step of each user, the records for the context, and the failures.
pub(super) fn report(
    cx: &Invocation<'_>,
    title: &str,
    key: &str,
    outcomes: &[Outcome<Contained>],
) -> Output {
    let at = written(cx.pingone.now());
    let mut rows: Vec<Row> = Vec::new();
    let mut context = Vec::new();
    let mut failures = Vec::new();
    for Outcome { given, id, result } in outcomes {
        let id = id.map(|id| id.to_string());
        let line = |step: &str, outcome: &str, detail: &str| {
            row([
                ("User", json!(given)),
                ("ID", json!(id)),
                ("Step", json!(step)),
                ("Outcome", json!(outcome)),
                ("Detail", json!(detail)),
            ])
        };
        match result {
            Err(error) => {
                let explained = cx.explain(error);
                rows.push(line("", FAILED, &explained));
                failures.push(format!("{given}: {explained}"));
            }
            Ok(contained) => {
                for taken in &contained.taken {
                    rows.push(line(taken.step, taken.outcome, &taken.detail));
                    if taken.outcome == FAILED {
                        failures.push(format!("{given}: {}: {}", taken.step, taken.detail));
                    }
                }
                context.push(contained.entry(id.as_deref(), &at, given, cx.pingone.only_plans()));
            }
        }
    }
    let table = [blocked_of(outcomes), table_of(title, &COLUMNS, &rows)].concat();
    let mut output = Output::new(table, Some(Value::Array(context.clone())));
    if !context.is_empty() {
        output = output.with_context(key, Value::Array(context));
    }
    // A user with a step that failed is one that failed.
    let failed = |contained: &Contained| contained.has(FAILED);
    let mut results = outcomes.iter().map(|outcome| &outcome.result);
    let every_user_failed = results.all(|result| result.as_ref().map_or(true, failed));
    if cx.args.text(Arg::FailOn) != Some("all") || every_user_failed {
        output.failures = failures;
    }
    output
}

/// Says above the table who still cannot sign on: among rows that all went well it would be missed.
fn blocked_of(outcomes: &[Outcome<Contained>]) -> String {
    let users: Vec<&Contained> = outcomes
        .iter()
        .filter_map(|outcome| outcome.result.as_ref().ok())
        .collect();
    let blocked = users.iter().filter(|user| user.has(BLOCKED)).count();
    match (blocked, outcomes.len()) {
        (0, _) => String::new(),
        (_, 1) => "**The user still cannot sign on: see the step signOn.**\n".to_owned(),
        (blocked, all) => {
            format!("**{blocked} of {all} users still cannot sign on: see the step signOn.**\n")
        }
    }
}
