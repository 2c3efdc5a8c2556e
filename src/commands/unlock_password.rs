//! `pingone-unlock-password`: ends a lockout after too many wrong passwords.

use anyhow::{Context as _, Result, bail};

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    operations::{
        change::{Change, Details, PartialSuccess},
        for_each::for_each_user,
        passwords,
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
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        unlock(cx.pingone, target.id).await
    });
    Ok(changes::report(cx, "Unlock password", &outcomes.await))
}

const LOCKED_OUT: &str = "PASSWORD_LOCKED_OUT";

async fn unlock(pingone: &Client<'_>, user: UserId) -> Result<Change> {
    let status = async || -> Result<String> {
        let state = pingone.read_password_state(user).await?;
        Ok(passwords::status(&state).unwrap_or_default().to_owned())
    };
    let before = status().await?;
    let details = |status: &str| Details::PasswordStatus(status.to_owned());
    if before != LOCKED_OUT {
        return Ok(Change {
            changed: false,
            verified: true,
            details: details(&before),
        });
    }
    pingone.unlock_password(user).await?;
    let after = status().await.context(PartialSuccess::accepted("unlock"))?;
    if after == LOCKED_OUT {
        bail!("PingOne accepted the unlock, but the password is still locked out.");
    }
    Ok(Change {
        changed: true,
        verified: true,
        details: details(&after),
    })
}
