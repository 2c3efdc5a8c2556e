//! `pingone-unblock-mfa-device`: unblocks MFA devices.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{device_states::change_devices, devices::Selection, for_each::for_each_user},
    views::changes,
};
use pingone::devices::DeviceOperation;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let selection = Selection::These(cx.args.ids(Arg::DeviceId)?);
    let operation = DeviceOperation::Unblock;
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        change_devices(cx.pingone, target.id, operation, &selection).await
    });
    Ok(changes::report(cx, "Unblock MFA devices", &outcomes.await))
}
