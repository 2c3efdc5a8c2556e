//! Ends a user's MFA bypass.

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};

use super::change::{BypassEnd, Change, Details, PartialSuccess};
use pingone::{Client, id::UserId, times::to_utc_minutes};

/// How soon a bypass ends that PingOne refuses to end at once.
const SOON: SignedDuration = SignedDuration::from_mins(1);

/// Ends the bypass, and reads it back. PingOne documents only how to start one: that an end in the past ends it is
/// UNCONFIRMED. If PingOne refuses or ignores that, the bypass is set to end in a minute.
pub async fn end_bypass(pingone: &Client<'_>, user: UserId) -> Result<Change> {
    let bypass = pingone.mfa_bypass(user).await?;
    let Some(before) = bypass.running_until(pingone.now_at_pingone()) else {
        return Ok(ended(None, None));
    };
    let now = pingone.now_at_pingone();
    match pingone.set_mfa_bypass(user, now - SOON).await {
        Ok(()) if running_until(pingone, user).await?.is_none() => {
            return Ok(ended(Some(before), None));
        }
        Err(error) if !is_refused_end(&error) => return Err(error.into()),
        // PingOne ignored or refused it.
        _ => {}
    }
    // It may end by itself before that.
    if before <= now + SOON {
        return Ok(Change {
            changed: false,
            ..ended(Some(before), Some(before))
        });
    }
    pingone.set_mfa_bypass(user, now + SOON).await?;
    match running_until(pingone, user).await? {
        None => Ok(ended(Some(before), None)),
        Some(until) if until <= now + SOON => Ok(ended(Some(before), Some(until))),
        Some(until) => bail!(
            "PingOne accepted the change, but the MFA bypass still runs until {}.",
            to_utc_minutes(until)
        ),
    }
}

/// Whether PingOne refused the end itself, not the call.
fn is_refused_end(error: &pingone::Error) -> bool {
    let codes = ["INVALID_DATA", "REQUEST_FAILED"];
    error.status() == Some(400) && codes.iter().any(|code| error.has_code(code))
}

fn ended(before: Option<Timestamp>, until: Option<Timestamp>) -> Change {
    Change {
        changed: before.is_some(),
        verified: true,
        details: Details::MfaBypass(BypassEnd { before, until }),
    }
}

async fn running_until(pingone: &Client<'_>, user: UserId) -> Result<Option<Timestamp>> {
    let bypass = pingone.mfa_bypass(user).await;
    let bypass = bypass.context(PartialSuccess::accepted("change"))?;
    Ok(bypass.running_until(pingone.now_at_pingone()))
}
