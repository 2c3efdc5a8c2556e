//! What the commands do that block, unblock and unlock MFA devices.

use anyhow::Result;

use crate::{
    entry::Output,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{device_states::change_devices, devices::Selection, for_each::for_each_user},
    views::changes,
};
use pingone::devices::DeviceOperation;

pub(super) async fn run(cx: &Invocation<'_>, operation: DeviceOperation) -> Result<Output> {
    let selection = Selection::These(cx.args.ids(Arg::DeviceId)?);
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        change_devices(cx.pingone, target.id, operation, &selection).await
    });
    let title = match operation {
        DeviceOperation::Block => "Block MFA devices",
        DeviceOperation::Unblock => "Unblock MFA devices",
        DeviceOperation::Unlock => "Unlock MFA devices",
    };
    Ok(changes::report(cx, title, &outcomes.await))
}
