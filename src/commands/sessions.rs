//! Commands about the sessions of users: who is signed on from where, and ending that.

use anyhow::Result;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::many::{Change, DoneBefore, Target, UNCONFIRMED, changed_before, changed_by, each};
use crate::{
    entry::Output,
    invocation::Invocation,
    manifest::Arg,
    markdown::{Row, at, row},
};
use pingone::{id::SessionId, sessions::Session};

/// The context key of sessions.
const SESSION: &str = "PingOne.Session(val.ID && val.ID === obj.ID)";
const COLUMNS: [&str; 10] = [
    "User", "ID", "Browser", "OS", "IP", "Place", "Created", "Active", "Expires", "Expired",
];

/// `pingone-list-sessions`
pub(super) async fn list(cx: &Invocation<'_>) -> Result<Output> {
    let outcomes = cx
        .for_each_user(async |target| Ok(cx.pingone.sessions(target.id).await?))
        .await?;
    let now = cx.pingone.now_at_pingone();
    let table = ("PingOne sessions", &COLUMNS[..], SESSION);
    let listed = |session: &Session, user: &Value| describe(session, user, now);
    let sessions = outcomes
        .iter()
        .flat_map(|outcome| outcome.result.iter().flatten());
    let some_expired = sessions.into_iter().any(|session| !session.is_live(now));
    let mut output = cx.report_items(table, outcomes, listed);
    if some_expired {
        output.readable.push_str(SOME_EXPIRED);
    }
    Ok(output)
}

/// The line below a table with sessions that have expired.
pub(super) const SOME_EXPIRED: &str =
    "PingOne goes on listing sessions that have expired: nobody is signed on with those.\n";

/// A session as it stands in the context and, in part, in the table. `now` is PingOne's time.
pub(super) fn describe(session: &Session, user: &Value, now: Timestamp) -> Row {
    let expired = json!(session.has_expired(now));
    let session = &session.raw;
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
        ("Expired", expired),
    ])
}

/// `pingone-clear-user-sessions`
pub(super) async fn clear(cx: &Invocation<'_>) -> Result<Output> {
    let only = cx.args.ids::<SessionId>(Arg::SessionId)?;
    let outcomes = cx
        .for_each_user(async |target| {
            if only.is_empty() {
                clear_all(cx, &target).await
            } else {
                end_these(cx, &target, &only).await
            }
        })
        .await?;
    let mut output = cx.report_changes("Ended sessions", &outcomes);
    let mut ended = outcomes.iter().map(|outcome| match &outcome.result {
        Ok(change) => change.changed,
        Err(error) => changed_before(error) != Some(false),
    });
    if ended.any(|ended| ended) {
        output.readable.push_str(OWN_PAGES);
    }
    Ok(output)
}

/// The line below a table of ended sessions.
/// <https://docs.pingidentity.com/pingone/directory/p1_manage_user_sessions.html>
pub(super) const OWN_PAGES: &str = "Access to PingOne's own self-service pages may last some minutes longer, typically five, until their token expires.\n";

/// PingOne lists ten sessions at a time, so ending all may take several rounds; not more than these.
const MOST_ROUNDS: usize = 20;

/// What came of ending sessions, when something failed. `unconfirmed`: those that may have been ended.
fn partly(ended: &[SessionId], unconfirmed: &[SessionId], then: &str) -> DoneBefore {
    let mut details = row([("Ended", json!(ended.len()))]);
    if !unconfirmed.is_empty() {
        let ids = unconfirmed.iter().map(ToString::to_string).collect();
        details.insert(UNCONFIRMED.to_owned(), ids);
    }
    DoneBefore {
        told: format!("sessions ended: {}; {then}", ended.len()),
        changed: changed_by(ended, unconfirmed),
        details,
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

/// Ends all sessions that have not expired, and lists again to see that none is left.
pub(super) async fn clear_all(cx: &Invocation<'_>, target: &Target) -> Result<Change> {
    let mut ended = Vec::new();
    let mut last_round = Vec::new();
    for round in 0..=MOST_ROUNDS {
        let listed = cx.pingone.sessions(target.id).await;
        let listed = listed.map_err(|error| partly(&ended, &[], "then").then(error))?;
        let now = cx.pingone.now_at_pingone();
        let live = listed.iter().filter(|session| session.is_live(now));
        let Some(left) = live
            .map(|session| session.id)
            .collect::<Option<Vec<SessionId>>>()
        else {
            return Err(partly(&ended, &[], "PingOne lists a session without an id.").into());
        };
        if left.is_empty() {
            return Ok(change(&ended, none_left(&ended, &listed)));
        }
        if left == last_round {
            // What it accepted to end but goes on listing was not ended.
            ended.retain(|session| !left.contains(session));
            return Err(partly(&ended, &[], "PingOne goes on listing some.").into());
        }
        if round == MOST_ROUNDS {
            break;
        }
        end(cx, target, &left, &mut ended).await?;
        last_round = left;
    }
    Err(partly(&ended, &[], "there are more: run the command again.").into())
}

/// The text for a user without a live session. PingOne may go on listing those that have expired.
fn none_left(ended: &[SessionId], listed: &[Session]) -> String {
    let mut result = if ended.is_empty() {
        "there was none".to_owned()
    } else {
        format!("{} ended, none left", ended.len())
    };
    let is_ended = |session: &&Session| session.id.is_some_and(|id| ended.contains(&id));
    let expired = listed.len() - listed.iter().filter(is_ended).count();
    if expired > 0 {
        result.push_str(&["; had expired already: ", &expired.to_string()].concat());
    }
    result
}

/// Ends these sessions, and asks for each to see that it is gone: a list could leave it out for being older than
/// the ten that PingOne shows.
async fn end_these(cx: &Invocation<'_>, target: &Target, only: &[SessionId]) -> Result<Change> {
    let mut ended = Vec::new();
    end(cx, target, only, &mut ended).await?;
    let (mut still, mut expired) = (Vec::new(), Vec::new());
    for session in only {
        let found = cx.pingone.session(target.id, *session).await;
        match found.map_err(|error| partly(&ended, &[], "then").then(error))? {
            Some(found) if found.is_live(cx.pingone.now_at_pingone()) => still.push(*session),
            Some(_) if !ended.contains(session) => expired.push(*session),
            _ => {}
        }
    }
    if !still.is_empty() {
        ended.retain(|session| !still.contains(session));
        let still = format!("PingOne still has {}.", listed(&still));
        return Err(partly(&ended, &[], &still).into());
    }
    let mut result = format!("{} ended", ended.len());
    if !expired.is_empty() {
        result.push_str(&["; had expired already: ", &listed(&expired)].concat());
    }
    let mut unknown = only.to_vec();
    unknown.retain(|session| !ended.contains(session) && !expired.contains(session));
    if !unknown.is_empty() {
        result.push_str(&["; the user has no session ", &listed(&unknown)].concat());
    }
    Ok(change(&ended, result))
}

fn listed(sessions: &[SessionId]) -> String {
    let sessions: Vec<String> = sessions.iter().map(ToString::to_string).collect();
    sessions.join(", ")
}

async fn end(
    cx: &Invocation<'_>,
    target: &Target,
    sessions: &[SessionId],
    ended: &mut Vec<SessionId>,
) -> Result<()> {
    let work = async |session| cx.pingone.end_session(target.id, session).await;
    match each(sessions, ended, work).await {
        None => Ok(()),
        Some(failures) => {
            let partly = partly(ended, &failures.unconfirmed, &failures.told("ended"));
            Err(partly.then(failures.error))
        }
    }
}
