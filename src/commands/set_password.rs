//! `pingone-set-password`: sets a password. By default, PingOne's administrative reset: the user must change it at the
//! next sign-on. With `forceChange` or `bypassPolicy`, PingOne's other operation, which sets a permanent password.

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
use pingone::{
    Client, id::UserId, passwords::PasswordOptions, server_clock::Moment, times::to_utc_minutes,
};

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
    let change = PasswordChange {
        pingone: cx.pingone,
        user: id,
        began: cx.pingone.moment(),
        must_change: force_change.unwrap_or(bypass_policy.is_none()),
    };
    if force_change.is_none() && bypass_policy.is_none() {
        let answer = cx.pingone.reset_password(id, password).await;
        let (caveat, raw) = change.confirm(answer).await?;
        let readable = format!("{caveat}{username} password was updated.");
        return Ok(Output::new(readable, raw));
    }
    let options = PasswordOptions {
        force_change: change.must_change,
        bypass_policy: bypass_policy.unwrap_or(false),
    };
    let answer = cx.pingone.set_password(id, password, options).await;
    let (caveat, raw) = change.confirm(answer).await?;
    let validity = if change.must_change {
        ensure_must_change(cx.pingone, id, raw.as_ref()).await?;
        "it must be changed at the next sign-on"
    } else {
        "it is permanent"
    };
    let readable = format!("{caveat}{username} password was set; {validity}.");
    Ok(Output::new(readable, raw))
}

/// A password that is being set.
struct PasswordChange<'a> {
    pingone: &'a Client<'a>,
    user: UserId,
    /// When the command began to set it.
    began: Moment,
    /// Whether the user must change it at the next sign-on.
    must_change: bool,
}

/// Precedes the text if PingOne did not confirm the change.
const READ_BACK: &str = "PingOne did not confirm the change, but the state of the password shows that it was changed.\n";

impl PasswordChange<'_> {
    /// PingOne's answer. If that does not say whether the password was set, its state does: by PingOne's own clock, was
    /// it changed since the command began? With a text that precedes the result.
    async fn confirm(
        &self,
        answer: Result<Option<Value>, pingone::Error>,
    ) -> Result<(&'static str, Option<Value>)> {
        let error = match answer {
            Ok(raw) => return Ok(("", raw)),
            Err(error) if error.may_have_changed() => error,
            Err(error) => return Err(error.into()),
        };
        let doubt = match self.pingone.read_password_state(self.user).await {
            Err(second) => {
                let second = second.to_string();
                format!(
                    "It is not known whether the password was changed, since reading its state failed as well ({})",
                    second.lines().next().unwrap_or_default()
                )
            }
            Ok(state) => {
                let changed = state.get("lastChangedAt").and_then(Value::as_str);
                let at: Option<Timestamp> = changed.and_then(|changed| changed.parse().ok());
                match at.and_then(|at| self.pingone.came_after(self.began, at)) {
                    Some(true) if !self.must_change || status(&state) == Some(MUST_CHANGE) => {
                        return Ok((READ_BACK, Some(state)));
                    }
                    Some(false) => format!(
                        "The password has not been changed so far (last change: {})",
                        at.map(to_utc_minutes).unwrap_or_default()
                    ),
                    _ => "PingOne does not say whether the password was changed".to_owned(),
                }
            }
        };
        Err(anyhow::Error::from(error).context(doubt))
    }
}
