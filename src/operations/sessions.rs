//! Ends the sessions of a user: all that have not expired, or those that are named.

use anyhow::Result;

use super::change::{Change, Details, PartialSuccess, changed_by, for_each_best_effort};
use pingone::{
    Client,
    id::{SessionId, UserId},
    sessions::Session,
};

/// PingOne lists ten sessions at a time, so ending all may take several rounds; not more than these.
const MAX_ROUNDS: usize = 20;

/// Ends all sessions that have not expired, and lists again to see that none is left.
pub async fn end_all(pingone: &Client<'_>, user: UserId) -> Result<Change> {
    let mut ended = Vec::new();
    let mut last_round = Vec::new();
    for round in 0..=MAX_ROUNDS {
        let listed = pingone.sessions(user).await;
        let listed = listed.map_err(|error| partly(&ended, &[], "then").with_cause(error))?;
        let now = pingone.now_at_pingone();
        let live = listed.iter().filter(|session| session.is_live(now));
        let Some(left) = live
            .map(|session| session.id)
            .collect::<Option<Vec<SessionId>>>()
        else {
            return Err(partly(&ended, &[], "PingOne lists a session without an id.").into());
        };
        if left.is_empty() {
            let result = none_left(&ended, &listed);
            return Ok(done(ended, result));
        }
        if left == last_round {
            // What it accepted to end but goes on listing was not ended.
            ended.retain(|session| !left.contains(session));
            return Err(partly(&ended, &[], "PingOne goes on listing some.").into());
        }
        if round == MAX_ROUNDS {
            break;
        }
        end(pingone, user, &left, &mut ended).await?;
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
pub async fn end_these(pingone: &Client<'_>, user: UserId, only: &[SessionId]) -> Result<Change> {
    let mut ended = Vec::new();
    end(pingone, user, only, &mut ended).await?;
    let (mut still, mut expired) = (Vec::new(), Vec::new());
    for session in only {
        let found = pingone.session(user, *session).await;
        match found.map_err(|error| partly(&ended, &[], "then").with_cause(error))? {
            Some(found) if found.is_live(pingone.now_at_pingone()) => still.push(*session),
            Some(_) if !ended.contains(session) => expired.push(*session),
            _ => {}
        }
    }
    if !still.is_empty() {
        ended.retain(|session| !still.contains(session));
        let still = format!("PingOne still has {}.", joined(&still));
        return Err(partly(&ended, &[], &still).into());
    }
    let mut result = format!("{} ended", ended.len());
    if !expired.is_empty() {
        result.push_str(&["; had expired already: ", &joined(&expired)].concat());
    }
    let mut unknown = only.to_vec();
    unknown.retain(|session| !ended.contains(session) && !expired.contains(session));
    if !unknown.is_empty() {
        result.push_str(&["; the user has no session ", &joined(&unknown)].concat());
    }
    Ok(done(ended, result))
}

fn joined(sessions: &[SessionId]) -> String {
    let sessions: Vec<String> = sessions.iter().map(ToString::to_string).collect();
    sessions.join(", ")
}

async fn end(
    pingone: &Client<'_>,
    user: UserId,
    sessions: &[SessionId],
    ended: &mut Vec<SessionId>,
) -> Result<()> {
    let work = async |session| pingone.end_session(user, session).await;
    match for_each_best_effort(sessions, ended, work).await {
        None => Ok(()),
        Some(failures) => {
            let partly = partly(ended, &failures.unconfirmed, &failures.summary("ended"));
            Err(partly.with_cause(failures.error))
        }
    }
}

fn done(ended: Vec<SessionId>, result: String) -> Change {
    Change {
        changed: !ended.is_empty(),
        verified: true,
        result,
        details: Details::Sessions {
            ended,
            unconfirmed: Vec::new(),
        },
    }
}

/// What came of ending sessions, when something failed. `unconfirmed`: those that may have been ended.
fn partly(ended: &[SessionId], unconfirmed: &[SessionId], then: &str) -> PartialSuccess {
    PartialSuccess {
        summary: format!("sessions ended: {}; {then}", ended.len()),
        changed: changed_by(ended, unconfirmed),
        details: Details::Sessions {
            ended: ended.to_vec(),
            unconfirmed: unconfirmed.to_vec(),
        },
    }
}
