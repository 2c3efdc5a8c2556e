//! Commands about the sessions of users: who is signed on from where, and ending that.

use anyhow::Result;
use serde_json::{Value, json};

use super::{
    Context,
    many::{Change, DoneBefore, Target, each},
};
use crate::{
    entry::Output,
    markdown::{Row, at, row},
    pingone::id::SessionId,
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
    Ok(cx.report_items(table, outcomes, describe))
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

/// What came of ending sessions, when something failed.
fn partly(ended: &[SessionId], then: &str) -> DoneBefore {
    DoneBefore {
        told: format!("sessions ended: {}; {then}", ended.len()),
        changed: !ended.is_empty(),
        details: row([("Ended", json!(ended.len()))]),
    }
}

fn change(ended: &[SessionId], result: String) -> Change {
    Change {
        changed: !ended.is_empty(),
        verified: true,
        result,
        details: row([("Ended", json!(ended.len()))]),
    }
}

/// Ends all sessions, and lists again to see that none is left.
pub(super) async fn clear_all(cx: &Context<'_>, target: &Target) -> Result<Change> {
    let mut ended = Vec::new();
    let mut last_round = Vec::new();
    for round in 0..=MOST_ROUNDS {
        let listed = cx.pingone.sessions(target.id).await;
        let listed = listed.map_err(|error| partly(&ended, "then").then(error))?;
        let ids = listed.iter().map(|session| {
            session
                .get("id")
                .and_then(Value::as_str)
                .and_then(|id| id.parse().ok())
        });
        let Some(left) = ids.collect::<Option<Vec<SessionId>>>() else {
            return Err(partly(&ended, "PingOne lists a session without an id.").into());
        };
        if left.is_empty() {
            let result = if ended.is_empty() {
                "there was none".to_owned()
            } else {
                format!("{} ended, none left", ended.len())
            };
            return Ok(change(&ended, result));
        }
        if left == last_round {
            // What it accepted to end but goes on listing was not ended.
            ended.retain(|session| !left.contains(session));
            return Err(partly(&ended, "PingOne goes on listing some.").into());
        }
        if round == MOST_ROUNDS {
            break;
        }
        end(cx, target, &left, &mut ended).await?;
        last_round = left;
    }
    Err(partly(&ended, "there are more: run the command again.").into())
}

/// Ends these sessions, and asks for each to see that it is gone: a list could leave it out for being older than
/// the ten that PingOne shows.
async fn end_these(cx: &Context<'_>, target: &Target, only: &[SessionId]) -> Result<Change> {
    let mut ended = Vec::new();
    end(cx, target, only, &mut ended).await?;
    let mut still = Vec::new();
    for session in only {
        let is_there = cx.pingone.session_exists(target.id, *session).await;
        if is_there.map_err(|error| partly(&ended, "then").then(error))? {
            still.push(*session);
        }
    }
    if !still.is_empty() {
        ended.retain(|session| !still.contains(session));
        let still: Vec<String> = still.iter().map(ToString::to_string).collect();
        let still = format!("PingOne still has {}.", still.join(", "));
        return Err(partly(&ended, &still).into());
    }
    let unknown: Vec<String> = only
        .iter()
        .filter(|session| !ended.contains(session))
        .map(ToString::to_string)
        .collect();
    let mut result = format!("{} ended", ended.len());
    if !unknown.is_empty() {
        let unknown = format!("; the user has no session {}", unknown.join(", "));
        result.push_str(&unknown);
    }
    Ok(change(&ended, result))
}

async fn end(
    cx: &Context<'_>,
    target: &Target,
    sessions: &[SessionId],
    ended: &mut Vec<SessionId>,
) -> Result<()> {
    let work = async |session| cx.pingone.end_session(target.id, session).await;
    match each(sessions, ended, work).await {
        None => Ok(()),
        Some((failed, error)) => {
            let not_ended = format!("not ended: {failed}");
            Err(partly(ended, &not_ended).then(error))
        }
    }
}
