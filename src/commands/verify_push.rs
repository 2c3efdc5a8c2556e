//! `pingone-verify-push`: asks a person on their MFA device whether it is really them.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        find::find_user,
        verification::{self, Request, Verification},
    },
    views::verification::{poll, report, sent},
};
use pingone::device_authentications::Status;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

/// Longer than a push or a code lives.
const MAX_TIMEOUT: usize = 3600;

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let timeout = cx.args.count(Arg::Timeout)?.unwrap_or_default();
    ensure!(
        timeout <= MAX_TIMEOUT,
        "'timeout' cannot be {timeout}. Use {MAX_TIMEOUT} seconds or less."
    );
    let wait = cx.args.flag(Arg::Wait)?;
    let user = users::one(cx.args)?;
    let (policy, device) = (cx.args.id(Arg::PolicyId)?, cx.args.id(Arg::DeviceId)?);
    let label = user.label();
    let request = Request {
        user: find_user(cx.pingone, &user).await?.id,
        policy,
        device,
    };
    let verification = verification::start(cx.pingone, cx.pending, request).await?;
    let heading = heading(
        &verification,
        device.map(|device| device.to_string()).as_deref(),
    );
    let mut output = report(&heading, Some(&label), &verification);
    if wait && verification.awaits_push() {
        output.readable.push(format!(
            "XSOAR does so by itself for up to {timeout} seconds, unless a script ran the command.\n"
        ));
        let now = cx.pingone.now();
        let until = now + Duration::from_secs(u64::try_from(timeout)?);
        let id = verification.authentication.id;
        output.schedule = Some(poll(id, Some(&label), now, until));
    }
    output.readable.push(sent(&verification));
    Ok(output)
}

/// What was done. `wanted` is the device that the request named.
fn heading(verification: &Verification, wanted: Option<&str>) -> String {
    let authentication = &verification.authentication;
    let done = match authentication.status {
        Status::AwaitsPush => "Push sent",
        Status::AwaitsCode => "Waiting for a one-time code",
        Status::AwaitsSelection | Status::AwaitsSecurityKey => "Nobody was asked",
        _ => "Verification started",
    };
    let used = authentication.device.map(|device| device.to_string());
    match (wanted, used) {
        (Some(wanted), Some(used)) if used != wanted => {
            format!("{done}, but PingOne used the device {used} instead of {wanted}")
        }
        _ => done.to_owned(),
    }
}
