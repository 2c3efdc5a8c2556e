//! The posture of an environment: findings ranked by severity, each with what to do, and what was not checked.

use serde_json::json;

use super::{cells::joined, webhook};
use crate::{
    access::Access,
    document::{Block, Document, row, table_of},
    entry::Output,
    failure,
    operations::{
        phrases::counted,
        posture::{Change, Check, Concern, Finding, Posture, Severity},
        webhooks::Weakness,
    },
};
use pingone::times::to_utc_minutes;

/// Each answer replaces the previous one: what was found then may be mended.
const KEY: &str = "PingOne.Posture(true)";
const COLUMNS: [&str; 4] = ["Severity", "Finding", "Subject", "What to do"];
const BLIND_SPOTS: &str = "PingOne lists neither administrators nor MFA bypasses, so users are asked one by one, administrators first. It does not tell how old a secret is.";

/// The table, what was looked at, and the context.
pub fn report(posture: &Posture) -> Output {
    let (mut rows, mut findings, mut unchecked) = (Vec::new(), Vec::new(), Vec::new());
    for finding in &posture.findings {
        let severity = severity(finding.severity());
        let (name, text, advice) = words(finding);
        rows.push(row([
            ("Severity", json!(severity)),
            ("Finding", json!(text)),
            ("Subject", json!(finding.subject)),
            ("What to do", json!(advice)),
        ]));
        findings.push(json!({
            "Severity": severity, "Concern": name, "Finding": text, "Advice": advice,
            "Subject": finding.subject, "SubjectID": finding.id,
        }));
    }
    for (check, error) in &posture.failed {
        let (name, access) = described(*check);
        let reason = failure::explain(access, error);
        rows.push(row([
            ("Severity", json!("Not checked")),
            ("Finding", json!(name)),
            ("What to do", json!(reason)),
        ]));
        unchecked.push(json!({"Check": name, "Reason": reason}));
    }
    let mut readable = Document::from(table_of("PingOne posture", &COLUMNS, &rows));
    for note in notes(posture) {
        readable.push(Block::Paragraph(note));
    }
    let context = json!({"Findings": findings, "NotChecked": unchecked});
    Output::new(readable, Some(context.clone())).with_context(KEY, context)
}

fn notes(posture: &Posture) -> Vec<String> {
    let Posture {
        users,
        bypasses,
        more_users,
        more_workers,
        ..
    } = posture;
    let mut notes = vec![format!(
        "Asked {} for administrator roles and {} for MFA bypasses. {BLIND_SPOTS}",
        counted(*users, "user"),
        counted(*bypasses, "user")
    )];
    if *more_users {
        notes.push("There are more users: run again with a larger maxUsers.".to_owned());
    }
    if *more_workers > 0 {
        let more = counted(*more_workers, "more worker application");
        notes.push(format!("The roles of {more} were not read."));
    }
    notes
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    }
}

/// A check's name, and the access that it needs.
fn described(check: Check) -> (&'static str, Access) {
    match check {
        Check::Administrators => ("Administrators' MFA", Access::Read),
        Check::Bypasses => ("MFA bypasses", Access::Read),
        Check::Applications => ("Applications", Access::ReadConfiguration),
        Check::WorkerRoles => ("Roles of worker applications", Access::ReadConfiguration),
        Check::Webhooks => ("Webhooks", Access::ReadConfiguration),
        Check::Trail => ("Changes in the last week", Access::Read),
    }
}

/// A finding's name in the context, its text, and what to do.
fn words(finding: &Finding) -> (&'static str, String, &'static str) {
    match &finding.concern {
        Concern::NoMfa => (
            "AdministratorWithoutMFA",
            "Administrator without MFA".to_owned(),
            "Check who granted the role: pingone-list-administrators. If the administrator is known, turn MFA on with pingone-set-mfa-enabled.",
        ),
        Concern::Bypass(until) => (
            "MFABypass",
            format!("MFA bypass until {}", to_utc_minutes(*until)),
            "Unless the help desk knows why, end it with pingone-end-mfa-bypass.",
        ),
        Concern::BroadRoles(roles) => (
            "BroadRoles",
            format!("Worker application with {}", roles.join(", ")),
            "Replace the roles by a custom role with only the permissions that it needs.",
        ),
        Concern::OldSecret(created) => (
            "OldSecret",
            format!(
                "Secret possibly as old as the worker application, {}",
                to_utc_minutes(*created)
            ),
            "Rotate the secret, unless you know that it is newer than the application.",
        ),
        Concern::TokensOutliveSessions => (
            "TokensOutliveSessions",
            "Tokens outlive the session (skipTokenSessionValidation)".to_owned(),
            "Ending a user's sessions does not end access to this application. Turn the setting off, or wait for the tokens to expire.",
        ),
        Concern::NoWebhook => (
            "NoWebhook",
            "No webhook sends the audit trail elsewhere".to_owned(),
            "Check that it is collected in another way.",
        ),
        Concern::Webhook(weaknesses) => (
            "WeakWebhook",
            format!(
                "Webhook {}",
                joined(weaknesses.iter().map(|one| webhook::text(*one)), "; ")
            ),
            if weaknesses.contains(&Weakness::Off) {
                "Find out who turned it off with pingone-list-audit-activities actionType=SUBSCRIPTION.UPDATED, and turn it on in PingOne."
            } else {
                "Correct it in PingOne, unless it is intended."
            },
        ),
        Concern::FederationChanged(change) => (
            "FederationChanged",
            changed("Federation", change),
            "Check that it was intended: whoever controls an identity provider can sign on as its users.",
        ),
        Concern::WebhookChanged(change) => (
            "WebhookChanged",
            changed("Webhook", change),
            "Check that it was intended: see pingone-list-webhooks.",
        ),
    }
}

fn changed(what: &str, change: &Change) -> String {
    let Change { action, by, at } = change;
    let by = by.as_ref().map(|by| format!(" by {by}"));
    let at = at.map(|at| format!(" at {}", to_utc_minutes(at)));
    let [by, at] = [by, at].map(Option::unwrap_or_default);
    format!("{what} changed{by}{at}: {action}")
}
