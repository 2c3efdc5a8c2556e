//! What was changed about an application: whether it is enabled, and its secret. A secret itself is never shown.

use serde_json::json;

use super::{
    application::{KEY, activities_of, describe},
    sentences::shown_time,
};
use crate::{
    document::{Block, Document, row},
    entry::Output,
    operations::application_changes::{Rotation, Switched},
};
use jiff::Timestamp;
use pingone::{
    applications::Application,
    times::{to_rfc3339_millis, to_utc_minutes},
};

/// What cannot be ended.
pub(super) const LIVE_TOKENS: &str =
    "Access tokens that the application already has may stay valid for up to an hour.";

/// The application was enabled or disabled.
pub fn switched(switched: &Switched) -> Output {
    let Switched {
        application,
        changed,
        ..
    } = switched;
    let is_enabled = application.enabled == Some(true);
    let state = if is_enabled { "enabled" } else { "disabled" };
    let was = if *changed { "is now" } else { "was already" };
    let text = format!("The application {} {was} {state}.", application.name);
    let mut readable = Document::from(format!("{text}\n"));
    if *changed && !is_enabled {
        readable.push(Block::Paragraph(format!(
            "It gets no new access tokens. {LIVE_TOKENS}"
        )));
    }
    for note in switched.notes() {
        readable.push(Block::Paragraph(format!("{note}.")));
    }
    let entry = describe(application);
    Output::new(readable, Some(application.raw.clone())).with_context(KEY, json!([entry]))
}

const ROTATION: &str = "PingOne.SecretRotation(val.ID && val.ID === obj.ID && val.At === obj.At)";

/// The secret was rotated.
pub fn rotated(application: &Application, rotation: &Rotation, at: Timestamp) -> Output {
    let Rotation {
        keeps_until,
        last_used,
    } = rotation;
    let mut readable = Document::from(format!("{}\n", rotated_text(&application.name, rotation)));
    readable.push(Block::Paragraph(
        "The new secret is not shown here: its owner reads it in the PingOne console.".to_owned(),
    ));
    if last_used.is_none() {
        readable.push(Block::Paragraph(
            "PingOne does not say when the old secret was last used. To see what the application changed, run:".to_owned(),
        ));
        readable.push(Block::Command(activities_of(application)));
    }
    let entry = row([
        ("ID", json!(application.id.to_string())),
        ("Name", json!(application.name)),
        ("At", json!(to_rfc3339_millis(at))),
        (
            "OldSecretExpiresAt",
            json!(keeps_until.map(to_rfc3339_millis)),
        ),
        ("OldSecretLastUsed", json!(last_used)),
    ]);
    Output::note(readable).with_context(ROTATION, json!([entry]))
}

fn rotated_text(name: &str, rotation: &Rotation) -> String {
    let until = match rotation.keeps_until {
        None => format!("The old one no longer works. {LIVE_TOKENS}"),
        Some(at) => format!("The old one works until {}.", to_utc_minutes(at)),
    };
    let last_used = rotation.last_used.as_deref().map(shown_time);
    let last_used = last_used.map(|at| format!(" The old secret was last used at {at}."));
    format!(
        "The secret of the application {name} was rotated. {until}{}",
        last_used.unwrap_or_default()
    )
}
