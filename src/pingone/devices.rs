//! The devices with which a user proves who it is, and whether that is asked of it.
//! <https://developer.pingidentity.com/pingone-api/mfa/users/mfa-devices.html>

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    client::{Call, Client, JSON, unusable},
    error::Error,
    id::{DeviceId, UserId},
    policy::Touches,
    users::found,
};

const DEVICES: &str = "devices";
const MFA_ENABLED: &str = "mfaEnabled";

impl Client<'_> {
    /// The user's devices.
    pub async fn devices(&self, user: UserId) -> Result<Vec<Value>, Error> {
        let devices = self.devices_with_ids(user).await?.into_iter();
        Ok(devices.map(|(_, device)| device).collect())
    }

    /// The user's devices, each with its id if it has one. The id is taken before masking, which may make it unreadable
    /// where a secret happens to be part of it.
    pub async fn devices_with_ids(
        &self,
        user: UserId,
    ) -> Result<Vec<(Option<DeviceId>, Value)>, Error> {
        let listing = self.list(self.user_url(user, &[DEVICES]), DEVICES).await?;
        let mask = self.mask();
        let devices = listing.into_raw_items()?.into_iter().map(|device| {
            let id = device.get("id").and_then(Value::as_str);
            (id.and_then(|id| id.parse().ok()), mask.value(device))
        });
        Ok(devices.collect())
    }

    /// Deletes a device; false if it was not there. The id keeps this from ever being the address of all devices.
    pub async fn delete_device(&self, user: UserId, device: DeviceId) -> Result<bool, Error> {
        let url = self.user_url(user, &[DEVICES, &device.to_string()]);
        found(
            self.call_maybe_json(Call::delete(url, Touches::User(user)))
                .await
                .map(drop),
        )
    }

    /// Whether a second factor is asked of the user.
    pub async fn mfa_enabled(&self, user: UserId) -> Result<bool, Error> {
        let call = Call::get(self.user_url(user, &[MFA_ENABLED]));
        let described = format!("GET {}", call.url.path());
        let raw = self.read(call).await?;
        let enabled = raw.get(MFA_ENABLED).and_then(Value::as_bool);
        enabled.ok_or_else(|| unusable(&described, false, "it does not say `mfaEnabled`"))
    }

    /// Switches the second factor on or off. Gives the state that PingOne tells, if it tells one.
    pub async fn set_mfa_enabled(
        &self,
        user: UserId,
        enabled: bool,
    ) -> Result<Option<bool>, Error> {
        let url = self.user_url(user, &[MFA_ENABLED]);
        let raw = self
            .change(Call::with_body(
                Method::PUT,
                url,
                JSON,
                json!({MFA_ENABLED: enabled}),
                Touches::User(user),
            ))
            .await?;
        Ok(raw
            .as_ref()
            .and_then(|raw| raw.get(MFA_ENABLED))
            .and_then(Value::as_bool))
    }
}
