//! `pingone-unlock-mfa-device`: ends the lock of MFA devices after too many failed attempts.

use super::device_operation;
use crate::{access::Access, handler::Handler};
use pingone::devices::DeviceOperation;

/// The command.
pub(super) const COMMAND: Handler = Handler {
    access: Access::Change,
    run: |cx| Box::pin(device_operation::run(cx, DeviceOperation::Unlock)),
};
