//! The test button: whether credentials, environment, region and roles will do.

use anyhow::{Error, Result};

use super::Context;
use crate::{
    entry::Output,
    failure::EnvironmentUnreadable,
    pingone::{self, error::Problem},
};

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
    if !is_out_of_reach(&refused) {
        return Err(refused.into());
    }
    match cx.pingone.read_environment().await {
        Err(error) if is_out_of_reach(&error) => Err(Error::new(EnvironmentUnreadable(refused))),
        _ => Err(refused.into()),
    }
}

/// PingOne's answers both to an environment that is not there and to a role that is missing. A token that
/// was refused so has its own causes.
fn is_out_of_reach(error: &pingone::Error) -> bool {
    matches!(&*error.problem, Problem::Refused(refusal) if matches!(refusal.status, 403 | 404))
}
