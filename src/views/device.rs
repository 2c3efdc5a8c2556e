//! An MFA device.

use serde_json::Value;

use super::cells::{joined, minutes};
use crate::document::{Row, at, cell, row};

/// The columns of a list of devices.
pub const COLUMNS: [&str; 6] = ["Type", "Status", "Nickname", "Contact", "Paired", "ID"];

/// A device as a table row.
pub fn cells(device: &Value) -> [String; 6] {
    let unless_normal = |value: Value, normal: &str| {
        let value = cell(&value);
        if value == normal {
            String::new()
        } else {
            value
        }
    };
    let status = [
        cell(&at(device, "/status")),
        unless_normal(at(device, "/lock/status"), "UNLOCKED"),
        unless_normal(at(device, "/block/status"), "UNBLOCKED"),
    ];
    [
        cell(&at(device, "/type")),
        joined(status, ", "),
        cell(&at(device, "/nickname")),
        cell(&contact(device)),
        minutes(&at(device, "/createdAt")),
        cell(&at(device, "/id")),
    ]
}

/// Where one-time passcodes go.
fn contact(device: &Value) -> Value {
    match at(device, "/phone") {
        Value::Null => at(device, "/email"),
        phone => phone,
    }
}

/// A device as a context entry.
pub fn describe(device: &Value, user: &Value) -> Row {
    row([
        ("ID", at(device, "/id")),
        ("UserID", user.clone()),
        ("Type", at(device, "/type")),
        ("Status", at(device, "/status")),
        ("Nickname", at(device, "/nickname")),
        ("Contact", contact(device)),
        ("LockStatus", at(device, "/lock/status")),
        ("BlockStatus", at(device, "/block/status")),
        ("Created", at(device, "/createdAt")),
        ("Updated", at(device, "/updatedAt")),
    ])
}
