//! Device authentications: a user confirms with an MFA device, by push or one-time code, that it is really them. They
//! live on the authentication host. No call lists them, so PingOne cannot tell whether one is pending for a user.
//! <https://developer.pingidentity.com/pingone-api/mfa/mfa-authentication/mfa-device-authentications.html>

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{
    call::{Effect, JSON, Path, Read, Write},
    id::{DeviceAuthenticationId, DeviceId, DevicePolicyId, UserId, read_id},
    retry::Repeat,
    secrets::Mask,
};

const DEVICE_AUTHENTICATIONS: &str = "deviceAuthentications";
const SELECT_DEVICE: &str = "application/vnd.pingidentity.device.select+json";
const CHECK_CODE: &str = "application/vnd.pingidentity.otp.check+json";
const CANCEL_PUSH: &str = "application/vnd.pingidentity.cancel.push.authentication+json";

/// What to start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Who is asked.
    pub user: UserId,
    /// The device authentication policy; `None` for PingOne's default one.
    pub policy: Option<DevicePolicyId>,
    /// The device to contact; `None` for the user's default device.
    pub device: Option<DeviceId>,
}

/// The state of a device authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The user confirmed.
    Completed,
    /// It failed. A denied push is reported like this, though with which status is UNCONFIRMED.
    Failed,
    /// The push expired without an answer.
    PushTimedOut,
    /// The user has been sent a push.
    AwaitsPush,
    /// PingOne waits for a one-time code.
    AwaitsCode,
    /// Nobody is asked until a device is selected.
    AwaitsSelection,
    /// PingOne waits for a security key, which only the user's own browser can offer.
    AwaitsSecurityKey,
    /// A status that this client does not know.
    Other,
}

impl Status {
    /// Reads PingOne's name for it. A name that is not known here never counts as a confirmation.
    fn named(name: &str) -> Self {
        match name {
            "COMPLETED" => Self::Completed,
            "PUSH_CONFIRMATION_TIMED_OUT" => Self::PushTimedOut,
            "PUSH_CONFIRMATION_REQUIRED" => Self::AwaitsPush,
            "OTP_REQUIRED" => Self::AwaitsCode,
            "DEVICE_SELECTION_REQUIRED" => Self::AwaitsSelection,
            "ASSERTION_REQUIRED" => Self::AwaitsSecurityKey,
            "FAILED" => Self::Failed,
            other if other.ends_with("REJECTED") || other.ends_with("DENIED") => Self::Failed,
            _ => Self::Other,
        }
    }
}

/// A device authentication as PingOne describes it, with every secret masked.
#[derive(Debug)]
pub struct DeviceAuthentication {
    /// Its id.
    pub id: DeviceAuthenticationId,
    /// Who is asked, if PingOne says so.
    pub user: Option<UserId>,
    /// The selected device, if there is one.
    pub device: Option<DeviceId>,
    /// Its state.
    pub status: Status,
    /// Everything that PingOne sent.
    pub raw: Value,
}

impl DeviceAuthentication {
    /// Reads one from an answer.
    pub(crate) fn read(raw: Value, mask: &Mask) -> Result<Self, String> {
        let text = |pointer: &str| raw.pointer(pointer).and_then(Value::as_str);
        // Read before masking, which may hide part of them.
        let id = read_id(&raw, "the device authentication")?;
        let status = text("/status").ok_or("the device authentication in it has no status")?;
        Ok(Self {
            id,
            user: text("/user/id").and_then(|id| id.parse().ok()),
            device: text("/selectedDevice/id").and_then(|id| id.parse().ok()),
            status: Status::named(status),
            raw: mask.value(raw),
        })
    }

    /// Whether it was completed the moment it was created. Then nobody was asked: the user may be allowed to bypass MFA.
    pub fn was_completed_at_once(&self) -> bool {
        let [created, updated] = ["createdAt", "updatedAt"].map(|member| self.raw.get(member));
        self.status == Status::Completed && created.is_some() && created == updated
    }
}

