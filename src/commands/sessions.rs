//! Commands about the sessions of users: who is signed on from where, and ending that.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::{
    Context,
    many::{Change, DoneBefore, Target, at, row},
};
use crate::{
    entry::Output,
    markdown::Row,
    pingone::{self, id::SessionId},
};

/// The context key of sessions.
const SESSION: &str = "PingOne.Session(val.ID && val.ID === obj.ID)";
const COLUMNS: [&str; 9] = [
    "User", "ID", "Browser", "OS", "IP", "Place", "Created", "Active", "Expires",
];

/// `pingone-list-sessions`
pub(super) async fn list(cx: &Context<'_>) -> Result<Output> {
    let outcomes = cx
        .for_each_user(async |target| Ok(cx.pingone.sessions(target.id).await?))
        .await?;
    let table = ("PingOne sessions", &COLUMNS[..], SESSION);
    Ok(cx.report_items(table, &outcomes, describe))
}

/// A session as it stands in the context and, in part, in the table.
pub(super) fn describe(session: &Value, user: &Value) -> Row {
    // Newest first; PingOne keeps the last five.
    let place = ["city", "country"].map(|part| at(session, &format!("/locations/0/{part}")));
    let place: Vec<&str> = place
        .iter()
        .filter_map(Value::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    let named = |what: &str| {
        let parts = ["name", "version"].map(|part| at(session, &format!("/{what}/{part}")));
        let parts: Vec<&str> = parts
            .iter()
            .filter_map(Value::as_str)
            .filter(|part| !part.is_empty())
            .collect();
        if parts.is_empty() {
            Value::Null
        } else {
            json!(parts.join(" "))
        }
    };
    let ip = match at(session, "/lastSignOn/remoteIp") {
        Value::Null => at(session, "/locations/0/remoteIp"),
        ip => ip,
    };
    row([
        ("ID", at(session, "/id")),
        ("UserID", user.clone()),
        ("Browser", named("browser")),
        ("OS", named("operatingSystem")),
        ("IP", ip),
        (
            "Place",
            if place.is_empty() {
                Value::Null
            } else {
                json!(place.join(", "))
            },
        ),
        ("UserAgent", at(session, "/userAgent")),
        ("Created", at(session, "/createdAt")),
        ("Active", at(session, "/activeAt")),
        ("Expires", at(session, "/expiresAt")),
    ])
}

/// `pingone-clear-user-sessions`
pub(super) async fn clear(cx: &Context<'_>) -> Result<Output> {
    let only = cx.args.ids::<SessionId>("sessionId")?;
    let outcomes = cx
        .for_each_user(async |target| {
            if only.is_empty() {
                clear_all(cx, &target).await
            } else {
                end_these(cx, &target, &only).await
            }
        })
        .await?;
    Ok(cx.report_changes("Ended sessions", &outcomes))
}

/// PingOne lists ten sessions at a time, so ending all may take several rounds; not more than these.
const MOST_ROUNDS: usize = 20;

/// What the context has of it.
fn details(ended: usize) -> Row {
    row([("Ended", json!(ended))])
}

fn change(ended: usize, result: String) -> Change {
    Change {
        changed: ended > 0,
        verified: true,
        result,
        details: details(ended),
    }
}

/// An error that came after so many sessions were ended.
fn after(ended: usize, error: pingone::Error) -> anyhow::Error {
    let error = anyhow::Error::from(error);
    if ended == 0 {
        return error;
    }
    error.context(DoneBefore {
        told: format!("sessions ended: {ended}; then"),
        details: details(ended),
    })
}

/// Ends all sessions, and lists again to see that none is left.
pub(super) async fn clear_all(cx: &Context<'_>, target: &Target) -> Result<Change> {
    let mut ended = 0_usize;
    let mut last_round = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let listed = cx.pingone.sessions(target.id).await;
        let listed = listed.map_err(|error| after(ended, error))?;
        let ids = listed.iter().map(|session| {
            session
                .get("id")
                .and_then(Value::as_str)
                .and_then(|id| id.parse().ok())
        });
        let Some(left) = ids.collect::<Option<Vec<SessionId>>>() else {
            bail!("PingOne lists a session without an id.")
        };
        if left.is_empty() {
            let result = if ended == 0 {
                "there was none".to_owned()
            } else {
                format!("{ended} ended, none left")
            };
            return Ok(change(ended, result));
        }
        if left == last_round {
            break;
        }
        for session in &left {
            let result = cx.pingone.end_session(target.id, *session).await;
            if result.map_err(|error| after(ended, error))? {
                ended += 1;
            }
        }
        last_round = left;
    }
    Err(DoneBefore {
        told: format!("sessions ended: {ended}, but PingOne goes on listing some."),
        details: details(ended),
    }
    .into())
}

/// Ends these sessions, and asks for each to see that it is gone: a list could leave it out for being older than
/// the ten that PingOne shows.
async fn end_these(cx: &Context<'_>, target: &Target, only: &[SessionId]) -> Result<Change> {
    let (mut ended, mut unknown) = (0_usize, Vec::new());
    for session in only {
        let failed = |error| after(ended, error);
        let was_there = cx.pingone.end_session(target.id, *session).await;
        if !was_there.map_err(failed)? {
            unknown.push(session.to_string());
            continue;
        }
        let is_there = cx.pingone.session_exists(target.id, *session).await;
        if is_there.map_err(|error| after(ended + 1, error))? {
            let told = format!(
                "PingOne accepted to end the session {session}, but it is still there; sessions ended before: {ended}."
            );
            return Err(DoneBefore {
                told,
                details: details(ended),
            }
            .into());
        }
        ended += 1;
    }
    let mut result = format!("{ended} ended");
    if !unknown.is_empty() {
        let unknown = format!("; the user has no session {}", unknown.join(", "));
        result.push_str(&unknown);
    }
    Ok(change(ended, result))
}
