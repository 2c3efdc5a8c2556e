//! Users' MFA devices, whether MFA is enabled, and the MFA bypass.

use jiff::Timestamp;
use serde_json::Value;

use super::Client;
use crate::{
    endpoints::devices::{self, DeviceOperation, MfaBypass},
    error::{Error, exists_or_404},
    id::{DeviceId, UserId},
};

impl Client<'_> {
    /// The user's devices.
    pub async fn devices(&self, user: UserId) -> Result<Vec<Value>, Error> {
        let devices = self.devices_with_ids(user).await?.into_iter();
        Ok(devices.map(|(_, device)| device).collect())
    }

    /// The user's devices, each with its id if it has one.
    pub async fn devices_with_ids(
        &self,
        user: UserId,
    ) -> Result<Vec<(Option<DeviceId>, Value)>, Error> {
        self.list_with_ids(devices::of_user(user)).await
    }

    /// Deletes a device; false if it did not exist.
    pub async fn delete_device(&self, user: UserId, device: DeviceId) -> Result<bool, Error> {
        exists_or_404(self.write(devices::delete(user, device)).await)
    }

    /// Blocks, unblocks or unlocks a device.
    pub async fn operate_device(
        &self,
        user: UserId,
        device: DeviceId,
        operation: DeviceOperation,
    ) -> Result<(), Error> {
        let write = devices::operate(user, device, operation);
        self.write(write).await.map(drop)
    }

    /// The user's MFA bypass.
    pub async fn mfa_bypass(&self, user: UserId) -> Result<MfaBypass, Error> {
        let answer = self.reader().read(devices::bypass(user)).await?;
        answer.decode(|raw| MfaBypass::read(self.mask().value(raw)))
    }

    /// Sets the end of the user's MFA bypass. PingOne may accept an end in the past without ending the bypass, so it
    /// has to be read.
    pub async fn set_mfa_bypass(&self, user: UserId, until: Timestamp) -> Result<(), Error> {
        self.write(devices::set_bypass(user, until)).await.map(drop)
    }

    /// Whether MFA is enabled for the user.
    pub async fn mfa_enabled(&self, user: UserId) -> Result<bool, Error> {
        let answer = self.reader().read(devices::mfa(user)).await?;
        let unsaid = || "it does not say `mfaEnabled`".to_owned();
        answer.decode(|raw| devices::mfa_state(&raw).ok_or_else(unsaid))
    }

    /// Enables or disables MFA for the user. Returns the new state, if PingOne's answer has it.
    pub async fn set_mfa_enabled(
        &self,
        user: UserId,
        enabled: bool,
    ) -> Result<Option<bool>, Error> {
        let raw = self.change(devices::set_mfa(user, enabled)).await?;
        Ok(raw.as_ref().and_then(devices::mfa_state))
    }
}
