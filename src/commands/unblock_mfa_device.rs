//! `pingone-unblock-mfa-device`: unblocks MFA devices.

use super::device_operation;
use crate::{access::Access, handler::Handler};
use pingone::devices::DeviceOperation;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(device_operation::run(cx, DeviceOperation::Unblock)),
};
