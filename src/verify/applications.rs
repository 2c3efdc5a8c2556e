//! The steps of the commands about applications.

use serde_json::json;

use super::{
    error::VerifyError,
    step::{Step, check, contains_id},
};
const KEY: &str = "PingOne.Application";

/// The worker application that runs the self-test, if it belongs to this environment.
pub(super) async fn list(step: Step<'_>) -> Result<(), VerifyError> {
    let own = step.own_application().await?;
    let note = step.command(json!({"all_results": true})).await?;
    check(
        contains_id(&note, KEY, &own),
        "the worker application is not in the list",
    )
}

pub(super) async fn get(step: Step<'_>) -> Result<(), VerifyError> {
    let own = step.own_application().await?;
    let note = step.command(json!({"application": own})).await?;
    check(
        contains_id(&note, KEY, &own),
        "the command returns another application",
    )
}

impl Step<'_> {
    async fn own_application(&self) -> Result<String, VerifyError> {
        let id = self.cx.settings().client_id.clone();
        let answer = self
            .cx
            .ask(super::test_context::get(&["applications", &id]))
            .await?;
        if answer.is_success() {
            return Ok(id);
        }
        Err(VerifyError::Skipped(
            "the worker application cannot read itself: it needs Configuration Read Only, in its own environment",
        ))
    }
}
