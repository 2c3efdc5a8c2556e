//! `pingone-set-password`: the user has to change it at the next sign-on. With `forceChange` or `bypassPolicy` it is PingOne's other
//! operation, which sets a password as the policy allows and for as long as one wants.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        find::find_user,
        passwords::{MUST_CHANGE, ensure_must_change, status},
    },
};
use pingone::{Client, id::UserId, passwords::PasswordOptions, server_clock::Moment};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let username = cx.args.required(Arg::Username)?;
    let password = cx.args.secret(Arg::Password)?;
    let force_change = cx.args.choice(Arg::ForceChange)?;
    let bypass_policy = cx.args.choice(Arg::BypassPolicy)?;
    let id = find_user(cx.pingone, &users::by_username(cx.args)?)
        .await?
        .id;
    let began = cx.pingone.moment();
    if force_change.is_none() && bypass_policy.is_none() {
        let told = cx.pingone.reset_password(id, password).await;
        let (how, raw) = settled(cx.pingone, id, began, Then::MustChange, told).await?;
        let readable = format!("{how}{username} password was updated.");
        return Ok(Output::new(readable, raw));
    }
    let options = PasswordOptions {
        force_change: force_change.unwrap_or(false),
        bypass_policy: bypass_policy.unwrap_or(false),
    };
    let told = cx.pingone.set_password(id, password, options).await;
    let then = if options.force_change {
        Then::MustChange
    } else {
        Then::Stays
    };
    let (how, raw) = settled(cx.pingone, id, began, then, told).await?;
    if options.force_change {
        ensure_must_change(cx.pingone, id, raw.as_ref()).await?;
    }
    let lasts = match then {
        Then::MustChange => "it must be changed at the next sign-on",
        Then::Stays => "it is permanent",
    };
    let readable = format!("{how}{username} password was set; {lasts}.");
    Ok(Output::new(readable, raw))
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
    pingone: &Client<'_>,
    id: UserId,
    began: Moment,
    then: Then,
    told: Result<Option<Value>, pingone::Error>,
) -> Result<(&'static str, Option<Value>)> {
    let error = match told {
        Ok(raw) => return Ok(("", raw)),
        Err(error) if error.may_have_changed() => error,
        Err(error) => return Err(error.into()),
    };
    let told = match pingone.read_password_state(id).await {
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
            match at.and_then(|at| pingone.came_after(began, at)) {
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
