//! Pushes and one-time codes: which devices can be used, and how a person's response ends a push.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::alternative::Alternative;
use crate::model::clock::after;
use crate::model::device_authentication::{Push, Step};
use crate::model::seed::users::{PushAnswer, PushResponse};
use crate::model::store::{Device, Store, User};
use crate::protocol::error::ApiError;

/// This many pushes ignored or denied within the window stop all pushes for the pause. These are
/// the defaults in the schema of Ping's Go SDK.
const PUSH_LIMIT: usize = 5;
const PUSH_LIMIT_WINDOW: Duration = Duration::from_mins(10);
const PUSH_PAUSE: Duration = Duration::from_mins(30);

impl Device {
    /// Whether the user can authenticate with it at `now`.
    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        self.active && self.blocked_at.is_none() && !self.is_locked(now)
    }

    fn takes_pushes(&self) -> bool {
        self.kind == "MOBILE" && !self.push_disabled
    }
}

/// Whether too many pushes went unconfirmed.
pub(crate) fn pushes_are_paused(user: &User, now: Timestamp) -> bool {
    user.unconfirmed_pushes.windows(PUSH_LIMIT).any(|pushes| {
        let (first, last) = (pushes[0], pushes[PUSH_LIMIT - 1]);
        last <= after(first, PUSH_LIMIT_WINDOW) && now < after(last, PUSH_PAUSE)
    })
}

/// The user's devices that can be used at `now`, the default device first.
pub(crate) fn usable_devices(user: &User, now: Timestamp) -> Vec<&Device> {
    let paused = pushes_are_paused(user, now);
    let mut devices = user.ordered_devices();
    // What becomes of a device whose pushes are stopped is UNCONFIRMED.
    devices.retain(|device| device.is_usable(now) && !(paused && device.takes_pushes()));
    devices
}

impl Store {
    /// The next step once `device` is selected: sends it a push or a code.
    pub(crate) fn contact(&mut self, user: &str, device: &str, now: Timestamp) -> Option<Step> {
        let code = self.ids.passcode();
        let user = self.find_user(user).ok()?;
        let device = user.devices.iter().find(|one| one.id == device)?;
        Some(match device.kind.as_str() {
            _ if device.takes_pushes() => Step::ConfirmPush(Push::new(user.push_response, now)),
            "FIDO2" | "SECURITY_KEY" | "PLATFORM" => Step::UseSecurityKey,
            _ => Step::EnterCode { code, failures: 0 },
        })
    }

    /// Ends the pushes that were answered or have expired by `now`.
    pub(crate) fn end_pushes(&mut self, now: Timestamp) {
        let rejected = self.uses(Alternative::DeniedPushesAreRejected);
        for authentication in &mut self.device_authentications {
            let Step::ConfirmPush(push) = authentication.step else {
                continue;
            };
            let Some((answer, at)) = push.end(now) else {
                continue;
            };
            authentication.updated_at = at;
            authentication.step = match answer {
                PushAnswer::Approve => Step::Completed,
                PushAnswer::Ignore => Step::PushTimedOut,
                PushAnswer::Deny if rejected => Step::PushRejected,
                // Status and code of a denied push are UNCONFIRMED.
                PushAnswer::Deny => Step::Failed {
                    code: "PUSH_CONFIRMATION_DENIED",
                },
            };
            let id = &authentication.user;
            if answer != PushAnswer::Approve
                && let Some(user) = self.users.iter_mut().find(|user| user.id == *id)
            {
                user.unconfirmed_pushes.push(at);
                user.unconfirmed_pushes.sort_unstable();
            }
        }
    }

    /// Decides how a user, given by name or id, responds to pushes, including those on their way.
    pub(crate) fn set_push_response(
        &mut self,
        name: &str,
        response: PushResponse,
    ) -> Result<(), ApiError> {
        let now = self.clock.now();
        self.end_pushes(now);
        let user = self
            .users
            .iter_mut()
            .find(|user| user.id == name || user.username() == name)
            .ok_or_else(ApiError::not_found)?;
        user.push_response = response;
        for authentication in &mut self.device_authentications {
            if authentication.user == user.id
                && let Step::ConfirmPush(push) = &mut authentication.step
            {
                push.answer = response.answer;
                push.answered_at = response.at(now);
            }
        }
        Ok(())
    }
}
