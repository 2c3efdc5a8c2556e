//! Forces password changes and reads the status of passwords, for several commands.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::change::PartialSuccess;
use pingone::{Client, id::UserId};

/// The status of a password that the user has to change at the next sign-on.
pub const MUST_CHANGE: &str = "MUST_CHANGE_PASSWORD";

/// The status in the state of a password.
pub fn status(state: &Value) -> Option<&str> {
    state.get("status")?.as_str()
}

/// Forces a user to change the password at the next sign-on. Returns PingOne's answer.
pub async fn force_change(pingone: &Client<'_>, id: UserId) -> Result<Option<Value>> {
    let raw = pingone.force_password_change(id).await?;
    if pingone.is_dry_run() {
        return Ok(raw);
    }
    ensure_must_change(pingone, id, raw.as_ref()).await?;
    Ok(raw)
}

/// Verifies that the user must change the password. PingOne's `answer` should contain the state; otherwise it is read.
pub async fn ensure_must_change(
    pingone: &Client<'_>,
    id: UserId,
    answer: Option<&Value>,
) -> Result<()> {
    let answered = answer.and_then(status).map(str::to_owned);
    let status = if answered.is_some() {
        answered
    } else {
        let state = pingone.read_password_state(id).await;
        status(&state.context(PartialSuccess::accepted("change"))?).map(str::to_owned)
    };
    let status = status.unwrap_or_default();
    ensure!(
        status == MUST_CHANGE,
        "PingOne accepted the change, but the user does not have to change the password: its status is {status}."
    );
    Ok(())
}
