//! Risk evaluations of PingOne Protect, and feedback on them.

use serde_json::{Value, json};

use super::cells::{choose, joined, minutes};
use crate::{
    document::{Block, Document, at, cell, compact_table, row, table_of},
    entry::Output,
    operations::risk::{Accepted, Verdict},
};
use pingone::times::{to_rfc3339_millis, to_utc_minutes};

const EVALUATION: &str = "PingOne.RiskEvaluation(val.ID && val.ID === obj.ID)";
const FEEDBACK: &str = "PingOne.RiskFeedback(val.ID && val.ID === obj.ID)";
/// The details that are shown as one location.
const LOCATION: [&str; 3] = ["city", "state", "country"];
const TRAINS_ONLY: &str = "Feedback trains PingOne Protect. It blocks neither the user nor the address: contain users with pingone-contain-user, and block addresses at the firewall.";

/// A risk evaluation: what was evaluated, then each signal that PingOne took into account.
pub fn evaluation(raw: Value) -> Output {
    let text = |pointer| cell(&at(&raw, pointer));
    let score = text("/result/score");
    let details = at(&raw, "/details");
    let location = LOCATION.map(|name| cell(details.get(name).unwrap_or(&Value::Null)));
    let what = [[
        joined([text("/result/level"), score], ", score "),
        text("/event/user/name"),
        text("/event/ip"),
        joined(location, ", "),
        text("/event/flow/type"),
        text("/riskPolicySet/name"),
        minutes(&at(&raw, "/createdAt")),
    ]];
    let columns = [
        "Risk",
        "User",
        "IP address",
        "Location",
        "Flow",
        "Policy",
        "Time",
    ];
    let signals = details.as_object().into_iter().flatten();
    let signals: Vec<[String; 2]> = signals
        .filter(|(name, _)| !LOCATION.contains(&name.as_str()))
        .map(|(name, value)| [name.clone(), choose(value, "yes", "no")])
        .collect();
    let readable = Document::from(compact_table("PingOne risk evaluation", columns, &what))
        .with("\n")
        .with(compact_table("Signals", ["Signal", "Value"], &signals));
    let context = row([
        ("ID", at(&raw, "/id")),
        ("Level", at(&raw, "/result/level")),
        ("Score", at(&raw, "/result/score")),
        ("User", at(&raw, "/event/user/name")),
        ("UserID", at(&raw, "/event/user/id")),
        ("UserType", at(&raw, "/event/user/type")),
        ("IP", at(&raw, "/event/ip")),
        ("Country", at(&raw, "/details/country")),
        ("City", at(&raw, "/details/city")),
        ("ImpossibleTravel", at(&raw, "/details/impossibleTravel")),
        (
            "AnonymousNetwork",
            at(&raw, "/details/anonymousNetworkDetected"),
        ),
        ("CompletionStatus", at(&raw, "/event/completionStatus")),
        ("Created", at(&raw, "/createdAt")),
    ]);
    Output::new(readable, Some(raw)).with_context(EVALUATION, json!([context]))
}

/// Feedback that PingOne accepted. `label` is its subject as the request gave it.
pub fn feedback(label: &str, verdict: &Verdict<'_>, accepted: Accepted) -> Output {
    let Accepted {
        subject,
        occurred,
        raw,
    } = accepted;
    let id = raw.as_ref().map_or(Value::Null, |raw| at(raw, "/id"));
    let (kind, value) = subject.type_and_value();
    let line = row([
        ("Subject", json!(label)),
        ("Verdict", json!(verdict.verdict)),
        ("Trigger", json!(verdict.trigger)),
        ("Occurred", json!(to_utc_minutes(occurred))),
        ("ID", id.clone()),
    ]);
    let columns = ["Subject", "Verdict", "Trigger", "Occurred", "ID"];
    let readable = Document::from(table_of("Risk feedback accepted", &columns, &[line]))
        .with(Block::Paragraph(TRAINS_ONLY.to_owned()));
    let context = row([
        ("ID", id),
        ("SubjectType", json!(kind)),
        ("Subject", json!(value)),
        ("Verdict", json!(verdict.verdict)),
        ("Trigger", json!(verdict.trigger)),
        ("Occurred", json!(to_rfc3339_millis(occurred))),
        ("Reason", json!(verdict.reason)),
    ]);
    Output::new(readable, raw).with_context(FEEDBACK, json!([context]))
}
