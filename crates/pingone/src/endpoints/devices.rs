//! Users' MFA devices, and whether MFA is enabled.
//! <https://developer.pingidentity.com/pingone-api/mfa/users/mfa-devices.html>

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    call::{Effect, JSON, List, Path, Read, Write},
    id::{DeviceId, UserId},
};

const DEVICES: &str = "devices";
const MFA_ENABLED: &str = "mfaEnabled";

/// The user's devices.
pub(crate) fn of_user(user: UserId) -> List {
    List::at(Path::of_user(user, &[DEVICES]), DEVICES)
}

/// The id of a device, if it has a valid one.
pub(crate) fn id_of(device: &Value) -> Option<DeviceId> {
    device.get("id").and_then(Value::as_str)?.parse().ok()
}

/// Deletes a device. A typed id rules out the address of all devices.
pub(crate) fn delete(user: UserId, device: DeviceId) -> Write {
    let path = Path::of_user(user, &[DEVICES, &device.to_string()]);
    Write::delete(path, Effect::User(user))
}

/// Whether MFA is enabled for the user.
pub(crate) fn mfa(user: UserId) -> Read {
    Read::at(Path::of_user(user, &[MFA_ENABLED]))
}

/// Enables or disables MFA for the user.
pub(crate) fn set_mfa(user: UserId, enabled: bool) -> Write {
    let path = Path::of_user(user, &[MFA_ENABLED]);
    Write::bare(Method::PUT, path, Effect::User(user))
        .with_body(JSON, json!({MFA_ENABLED: enabled}))
}

/// Whether MFA is enabled, if the answer says so.
pub(crate) fn mfa_state(raw: &Value) -> Option<bool> {
    raw.get(MFA_ENABLED).and_then(Value::as_bool)
}
