//! PingOne Protect: risk evaluations, and feedback on them.

use serde_json::Value;

use super::Client;
use crate::{
    endpoints::risk::{self, Feedback, RiskEvaluation},
    error::Error,
    id::RiskEvaluationId,
};

impl Client<'_> {
    /// A risk evaluation.
    pub async fn risk_evaluation(&self, id: RiskEvaluationId) -> Result<RiskEvaluation, Error> {
        let answer = self.reader().read(risk::evaluation(id)).await?;
        answer.decode(|raw| Ok(RiskEvaluation::read(raw, &self.mask())))
    }

    /// Submits feedback, which trains PingOne Protect and changes nobody. Returns PingOne's answer, if it has one.
    pub async fn submit_risk_feedback(
        &self,
        feedback: &Feedback<'_>,
    ) -> Result<Option<Value>, Error> {
        self.change(risk::submit_feedback(feedback)).await
    }

    /// Whether the environment includes PingOne Protect; `None` if PingOne does not say.
    pub async fn has_protect(&self) -> Option<bool> {
        let services = self.read(risk::services()).await.ok()?;
        risk::has_protect(&services)
    }
}
