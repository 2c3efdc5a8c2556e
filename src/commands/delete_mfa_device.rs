//! `pingone-delete-mfa-device`: deletes MFA devices that are named.

use anyhow::Result;

use crate::{
    access::Access,
    entry::Output,
    handler::Handler,
    inputs::users,
    invocation::Invocation,
    manifest::Arg,
    operations::{
        devices::{Selection, delete_devices},
        for_each::for_each_user,
    },
    views::changes,
};

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(run(cx)),
};

async fn run(cx: &Invocation<'_>) -> Result<Output> {
    let selection = Selection::These(cx.args.ids(Arg::DeviceId)?);
    let outcomes = for_each_user(cx.pingone, users::each(cx.args)?, async |target| {
        delete_devices(cx.pingone, target.id, &selection).await
    });
    Ok(changes::report(cx, "Delete MFA devices", &outcomes.await))
}
