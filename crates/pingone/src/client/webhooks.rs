//! Webhooks, which send the audit trail elsewhere.

use serde_json::Value;

use super::Client;
use crate::{endpoints::webhooks, error::Error};

impl Client<'_> {
    /// The webhooks of the environment, without the credentials of their receivers.
    pub async fn webhooks(&self) -> Result<Vec<Value>, Error> {
        let listing = self.reader().list(webhooks::webhooks()).await?;
        let mask = self.mask();
        let webhooks = listing.into_raw_items()?.into_iter();
        Ok(webhooks
            .map(|webhook| mask.value(webhooks::without_credentials(webhook)))
            .collect())
    }
}
