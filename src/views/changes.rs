//! The answer of a command that changes users: a row and a context entry for each.

use anyhow::Error;
use serde_json::{Value, json};

use super::{
    sentences::{done, shorten_hint},
    summary::{FailedUser, Verdict, add_failures, totals},
};
use crate::{
    document::{Block, Document, Row, row, table_of},
    entry::Output,
    invocation::Invocation,
    operations::{
        change::{
            BypassEnd, Change, Details, Device, DeviceStates, Devices, LinkedAccount,
            LinkedAccounts, PartialSuccess, Role, Sessions, changed_before,
        },
        for_each::Outcome,
    },
};
use pingone::times::to_rfc3339_millis;

/// The context key of changes.
const CHANGE: &str = "PingOne.Change(val.ID && val.ID === obj.ID && val.Command === obj.Command)";
const COLUMNS: [&str; 3] = ["User", "Outcome", "Result"];

/// A table under this title, the totals, the context, and the failures.
pub fn report(cx: &Invocation<'_>, title: &str, outcomes: &[Outcome<Change>]) -> Output {
    let (mut rows, mut context) = (Vec::new(), Vec::new());
    let (mut verdicts, mut failed) = (Vec::new(), Vec::new());
    for Outcome { label, id, result } in outcomes {
        let verdict = verdict(result);
        verdicts.push(verdict);
        rows.push(row([
            ("User", json!(label)),
            ("Outcome", json!(word(verdict, result))),
            ("Result", json!(sentence(result))),
        ]));
        if let Err(error) = result {
            failed.push(FailedUser {
                user: label.clone(),
                explained: cx.explain(error),
                advice: cx.advice(error).into_iter().collect(),
            });
        }
        // Without an id, nothing could find the context entry again.
        if let Some(id) = id {
            let mut entry = row([
                ("ID", json!(id.to_string())),
                ("User", json!(label)),
                ("Command", json!(cx.command)),
            ]);
            entry.extend(members(cx, result));
            context.push(Value::Object(entry));
        }
    }
    let mut readable = Document::from(match outcomes {
        // A single user is named in the title.
        [only] => table_of(&format!("{title}: {}", only.label), &COLUMNS[1..], &rows),
        _ => table_of(title, &COLUMNS, &rows),
    });
    if let Some(totals) = totals("changed", &verdicts) {
        readable.push(Block::Paragraph(totals));
    }
    let mut output = Output::new(readable, Some(Value::Array(context.clone())));
    if !context.is_empty() {
        output = output.with_context(CHANGE, Value::Array(context));
    }
    add_failures(cx, &mut output, outcomes.len(), failed);
    output
}

fn verdict(result: &Result<Change, Error>) -> Verdict {
    match result {
        Ok(change) if change.changed => Verdict::Changed,
        Ok(_) => Verdict::Unchanged,
        Err(error) if changed_before(error) == Some(true) => Verdict::Partial,
        Err(_) => Verdict::Failed,
    }
}

fn word(verdict: Verdict, result: &Result<Change, Error>) -> &'static str {
    match verdict {
        Verdict::Unchanged if leaves_roles(result) => "Not possible here",
        Verdict::Changed => "Changed",
        Verdict::Unchanged => "No change needed",
        Verdict::Partial => "Failed in part",
        Verdict::Failed => "Failed",
    }
}

/// Whether roles that should be removed are still held.
fn leaves_roles(result: &Result<Change, Error>) -> bool {
    let details = result.as_ref().map(|change| &change.details);
    matches!(details, Ok(Details::Roles(roles)) if !roles.kept.is_empty())
}

/// The table's text about a user. Advice is in the error entry.
fn sentence(result: &Result<Change, Error>) -> String {
    match result {
        Ok(change) => {
            let parts = [Some(done(change)), shorten_hint(change).map(str::to_owned)];
            parts.into_iter().flatten().collect::<Vec<_>>().join(". ")
        }
        Err(error) => format!("{error:#}"),
    }
}

