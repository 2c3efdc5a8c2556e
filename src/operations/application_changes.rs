//! Enables and disables applications, and rotates their secrets. Each change is verified in what PingOne shows or answers
//! afterwards.

use anyhow::{Context as _, Result, bail, ensure};
use jiff::Timestamp;
use pingone::{
    Client,
    applications::{Application, SecretState},
    id::ApplicationId,
};

use super::{
    applications::{ApplicationRef, find_application, no_such_application},
    change::{Details, PartialSuccess, Unverified},
};
use crate::advice::Advised;

/// An application that was enabled or disabled, or already was.
pub struct Switched {
    /// The application as PingOne shows it now.
    pub application: Application,
    /// Whether anything was changed.
    pub changed: bool,
    /// Whether somebody changed the application between the look-up and the change, which kept that.
    pub changed_before: bool,
    /// The settings that differ from what was sent.
    pub differences: Vec<String>,
}

/// Enables or disables an application. PingOne has no PATCH for applications: the whole object is written back as it was
/// read a moment before.
pub async fn switch(
    pingone: &Client<'_>,
    application: &ApplicationRef,
    enabled: bool,
) -> Result<Switched> {
    match application {
        ApplicationRef::Id(id) => switch_found(pingone, *id, None, enabled).await,
        ApplicationRef::Name(_) => {
            let found = find_application(pingone, application).await?;
            switch_found(pingone, found.id, Some(&found), enabled).await
        }
    }
}

/// The same for an application by its id. `found` is what the look-up returned, if there was one.
pub async fn switch_found(
    pingone: &Client<'_>,
    id: ApplicationId,
    found: Option<&Application>,
    enabled: bool,
) -> Result<Switched> {
    let draft = pingone.draft_application(id).await?;
    let mut draft = draft.ok_or_else(|| no_such_application(&id.to_string()))?;
    let changed_before = found.is_some_and(|found| has_changed(found, &draft.application));
    if draft.application.enabled == Some(enabled) {
        return Ok(Switched {
            application: draft.application,
            changed: false,
            changed_before: false,
            differences: Vec::new(),
        });
    }
    draft.set_enabled(enabled);
    pingone.replace_application(&draft).await?;
    if pingone.is_dry_run() {
        return Ok(Switched {
            application: draft.application,
            changed: true,
            changed_before,
            differences: Vec::new(),
        });
    }
    let now = pingone.draft_application(id).await;
    let now = now.context(PartialSuccess::accepted("change"))?;
    let now = now.ok_or_else(|| PartialSuccess {
        summary: "The application was changed, but is gone now.".to_owned(),
        changed: Some(true),
        details: Details::None,
    })?;
    check_state(&now.application, enabled)?;
    let differences = draft.differences(&now).into_iter();
    Ok(Switched {
        changed: true,
        changed_before,
        differences: differences.map(str::to_owned).collect(),
        application: now.application,
    })
}

fn has_changed(before: &Application, now: &Application) -> bool {
    before.raw.get("updatedAt") != now.raw.get("updatedAt")
}

fn check_state(application: &Application, enabled: bool) -> Result<()> {
    match application.enabled {
        Some(now) if now == enabled => Ok(()),
        Some(now) => {
            let state = if now { "enabled" } else { "disabled" };
            bail!("PingOne accepted the change, but the application is still {state}.")
        }
        None => bail!(Unverified {
            change: "change",
            state: "the application is enabled".to_owned(),
        }),
    }
}

impl Switched {
    /// What else changed meanwhile, a sentence each, without the full stop.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.changed_before {
            notes.push(
                "Somebody changed the application between the look-up and this change. Their change was kept"
                    .to_owned(),
            );
        }
        if !self.differences.is_empty() {
            notes.push(format!(
                "These settings are now different from what was written back: {}. Somebody may have changed the application at the same moment: check them in PingOne",
                self.differences.join(", ")
            ));
        }
        notes
    }
}

/// A secret that was rotated.
pub struct Rotation {
    /// When the old secret stops working; `None` if it already did.
    pub keeps_until: Option<Timestamp>,
    /// When the old secret was last used, if PingOne says so.
    pub last_used: Option<String>,
}

/// Why an application's secret is not rotated: it does not authenticate with one.
pub fn no_secret(application: &Application) -> Option<String> {
    let method = application.raw.get("tokenEndpointAuthMethod");
    match method.and_then(serde_json::Value::as_str) {
        Some("PRIVATE_KEY_JWT") => Some(
            "The application authenticates with a private key, not with a secret. Replace its JWKS in PingOne."
                .to_owned(),
        ),
        Some(method) if method.starts_with("CLIENT_SECRET_") => None,
        Some("NONE") | None => Some("The application has no secret.".to_owned()),
        Some(other) => Some(format!(
            "The application authenticates with {other}, not with a secret."
        )),
    }
}

/// Rotates the secret of an application. The old one works until `keep_until`, or no more. The new one is read by nobody
/// here.
pub async fn rotate_secret(
    pingone: &Client<'_>,
    application: &Application,
    keep_until: Option<Timestamp>,
) -> Result<Rotation> {
    let answer = pingone.rotate_secret(application.id, keep_until).await;
    let answer = answer.map_err(explain_refusal)?;
    if pingone.is_dry_run() {
        return Ok(Rotation {
            keeps_until: keep_until,
            last_used: None,
        });
    }
    let SecretState { previous } = answer.ok_or_else(|| Unverified {
        change: "rotation",
        state: "there is a new secret".to_owned(),
    })?;
    let last_used = previous.as_ref().and_then(|old| old.last_used.clone());
    let expires_at = previous.as_ref().and_then(|old| old.expires_at.as_ref());
    let expires_at = expires_at.and_then(|at| at.parse().ok());
    match (keep_until, previous) {
        // An earlier rotation may have left one that PingOne does not end together with the current one.
        (None, Some(_)) => {
            let dropped = pingone.drop_previous_secret(application.id).await;
            dropped.context(PartialSuccess {
                summary: "There is a new secret, but the previous one could not be ended"
                    .to_owned(),
                changed: Some(true),
                details: Details::None,
            })?;
        }
        (Some(_), None) => bail!(
            "PingOne rotated the secret, but does not say that the old one still works. Check the application that uses it."
        ),
        _ => {}
    }
    Ok(Rotation {
        keeps_until: keep_until.map(|wanted| expires_at.unwrap_or(wanted)),
        last_used,
    })
}

/// PingOne's guard against rotating the secret of a more powerful application.
fn explain_refusal(error: pingone::Error) -> anyhow::Error {
    if error.status() != Some(403) {
        return error.into();
    }
    Advised {
        error,
        advice: "PingOne rotates a secret only for a worker application that has at least the roles of that application. Give this instance's worker application the roles that pingone-get-application shows, or rotate the secret in the PingOne console.",
    }
    .into()
}

/// The bounds of PingOne for how long the old secret may still work.
const MIN_GRACE_MINUTES: i64 = 2;
const MAX_GRACE_DAYS: i64 = 30;

/// Checks until when the old secret shall work. PingOne demands at least a minute when the request arrives.
pub fn check_grace(now: Timestamp, until: Timestamp) -> Result<()> {
    let seconds = until.as_second() - now.as_second();
    ensure!(
        (MIN_GRACE_MINUTES * 60..=MAX_GRACE_DAYS * 24 * 3600).contains(&seconds),
        "The old secret can stay valid for {MIN_GRACE_MINUTES} minutes to {MAX_GRACE_DAYS} days."
    );
    Ok(())
}
