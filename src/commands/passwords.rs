//! Commands about a user's password.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{Context, many::DoneBefore};
use crate::{
    entry::Output,
    markdown::{Row, at, row, table},
    pingone::id::UserId,
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
        if force_change {
            ensure_must_change(cx, id, raw.as_ref()).await?;
        }
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
    let raw = force_change_of(cx, id).await?;
    Ok(Output::new(
        format!("{username} password was set to force change."),
        raw,
    ))
}

/// Makes a user change the password at the next sign-on. Gives PingOne's answer.
pub(super) async fn force_change_of(cx: &Context<'_>, id: UserId) -> Result<Option<Value>> {
    let raw = cx.pingone.force_password_change(id).await?;
    ensure_must_change(cx, id, raw.as_ref()).await?;
    Ok(raw)
}

/// PingOne answers with the state of the password; only if it does not, it has to be asked.
async fn ensure_must_change(cx: &Context<'_>, id: UserId, answer: Option<&Value>) -> Result<()> {
    let status = |state: &Value| Some(state.get("status")?.as_str()?.to_owned());
    let told = answer.and_then(status);
    let status = if told.is_some() {
        told
    } else {
        let state = cx.pingone.read_password_state(id).await;
        status(&state.context(DoneBefore::accepted("change"))?)
    };
    let status = status.unwrap_or_default();
    ensure!(
        status == "MUST_CHANGE_PASSWORD",
        "PingOne accepted the change, but the user need not change the password: its state is {status}."
    );
    Ok(())
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
