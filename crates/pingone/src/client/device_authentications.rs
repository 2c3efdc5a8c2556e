//! Device authentications: a user confirms with an MFA device that it is really them.

use secrecy::SecretString;

use super::Client;
use crate::{
    call::Write,
    endpoints::device_authentications::{self, DeviceAuthentication, Start},
    error::Error,
    id::{DeviceAuthenticationId, DeviceId, UserId},
};

impl Client<'_> {
    /// Starts a device authentication, which messages the user at once unless a device has to be selected first.
    pub async fn start_device_authentication(
        &self,
        start: Start,
    ) -> Result<DeviceAuthentication, Error> {
        self.advance(device_authentications::start(start)).await
    }

    /// A device authentication; `None` if PingOne has none with this id.
    pub async fn device_authentication(
        &self,
        id: DeviceAuthenticationId,
    ) -> Result<Option<DeviceAuthentication>, Error> {
        let read = device_authentications::device_authentication(id);
        self.read_if_exists(read, |raw| DeviceAuthentication::read(raw, &self.mask()))
            .await
    }

    /// Selects the device to use, which messages the user.
    pub async fn select_device(
        &self,
        id: DeviceAuthenticationId,
        user: UserId,
        device: DeviceId,
    ) -> Result<DeviceAuthentication, Error> {
        self.advance(device_authentications::select_device(id, user, device))
            .await
    }

    /// Submits the code that the user received.
    pub async fn check_code(
        &self,
        id: DeviceAuthenticationId,
        user: UserId,
        code: &SecretString,
    ) -> Result<DeviceAuthentication, Error> {
        self.advance(device_authentications::check_code(id, user, code))
            .await
    }

    /// Cancels the push.
    pub async fn cancel_push(
        &self,
        id: DeviceAuthenticationId,
        user: UserId,
    ) -> Result<DeviceAuthentication, Error> {
        self.advance(device_authentications::cancel_push(id, user))
            .await
    }

    async fn advance(&self, write: Write) -> Result<DeviceAuthentication, Error> {
        let answer = self.write(write).await?;
        answer.decode(|raw| DeviceAuthentication::read(raw, &self.mask()))
    }
}
