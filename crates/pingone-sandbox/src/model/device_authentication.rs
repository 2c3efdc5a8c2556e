//! Device authentications: a push or a one-time code with which users prove who they are.
//!
//! Page: `developer.pingidentity.com/pingone-api/mfa/mfa-authentication/mfa-device-authentications/`.
//! How a person responds to a push, and when, is up to the seed and `POST /sandbox/push-responses`.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::clock::after;
use crate::model::seed::users::{PushAnswer, PushResponse};

/// PingOne's default; a policy can set 40 to 150 seconds.
const PUSH_LIFETIME: Duration = Duration::from_secs(40);

/// How many wrong codes fail the authentication (UNCONFIRMED).
pub(crate) const MAX_CODE_ATTEMPTS: u32 = 3;

/// One attempt to have a user confirm with a device.
#[derive(Debug)]
pub(crate) struct DeviceAuthentication {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) policy: String,
    /// The selected device.
    pub(crate) device: Option<String>,
    pub(crate) step: Step,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What a device authentication waits for, or how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    SelectDevice,
    EnterCode { code: String, failures: u32 },
    UseSecurityKey,
    ConfirmPush(Push),
    PushTimedOut,
    PushRejected,
    Completed,
    Failed { code: &'static str },
}

/// A push on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) expires_at: Timestamp,
    pub(crate) answer: PushAnswer,
    pub(crate) answered_at: Timestamp,
}

impl Step {
    /// PingOne's name for it.
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::SelectDevice => "DEVICE_SELECTION_REQUIRED",
            Self::EnterCode { .. } => "OTP_REQUIRED",
            Self::UseSecurityKey => "ASSERTION_REQUIRED",
            Self::ConfirmPush(_) => "PUSH_CONFIRMATION_REQUIRED",
            Self::PushTimedOut => "PUSH_CONFIRMATION_TIMED_OUT",
            Self::PushRejected => "PUSH_CONFIRMATION_REJECTED",
            Self::Completed => "COMPLETED",
            Self::Failed { .. } => "FAILED",
        }
    }
}

impl Push {
    /// A push sent at `now` to a person who will respond so.
    pub(crate) fn new(response: PushResponse, now: Timestamp) -> Self {
        Self {
            expires_at: after(now, PUSH_LIFETIME),
            answer: response.answer,
            answered_at: response.at(now),
        }
    }

    /// How the push ended by `now`, and when: confirmed, denied or expired.
    pub(crate) fn end(self, now: Timestamp) -> Option<(PushAnswer, Timestamp)> {
        let is_answered = self.answer != PushAnswer::Ignore && self.answered_at < self.expires_at;
        let (answer, at) = if is_answered {
            (self.answer, self.answered_at)
        } else {
            (PushAnswer::Ignore, self.expires_at)
        };
        (at <= now).then_some((answer, at))
    }
}

impl PushResponse {
    /// When the person responds to a push of `now`.
    pub(crate) fn at(self, now: Timestamp) -> Timestamp {
        after(now, Duration::from_secs(self.after_seconds.into()))
    }
}
