//! What is done to a user's password by several commands, and what its state says.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::change::PartialSuccess;
use pingone::{Client, id::UserId};

/// The state of a password that the user has to change at the next sign-on.
pub const MUST_CHANGE: &str = "MUST_CHANGE_PASSWORD";

/// The word for a password's state.
pub fn status(state: &Value) -> Option<&str> {
    state.get("status")?.as_str()
}

/// Makes a user change the password at the next sign-on. Gives PingOne's answer.
pub async fn force_change(pingone: &Client<'_>, id: UserId) -> Result<Option<Value>> {
    let raw = pingone.force_password_change(id).await?;
    ensure_must_change(pingone, id, raw.as_ref()).await?;
    Ok(raw)
}

/// PingOne answers with the state of the password; only if it does not, it has to be asked.
pub async fn ensure_must_change(
    pingone: &Client<'_>,
    id: UserId,
    answer: Option<&Value>,
) -> Result<()> {
    let told = answer.and_then(status).map(str::to_owned);
    let status = if told.is_some() {
        told
    } else {
        let state = pingone.read_password_state(id).await;
        status(&state.context(PartialSuccess::accepted("change"))?).map(str::to_owned)
    };
    let status = status.unwrap_or_default();
    ensure!(
        status == MUST_CHANGE,
        "PingOne accepted the change, but the user need not change the password: its state is {status}."
    );
    Ok(())
}
