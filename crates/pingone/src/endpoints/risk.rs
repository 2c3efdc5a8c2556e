//! PingOne Protect: risk evaluations, and feedback on them. No call lists evaluations; their ids are in the audit trail.
//! <https://developer.pingidentity.com/pingone-api/protect/risk-evaluations.html>

use std::net::IpAddr;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    call::{Effect, Path, Read, Write},
    id::{RiskEvaluationId, UserId},
    retry::Repeat,
    secrets::Mask,
    times::to_rfc3339_millis,
};

const FEEDBACK: &str = "application/vnd.pingidentity.risk.feedback.v2+json";

/// A risk evaluation as PingOne returns it, with every secret masked.
#[derive(Debug)]
pub struct RiskEvaluation {
    /// The user, if that is one of PingOne's.
    pub user: Option<UserId>,
    /// When the risk was evaluated.
    pub created: Option<Timestamp>,
    /// Everything that PingOne sent.
    pub raw: Value,
}

impl RiskEvaluation {
    /// Decodes an evaluation.
    pub(crate) fn read(raw: Value, mask: &Mask) -> Self {
        // Read before masking, which may garble them if a secret happens to be part of them.
        let text = |pointer| raw.pointer(pointer).and_then(Value::as_str);
        let is_own = text("/event/user/type") == Some("PING_ONE");
        let user = text("/event/user/id").filter(|_| is_own);
        Self {
            user: user.and_then(|user| user.parse().ok()),
            created: text("/createdAt").and_then(|time| time.parse().ok()),
            raw: mask.value(raw),
        }
    }
}

/// What feedback is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A user.
    User(UserId),
    /// A risk evaluation, and the user that it was about, if that is one of PingOne's.
    Evaluation(RiskEvaluationId, Option<UserId>),
    /// An address.
    Ip(IpAddr),
}

impl Subject {
    /// PingOne's name for its type, and its value.
    pub fn type_and_value(self) -> (&'static str, String) {
        match self {
            Self::User(user) => ("PINGONE_USER_ID", user.to_string()),
            Self::Evaluation(id, _) => ("RISK_EVALUATION_ID", id.to_string()),
            Self::Ip(ip) => ("IP_ADDRESS", ip.to_string()),
        }
    }

    fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Evaluation(_, user) => user,
            Self::Ip(_) => None,
        }
    }
}

/// Feedback for PingOne Protect.
#[derive(Clone, Debug)]
pub struct Feedback<'a> {
    /// What it is about.
    pub subject: Subject,
    /// `FRAUD`, `SUSPECTED_FRAUD` or `LEGITIMATE`.
    pub verdict: &'a str,
    /// How it was found out, such as `MANUAL_REVIEW`.
    pub trigger: &'a str,
    /// When it happened, or began.
    pub occurred: Timestamp,
    /// Why; 200 characters at most.
    pub reason: Option<&'a str>,
}

/// A risk evaluation.
pub(crate) fn evaluation(id: RiskEvaluationId) -> Read {
    Read::at(Path::of(&["riskEvaluations", &id.to_string()]))
}

/// Submits feedback. It is never sent again once it may have reached PingOne, which would count it twice.
/// <https://developer.pingidentity.com/pingone-api/protect/risk-evaluation-feedback.html>
pub(crate) fn submit_feedback(feedback: &Feedback<'_>) -> Write {
    let Feedback {
        subject,
        verdict,
        trigger,
        occurred,
        reason,
    } = feedback;
    let (kind, value) = subject.type_and_value();
    let mut body = json!({
        "subject": {"type": kind, "value": value},
        "verdict": verdict,
        "occurredFrom": to_rfc3339_millis(*occurred),
        "trigger": trigger,
    });
    if let Some(reason) = reason {
        body["reason"] = json!(reason);
    }
    // It may raise the risk of the user's later sign-ons.
    let effect = subject.user().map_or(Effect::Nobody, Effect::User);
    Write::bare(Method::POST, Path::of(&["riskFeedback"]), effect)
        .with_body(FEEDBACK, body)
        .with_repeat(Repeat::OnlyIfUnsent)
}

/// The services of the environment.
/// <https://developer.pingidentity.com/pingone-api/platform/bill-of-materials-bom.html>
pub(crate) fn services() -> Read {
    Read::at(Path::of(&["billOfMaterials"]))
}

/// Whether PingOne Protect is among the services; `None` if the answer lists none at all.
pub(crate) fn has_protect(services: &Value) -> Option<bool> {
    let products = services.get("products")?.as_array()?;
    let is_protect = |product: &Value| product.get("type") == Some(&json!("PING_ONE_RISK"));
    Some(products.iter().any(is_protect))
}
