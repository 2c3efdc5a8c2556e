//! Commands about a user's password.

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::many::DoneBefore;
use crate::{
    entry::Output,
    invocation::Invocation,
    manifest::Arg,
    markdown::{Row, at, row, table},
};
use pingone::{id::UserId, server_clock::Moment};

/// `pingone-set-password`: the user has to change it at the next sign-on. With `forceChange` or `bypassPolicy`
/// it is PingOne's other operation, which sets a password as the policy allows and for as long as one wants.
pub(super) async fn set(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let password = cx.args.secret(Arg::Password)?;
    let (force_change, bypass_policy) = (
        cx.args.choice(Arg::ForceChange)?,
        cx.args.choice(Arg::BypassPolicy)?,
    );
    let id = cx.user_by_name().await?.id;
    let began = cx.pingone.moment();
    if force_change.is_some() || bypass_policy.is_some() {
        let force_change = force_change.unwrap_or(false);
        let bypass_policy = bypass_policy.unwrap_or(false);
        let told = cx
            .pingone
            .set_password(id, password, force_change, bypass_policy)
            .await;
        let then = if force_change {
            Then::MustChange
        } else {
            Then::Stays
        };
        let (how, raw) = settled(cx, id, (began, then), told).await?;
        if force_change {
            ensure_must_change(cx, id, raw.as_ref()).await?;
        }
        let lasts = match then {
            Then::MustChange => "it must be changed at the next sign-on",
            Then::Stays => "it is permanent",
        };
        return Ok(Output::new(
            format!("{how}{username} password was set; {lasts}."),
            raw,
        ));
    }
    let told = cx.pingone.reset_password(id, password).await;
    let (how, raw) = settled(cx, id, (began, Then::MustChange), told).await?;
    Ok(Output::new(
        format!("{how}{username} password was updated."),
        raw,
    ))
}

/// What a new password is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    /// To be changed at the next sign-on.
    MustChange,
    /// To stay.
    Stays,
}

/// Stands before the text of a change that PingOne did not confirm.
const READ_BACK: &str =
    "PingOne did not confirm the change, so the state of the password was read: it was changed.\n";

/// PingOne's answer to a new password. Where that does not tell whether the password was set, its state does: by
/// PingOne's own clock, was it changed since the command `began`?
async fn settled(
    cx: &Invocation<'_>,
    id: UserId,
    (began, then): (Moment, Then),
    told: Result<Option<Value>, pingone::Error>,
) -> Result<(&'static str, Option<Value>)> {
    let error = match told {
        Ok(raw) => return Ok(("", raw)),
        Err(error) if error.may_have_changed() => error,
        Err(error) => return Err(error.into()),
    };
    let told = match cx.pingone.read_password_state(id).await {
        Err(second) => {
            let second = second.to_string();
            format!(
                "whether the password was changed is not known, and reading its state failed too ({})",
                second.lines().next().unwrap_or_default()
            )
        }
        Ok(state) => {
            let changed = state.get("lastChangedAt").and_then(Value::as_str);
            let at: Option<Timestamp> = changed.and_then(|changed| changed.parse().ok());
            match at.and_then(|at| cx.pingone.came_after(began, at)) {
                Some(true) if then == Then::Stays || status(&state) == Some(MUST_CHANGE) => {
                    return Ok((READ_BACK, Some(state)));
                }
                Some(false) => format!(
                    "the password has not been changed so far (last change: {})",
                    changed.unwrap_or_default()
                ),
                _ => "PingOne does not tell whether the password was changed".to_owned(),
            }
        }
    };
    Err(anyhow::Error::from(error).context(told))
}

/// `pingone-password-force-change`
pub(super) async fn force_change(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let id = cx.user_by_name().await?.id;
    let raw = force_change_of(cx, id).await?;
    Ok(Output::new(
        format!("{username} password was set to force change."),
        raw,
    ))
}

/// Makes a user change the password at the next sign-on. Gives PingOne's answer.
pub(super) async fn force_change_of(cx: &Invocation<'_>, id: UserId) -> Result<Option<Value>> {
    let raw = cx.pingone.force_password_change(id).await?;
    ensure_must_change(cx, id, raw.as_ref()).await?;
    Ok(raw)
}

/// PingOne answers with the state of the password; only if it does not, it has to be asked.
async fn ensure_must_change(cx: &Invocation<'_>, id: UserId, answer: Option<&Value>) -> Result<()> {
    let told = answer.and_then(status).map(str::to_owned);
    let status = if told.is_some() {
        told
    } else {
        let state = cx.pingone.read_password_state(id).await;
        status(&state.context(DoneBefore::accepted("change"))?).map(str::to_owned)
    };
    let status = status.unwrap_or_default();
    ensure!(
        status == MUST_CHANGE,
        "PingOne accepted the change, but the user need not change the password: its state is {status}."
    );
    Ok(())
}

/// The state of a password that the user has to change at the next sign-on.
const MUST_CHANGE: &str = "MUST_CHANGE_PASSWORD";

fn status(state: &Value) -> Option<&str> {
    state.get("status")?.as_str()
}

/// `pingone-read-password-state`
pub(super) async fn state(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
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
