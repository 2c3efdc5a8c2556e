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
        .for_each_user(async |target| clear_one(cx, &target, &only).await)
        .await?;
    Ok(cx.report_changes("Ended sessions", &outcomes))
}

/// PingOne lists ten sessions at a time, so ending all may take several rounds; not more than these.
const MOST_ROUNDS: usize = 20;

/// What the context has of it.
fn details(ended: usize) -> Row {
    row([("Ended", json!(ended))])
}

/// An error that came after so many sessions were ended.
fn after(ended: usize, error: pingone::Error) -> anyhow::Error {
    let error = anyhow::Error::from(error);
    if ended == 0 {
        return error;
    }
    error.context(DoneBefore {
        told: format!("{ended} sessions were ended; then"),
        details: details(ended),
    })
}

/// Ends the sessions `only`, or all, and lists again to see that none is left.
pub(super) async fn clear_one(
    cx: &Context<'_>,
    target: &Target,
    only: &[SessionId],
) -> Result<Change> {
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
        let Some(ids) = ids.collect::<Option<Vec<SessionId>>>() else {
            bail!("PingOne lists a session without an id.")
        };
        let left: Vec<SessionId> = ids
            .into_iter()
            .filter(|id| only.is_empty() || only.contains(id))
            .collect();
        if left.is_empty() {
            let result = if ended == 0 {
                "there was none".to_owned()
            } else {
                format!("{ended} ended, none left")
            };
            return Ok(Change {
                changed: ended > 0,
                verified: true,
                result,
                details: details(ended),
            });
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
        told: format!("{ended} sessions were ended, but PingOne goes on listing some."),
        details: details(ended),
    }
    .into())
}
