//! Users' MFA devices, whether MFA is enabled, and the MFA bypass.
//! <https://developer.pingidentity.com/pingone-api/mfa/users/mfa-devices.html>

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    call::{Effect, JSON, List, Path, Read, Write},
    id::{DeviceId, UserId},
    times::to_rfc3339_millis,
};

const DEVICES: &str = "devices";
const MFA_ENABLED: &str = "mfaEnabled";
const BYPASS: &str = "bypassMFA";
const BYPASS_UNTIL: &str = "bypassMFAEnabledUntil";

/// What an administrator can do to a device without deleting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceOperation {
    /// The user cannot authenticate with it any more.
    Block,
    /// Ends a block.
    Unblock,
    /// Ends the lock that PingOne sets after too many failed attempts.
    Unlock,
}

impl DeviceOperation {
    /// The same address with other media types does other things.
    /// <https://developer.pingidentity.com/pingone-api/mfa/users/mfa-devices/unlock_device.html>
    fn media_type(self) -> &'static str {
        match self {
            Self::Block => "application/vnd.pingidentity.device.block+json",
            Self::Unblock => "application/vnd.pingidentity.device.unblock+json",
            Self::Unlock => "application/vnd.pingidentity.device.unlock+json",
        }
    }
}

/// A period in which a user signs on without a second factor.
/// <https://developer.pingidentity.com/pingone-api/mfa/users/users-1/check_mfa_bypass_status.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MfaBypass {
    /// When it ends; absent if there is none.
    pub until: Option<Timestamp>,
    /// Everything that PingOne sent.
    pub raw: Value,
}

impl MfaBypass {
    /// Decodes it. PingOne names a boolean and the end, and omits both if there is no bypass. The boolean's name is
    /// UNCONFIRMED, so the end decides.
    pub(crate) fn read(raw: Value) -> Result<Self, String> {
        // Anything else that lacks the end would pass for "no bypass".
        if raw.get("_links").is_none() {
            return Err("it has no `_links`".to_owned());
        }
        let until = match raw.get(BYPASS_UNTIL) {
            None | Some(Value::Null) => None,
            Some(until) => {
                let time = until.as_str().and_then(|until| until.parse().ok());
                Some(time.ok_or_else(|| format!("`{BYPASS_UNTIL}` is not a time"))?)
            }
        };
        Ok(Self { until, raw })
    }

    /// When it ends, if it has not ended before `now`.
    pub fn running_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.until.filter(|until| *until > now)
    }
}

/// The user's devices.
pub(crate) fn of_user(user: UserId) -> List {
    List::at(Path::of_user(user, &[DEVICES]), DEVICES)
}

/// Deletes a device. A typed id rules out the address of all devices.
pub(crate) fn delete(user: UserId, device: DeviceId) -> Write {
    let path = Path::of_user(user, &[DEVICES, &device.to_string()]);
    Write::delete(path, Effect::User(user))
}

/// Blocks, unblocks or unlocks a device.
pub(crate) fn operate(user: UserId, device: DeviceId, operation: DeviceOperation) -> Write {
    let path = Path::of_user(user, &[DEVICES, &device.to_string()]);
    Write::operation(path, operation.media_type(), Effect::User(user))
}

/// The user's MFA bypass.
pub(crate) fn bypass(user: UserId) -> Read {
    Read::at(Path::of_user(user, &[BYPASS]))
}

/// Sets the end of the user's MFA bypass. PingOne documents this for starting one; that an end in the past ends it is
/// UNCONFIRMED, so callers must read it back.
/// <https://developer.pingidentity.com/pingone-api/mfa/users/users-1/allow_mfa_bypass.html>
pub(crate) fn set_bypass(user: UserId, until: Timestamp) -> Write {
    let path = Path::of_user(user, &[BYPASS]);
    Write::bare(Method::PUT, path, Effect::User(user))
        .with_body(JSON, json!({BYPASS_UNTIL: to_rfc3339_millis(until)}))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_bypass_decides_whether_it_is_running() {
        let now: Timestamp = "2026-03-04T12:00:00Z".parse().expect("a time");
        let running = |raw| MfaBypass::read(raw).map(|bypass| bypass.running_until(now).is_some());
        for (raw, expected) in [
            (json!({"_links": {}}), Ok(false)),
            (json!({"_links": {}, BYPASS_UNTIL: null}), Ok(false)),
            (
                json!({"_links": {}, BYPASS_UNTIL: "2026-03-04T18:00:00.000Z"}),
                Ok(true),
            ),
            (
                json!({"_links": {}, BYPASS_UNTIL: "2026-03-04T12:00:00.000Z"}),
                Ok(false),
            ),
        ] {
            assert_eq!(running(raw.clone()), expected, "{raw}");
        }
        for raw in [
            json!({"_links": {}, BYPASS_UNTIL: "soon"}),
            json!({"_links": {}, BYPASS_UNTIL: 5}),
            json!({}),
            json!(null),
            json!([]),
        ] {
            assert!(running(raw.clone()).is_err(), "{raw}");
        }
    }
}
