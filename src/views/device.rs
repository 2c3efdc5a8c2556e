//! An MFA device.

use serde_json::Value;

use crate::document::{Row, at, row};

/// A device as a context entry; the table shows some of its members.
pub fn describe(device: &Value, user: &Value) -> Row {
    let contact = match at(device, "/phone") {
        Value::Null => at(device, "/email"),
        phone => phone,
    };
    row([
        ("ID", at(device, "/id")),
        ("UserID", user.clone()),
        ("Type", at(device, "/type")),
        ("Status", at(device, "/status")),
        ("Nickname", at(device, "/nickname")),
        ("Contact", contact),
        ("LockStatus", at(device, "/lock/status")),
        ("BlockStatus", at(device, "/block/status")),
        ("Created", at(device, "/createdAt")),
        ("Updated", at(device, "/updatedAt")),
    ])
}
