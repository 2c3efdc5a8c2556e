//! Risk evaluations of PingOne Protect, and feedback on them. Where the environment does not include Protect, an error
//! says so: what PingOne itself answers then is undocumented.

use std::net::IpAddr;

use anyhow::{Context as _, Error, Result, bail};
use jiff::Timestamp;
use serde_json::Value;

use super::find::{UserRef, find_user};
use crate::advice::Advised;
use pingone::{
    Client,
    id::RiskEvaluationId,
    risk::{Feedback, RiskEvaluation, Subject},
};

const NO_PROTECT: &str =
    "This command needs PingOne Protect, which the environment does not include.";
const MAY_BE_ACCEPTED: &str = "PingOne may have made the change anyway, and has no list of feedback to check. If you submit it again, it may count twice.";

/// What feedback is about, and when that happened.
pub enum About {
    /// A user.
    User(UserRef, Timestamp),
    /// An address.
    Ip(IpAddr, Timestamp),
    /// A risk evaluation, which has a time of its own.
    Evaluation(RiskEvaluationId, Option<Timestamp>),
}

/// A verdict, in PingOne's words.
pub struct Verdict<'a> {
    /// The verdict itself.
    pub verdict: &'a str,
    /// How it was reached.
    pub trigger: &'a str,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Feedback that PingOne accepted.
pub struct Accepted {
    /// What it is about.
    pub subject: Subject,
    /// When it happened.
    pub occurred: Timestamp,
    /// PingOne's answer, if it has one.
    pub raw: Option<Value>,
}

/// Reads a risk evaluation.
pub async fn evaluation(pingone: &Client<'_>, id: RiskEvaluationId) -> Result<RiskEvaluation> {
    let error = match pingone.risk_evaluation(id).await {
        Ok(evaluation) => return Ok(evaluation),
        Err(error) => error,
    };
    let is_unknown = error.status() == Some(404);
    let error = explained(pingone, error).await;
    if is_unknown && !error.is::<Advised>() {
        bail!(
            "There is no risk evaluation {id}. Find IDs with pingone-list-audit-activities actionType=RISK_EVALUATION.CREATED."
        )
    }
    Err(error)
}

/// Submits feedback. The user of an evaluation, and its time if none is given, are read from it.
pub async fn submit_feedback(
    pingone: &Client<'_>,
    about: About,
    verdict: Verdict<'_>,
) -> Result<Accepted> {
    let (subject, occurred) = match about {
        About::User(user, time) => (Subject::User(find_user(pingone, &user).await?.id), time),
        About::Ip(ip, time) => (Subject::Ip(ip), time),
        About::Evaluation(id, time) => {
            let evaluation = evaluation(pingone, id).await?;
            let time = time.or(evaluation.created);
            let time = time
                .context("PingOne does not say when the evaluation was made. Provide 'since'.")?;
            (Subject::Evaluation(id, evaluation.user), time)
        }
    };
    let Verdict {
        verdict,
        trigger,
        reason,
    } = verdict;
    let feedback = Feedback {
        subject,
        verdict,
        trigger,
        occurred,
        reason,
    };
    match pingone.submit_risk_feedback(&feedback).await {
        Ok(raw) => Ok(Accepted {
            subject,
            occurred,
            raw,
        }),
        Err(error) if error.may_have_changed() => Err(advised(error, MAY_BE_ACCEPTED)),
        Err(error) => Err(explained(pingone, error).await),
    }
}

/// Says so if PingOne refused because Protect is missing.
async fn explained(pingone: &Client<'_>, error: pingone::Error) -> Error {
    let may_lack_it = error.status() == Some(403) || error.status() == Some(404);
    if may_lack_it && pingone.has_protect().await == Some(false) {
        return advised(error, NO_PROTECT);
    }
    error.into()
}

fn advised(error: pingone::Error, advice: &'static str) -> Error {
    Advised { error, advice }.into()
}
