//! The devices with which a user proves who it is, and whether that is asked of it.

use serde_json::Value;

use super::Client;
use crate::{
    endpoints::devices,
    error::{Error, exists_or_404},
    id::{DeviceId, UserId},
};

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
        let listing = self.reader().list(devices::of_user(user)).await?;
        let mask = self.mask();
        let devices = listing.into_raw_items()?.into_iter();
        Ok(devices
            .map(|device| (devices::id_of(&device), mask.value(device)))
            .collect())
    }

    /// Deletes a device; false if it was not there.
    pub async fn delete_device(&self, user: UserId, device: DeviceId) -> Result<bool, Error> {
        exists_or_404(self.write(devices::delete(user, device)).await)
    }

    /// Whether a second factor is asked of the user.
    pub async fn mfa_enabled(&self, user: UserId) -> Result<bool, Error> {
        let answer = self.reader().read(devices::mfa(user)).await?;
        let unsaid = || "it does not say `mfaEnabled`".to_owned();
        answer.decode(|raw| devices::mfa_state(&raw).ok_or_else(unsaid))
    }

    /// Switches the second factor on or off. Gives the state that PingOne tells, if it tells one.
    pub async fn set_mfa_enabled(
        &self,
        user: UserId,
        enabled: bool,
    ) -> Result<Option<bool>, Error> {
        let raw = self.change(devices::set_mfa(user, enabled)).await?;
        Ok(raw.as_ref().and_then(devices::mfa_state))
    }
}
