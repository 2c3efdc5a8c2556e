//! `pingone-set-mfa-enabled`: turns multi-factor authentication on or off.

use anyhow::{Context as _, Result, bail};

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        change::{Change, Details, PartialSuccess},
        for_each::for_each_user,
    },
    views::changes,
};
use pingone::{Client, id::UserId};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let enabled = cx.args.required_choice(Arg::Enabled)?;
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        set_enabled(cx.pingone, target.id, enabled).await
    });
    let title = if enabled { "Enable MFA" } else { "Disable MFA" };
    Ok(changes::report(cx, title, &outcomes.await))
}

async fn set_enabled(pingone: &Client<'_>, user: UserId, enabled: bool) -> Result<Change> {
    let details = Details::MfaEnabled(enabled);
    if pingone.mfa_enabled(user).await? == enabled {
        return Ok(Change {
            changed: false,
            verified: true,
            details,
        });
    }
    let answered = pingone.set_mfa_enabled(user, enabled).await?;
    let now = if let Some(now) = answered {
        now
    } else {
        let now = pingone.mfa_enabled(user).await;
        now.context(PartialSuccess::accepted("change"))?
    };
    if now != enabled {
        let state = if now { "enabled" } else { "disabled" };
        bail!("PingOne accepted the change, but MFA is still {state}.");
    }
    Ok(Change {
        changed: true,
        verified: true,
        details,
    })
}