/// Starts a device authentication, which messages the user at once unless a device has to be selected first. It is never
/// sent again once it may have reached PingOne: the user would get a second message. That PingOne heeds
/// `selectedDevice.id` here is UNCONFIRMED.
pub(crate) fn start(start: Start) -> Write {
    let Start {
        user,
        policy,
        device,
    } = start;
    let mut body = json!({"user": {"id": user.to_string()}});
    if let Some(policy) = policy {
        body["policy"] = json!({"id": policy.to_string()});
    }
    if let Some(device) = device {
        body["selectedDevice"] = json!({"id": device.to_string()});
    }
    let path = Path::on_authentication_host(&[DEVICE_AUTHENTICATIONS]);
    Write::bare(Method::POST, path, Effect::Verification(user))
        .with_body(JSON, body)
        .with_repeat(Repeat::OnlyIfUnsent)
}

/// Reads a device authentication.
pub(crate) fn device_authentication(id: DeviceAuthenticationId) -> Read {
    Read::at(path(id))
}

/// Selects the device, which messages the user.
pub(crate) fn select_device(id: DeviceAuthenticationId, user: UserId, device: DeviceId) -> Write {
    let body = json!({"device": {"id": device.to_string()}, "compatibility": "FULL"});
    operation(id, user, SELECT_DEVICE, body)
}

/// Submits the code that the user received. PingOne counts wrong ones.
pub(crate) fn check_code(id: DeviceAuthenticationId, user: UserId, code: &SecretString) -> Write {
    let body = json!({"otp": code.expose_secret()});
    operation(id, user, CHECK_CODE, body)
}

/// Cancels the push.
pub(crate) fn cancel_push(id: DeviceAuthenticationId, user: UserId) -> Write {
    operation(id, user, CANCEL_PUSH, json!({"reason": "CHANGE_DEVICE"}))
}

fn operation(
    id: DeviceAuthenticationId,
    user: UserId,
    content_type: &'static str,
    body: Value,
) -> Write {
    Write::bare(Method::POST, path(id), Effect::Verification(user))
        .with_body(content_type, body)
        .with_repeat(Repeat::OnlyIfUnsent)
}

fn path(id: DeviceAuthenticationId) -> Path {
    Path::on_authentication_host(&[DEVICE_AUTHENTICATIONS, &id.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_completed_is_a_confirmation() {
        for (name, status) in [
            ("COMPLETED", Status::Completed),
            ("completed", Status::Other),
            ("COMPLETED_WITH_ERRORS", Status::Other),
            ("FAILED", Status::Failed),
            ("PUSH_CONFIRMATION_REJECTED", Status::Failed),
            ("PUSH_CONFIRMATION_DENIED", Status::Failed),
            ("PUSH_CONFIRMATION_TIMED_OUT", Status::PushTimedOut),
            ("PUSH_CONFIRMATION_REQUIRED", Status::AwaitsPush),
            ("OTP_REQUIRED", Status::AwaitsCode),
            ("", Status::Other),
        ] {
            assert_eq!(Status::named(name), status, "{name}");
        }
    }

    #[test]
    fn completed_when_it_was_created_means_that_nobody_was_asked() {
        let at_once = |status: &str, updated: Value| {
            let raw = json!({
                "id": "3f0d9c1e-6b52-4a57-9d0e-8c1f7a2b4d60", "status": status,
                "createdAt": "2026-03-05T18:00:00.000Z", "updatedAt": updated,
            });
            let read = DeviceAuthentication::read(raw, &Mask::default());
            read.expect("a usable answer").was_completed_at_once()
        };
        assert!(at_once("COMPLETED", json!("2026-03-05T18:00:00.000Z")));
        assert!(!at_once("COMPLETED", json!("2026-03-05T18:00:04.000Z")));
        assert!(!at_once("FAILED", json!("2026-03-05T18:00:00.000Z")));
        assert!(!at_once("COMPLETED", Value::Null));
    }
}
