//! The steps of a containment and of a restoration: what came of each, the record that leads from the one to the
//! other, and the answer that tells both. Which steps there are is the business of `contain.rs` and `restore.rs`.

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Context,
    many::{Change, Outcome},
};
use crate::{
    entry::Output,
    markdown::{Row, row, table_of},
    pingone::id::UserId,
    times::written,
};

const COLUMNS: [&str; 5] = ["User", "ID", "Step", "Outcome", "Detail"];

/// What the texts of a step call the user, who stands beside them.
pub(super) const THE_USER: &str = "the user";

pub(super) const DONE: &str = "done";
pub(super) const ALREADY: &str = "already so";
pub(super) const FAILED: &str = "failed";
pub(super) const NOT_APPLICABLE: &str = "not applicable";
pub(super) const PLANNED: &str = "planned";
pub(super) const NOT_UNDONE: &str = "cannot be undone";

/// A step that did not fail.
pub(super) struct Done {
    pub(super) outcome: &'static str,
    pub(super) detail: String,
}

impl Done {
    pub(super) fn new(outcome: &'static str, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            detail: detail.into(),
        }
    }
}

impl From<&Change> for Done {
    fn from(change: &Change) -> Self {
        Self {
            outcome: if change.changed { DONE } else { ALREADY },
            detail: change.result.clone(),
        }
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
        cx: &Context<'_>,
        user: UserId,
        step: &'static str,
        result: Result<Done>,
    ) -> Self {
        let planned = cx.pingone.take_plan(user);
        let planned = (!planned.is_empty()).then(|| planned.join("\n"));
        let (outcome, detail) = match (result, planned) {
            (Ok(Done { outcome, detail }), None) => (outcome, detail),
            (Err(error), None) => (FAILED, cx.explain(&error)),
            // What was only planned did not happen, and so a step may fail that would not; but not this one.
            (Err(error), Some(planned)) if error.is::<NotAll>() => {
                (FAILED, [&planned, "\n", &cx.explain(&error)].concat())
            }
            (_, Some(planned)) => (PLANNED, planned),
        };
        Self {
            step,
            outcome,
            detail,
        }
    }
}

/// What a containment changed, and so what a restoration has to undo.
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
    /// The password was replaced by one that nobody knows.
    pub(super) password_replaced: bool,
    /// The user was made to change the password at the next sign-on.
    pub(super) change_forced: bool,
    /// The devices that were deleted.
    pub(super) deleted_devices: Vec<String>,
    /// How many sessions were ended.
    pub(super) ended_sessions: u64,
}

/// What came of one user.
pub(super) struct Contained {
    pub(super) taken: Vec<Taken>,
    /// A restoration has none.
    pub(super) record: Option<Record>,
}

/// One row for each step of each user, the records for the context, and the failures.
pub(super) fn report(
    cx: &Context<'_>,
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
            Ok(Contained { taken, record }) => {
                let steps: Vec<Value> = taken
                    .iter()
                    .map(
                        |Taken {
                             step,
                             outcome,
                             detail,
                         }| json!({"Step": step, "Outcome": outcome, "Detail": detail}),
                    )
                    .collect();
                rows.extend(taken.iter().map(
                    |Taken {
                         step,
                         outcome,
                         detail,
                     }| line(step, outcome, detail),
                ));
                let mut entry = json!({"ID": id, "At": at, "User": given, "Steps": steps});
                if let Some(record) = record {
                    entry["Record"] = json!(record);
                }
                context.push(entry);
                let failed = taken.iter().filter(|taken| taken.outcome == FAILED);
                failures.extend(
                    failed.map(|Taken { step, detail, .. }| format!("{given}: {step}: {detail}")),
                );
            }
        }
    }
    let mut output = Output::new(
        table_of(title, &COLUMNS, &rows),
        Some(Value::Array(context.clone())),
    );
    if !context.is_empty() {
        output = output.with_context(key, Value::Array(context));
    }
    // A user with a step that failed is one that failed.
    let every_user_failed = outcomes.iter().all(|outcome| {
        outcome.result.as_ref().map_or(true, |contained| {
            contained.taken.iter().any(|taken| taken.outcome == FAILED)
        })
    });
    if cx.args.text("failOn") != Some("all") || every_user_failed {
        output.failures = failures;
    }
    output
}