/// What the context says of a user.
fn members(cx: &Invocation<'_>, result: &Result<Change, Error>) -> Row {
    let (changed, verified, text, known) = match result {
        Ok(change) => (
            Some(change.changed),
            change.verified,
            sentence(result),
            Some(&change.details),
        ),
        Err(error) => {
            let text = format!("Failed: {}", cx.explain(error));
            let before = error.downcast_ref::<PartialSuccess>();
            let known = before.map(|before| &before.details);
            (changed_before(error), false, text, known)
        }
    };
    let mut members = row([
        ("Changed", json!(changed)),
        ("Verified", json!(verified)),
        ("Result", json!(text)),
    ]);
    members.extend(known.map(details).unwrap_or_default());
    members
}

fn details(details: &Details) -> Row {
    match details {
        Details::None => Row::new(),
        Details::Lock(lock) => row([("UnlockAt", json!(lock.end))]),
        Details::PasswordStatus(status) => row([("PasswordStatus", json!(status))]),
        Details::MfaEnabled(enabled) => row([("MFAEnabled", json!(enabled))]),
        Details::Devices(Devices {
            deleted,
            unconfirmed,
            kept,
        }) => {
            let mut row = row([(
                "Deleted",
                json!(texts(deleted.iter().map(|device| device.id))),
            )]);
            if let Some(kept) = kept {
                row.insert("Kept".to_owned(), json!(kept.len()));
            }
            with_unconfirmed(row, &texts(unconfirmed.iter().map(|device| device.id)))
        }
        Details::DeviceStates(DeviceStates {
            changed,
            unconfirmed,
            not_found,
            ..
        }) => {
            let ids = |devices: &[Device]| texts(devices.iter().map(|device| device.id));
            let row = row([("Devices", json!(ids(changed)))]);
            with_unconfirmed(with_not_found(row, &ids(not_found)), &ids(unconfirmed))
        }
        Details::MfaBypass(BypassEnd { until, .. }) => {
            row([("BypassUntil", json!(until.map(to_rfc3339_millis)))])
        }
        Details::Roles(roles) => {
            let ids = |roles: &[Role]| texts(roles.iter().map(|role| role.id));
            let mut row = row([("RemovedRoles", json!(ids(&roles.removed)))]);
            if !roles.kept.is_empty() {
                let kept = roles.kept.iter().map(|kept| &kept.role);
                row.insert("KeptRoles".to_owned(), kept.cloned().collect());
            }
            if !roles.not_found.is_empty() {
                row.insert("NotFound".to_owned(), json!(roles.not_found));
            }
            with_unconfirmed(row, &ids(&roles.unconfirmed))
        }
        Details::Sessions(Sessions {
            ended, unconfirmed, ..
        }) => with_unconfirmed(row([("Ended", json!(ended.len()))]), &texts(unconfirmed)),
        Details::LinkedAccounts(LinkedAccounts {
            unlinked,
            unconfirmed,
            not_found,
        }) => {
            let ids = |accounts: &[LinkedAccount]| texts(accounts.iter().map(|account| account.id));
            let row = row([("Unlinked", json!(ids(unlinked)))]);
            with_unconfirmed(with_not_found(row, &ids(not_found)), &ids(unconfirmed))
        }
    }
}

fn with_not_found(row: Row, ids: &[String]) -> Row {
    with_ids(row, "NotFound", ids)
}

fn with_unconfirmed(row: Row, ids: &[String]) -> Row {
    with_ids(row, "Unconfirmed", ids)
}

/// Adds ids, if there are any.
fn with_ids(mut row: Row, name: &str, ids: &[String]) -> Row {
    if !ids.is_empty() {
        row.insert(name.to_owned(), json!(ids));
    }
    row
}

fn texts<T: ToString>(ids: impl IntoIterator<Item = T>) -> Vec<String> {
    ids.into_iter().map(|id| id.to_string()).collect()
}
