//! `pingone-list-mfa-devices`: users' MFA devices.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    operations::for_each::for_each_user,
    views::{
        device::{COLUMNS, cells, describe},
        items::{self, Listing},
    },
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Read,
    run: |cx| Box::pin(run(cx)),
};

const LISTING: Listing<'static, { COLUMNS.len() }> = Listing {
    title: "PingOne MFA devices",
    noun: "device",
    columns: COLUMNS,
    key: "PingOne.Device(val.ID && val.ID === obj.ID)",
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        Ok(cx.pingone.devices(target.id).await?)
    });
    Ok(items::report(cx, &LISTING, outcomes.await, cells, describe))
}
