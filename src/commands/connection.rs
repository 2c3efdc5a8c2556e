//! The test button: whether credentials, environment, region and roles will do.

use anyhow::{Error, Result};

use super::Context;
use crate::{entry::Output, failure::EnvironmentUnreadable};

/// Lists one user: nearly every command begins with such a call. If PingOne refuses it, reading the
/// environment tells a wrong environment or region from a missing role.
pub(super) async fn test(cx: &Context<'_>) -> Result<Output> {
    let Err(refused) = cx.pingone.probe_users().await else {
        return Ok(Output {
            readable: "ok".to_owned(),
            context: None,
            raw: None,
            failures: Vec::new(),
        });
    };
    if !matches!(refused.status(), Some(403 | 404)) {
        return Err(refused.into());
    }
    match cx.pingone.read_environment().await {
        Err(error) if matches!(error.status(), Some(403 | 404)) => {
            Err(Error::new(EnvironmentUnreadable(refused)))
        }
        _ => Err(refused.into()),
    }
}
