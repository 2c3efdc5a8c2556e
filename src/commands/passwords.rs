//! Commands about a user's password.

use anyhow::Result;
use serde_json::{Value, json};

use super::{
    Context,
    many::{at, row},
};
use crate::{
    entry::Output,
    markdown::{Row, table},
};

/// `pingone-set-password`: the user has to change it at the next sign-on. With `forceChange` or `bypassPolicy`
/// it is PingOne's other operation, which sets a password as the policy allows and for as long as one wants.
pub(super) async fn set(cx: &Context<'_>) -> Result<Output> {
    let username = cx.args.required("username")?;
    let password = cx.args.secret("password")?;
    let (force_change, bypass_policy) = (
        cx.args.choice("forceChange")?,
        cx.args.choice("bypassPolicy")?,
    );
    let id = cx.user_by_name().await?.id;
    if force_change.is_some() || bypass_policy.is_some() {
        let force_change = force_change.unwrap_or(false);
        let raw = cx
            .pingone
            .set_password(id, password, force_change, bypass_policy.unwrap_or(false))
            .await?;
        let how = if force_change {
            "it must be changed at the next sign-on"
        } else {
            "it is permanent"
        };
        return Ok(Output::new(
            format!("{username} password was set; {how}."),
            raw,
        ));
    }
    let raw = cx.pingone.reset_password(id, password).await?;
    Ok(Output::new(
        format!("{username} password was updated."),
        raw,
    ))
}

/// `pingone-password-force-change`
pub(super) async fn force_change(cx: &Context<'_>) -> Result<Output> {
    let username = cx.args.required("username")?;
    let id = cx.user_by_name().await?.id;
    let raw = cx.pingone.force_password_change(id).await?;
    Ok(Output::new(
        format!("{username} password was set to force change."),
        raw,
    ))
}

/// `pingone-read-password-state`
pub(super) async fn state(cx: &Context<'_>) -> Result<Output> {
    let username = cx.args.required("username")?;
    let id = cx.user_by_name().await?.id;
    let raw = cx.pingone.read_password_state(id).await?;
    let mut shown = raw.as_object().cloned().unwrap_or_default();
    // Addresses of further calls, of use to no reader.
    shown.shift_remove("_links");
    let readable = table(&format!("Password state for {username}"), &[shown]);
    let account = json!({"ID": id.to_string(), "Password": state_row(&raw)});
    Ok(Output::new(readable, Some(raw)).with_account(account))
}

/// The state as it stands in the context. What is absent is given as null: it has to take the place of an older
/// value there.
pub(super) fn state_row(state: &Value) -> Row {
    row([
        ("Status", at(state, "/status")),
        ("LastChangedAt", at(state, "/lastChangedAt")),
        ("SecondsUntilUnlock", at(state, "/secondsUntilUnlock")),
        ("PolicyID", at(state, "/passwordPolicy/id")),
    ])
}
