//! Ends the sessions of a user: all that have not expired, or those that are named.

use anyhow::Result;

use super::{
    change::{Change, Details, PartialSuccess, Sessions, Verb, changed_by, for_each_best_effort},
    phrases::{Named, counted},
};
use pingone::{
    Client,
    id::{SessionId, UserId},
    sessions::Session,
};

/// PingOne lists ten sessions at a time, so ending all may take several rounds.
const MAX_ROUNDS: usize = 20;

const END: Verb = Verb {
    base: "end",
    past: "ended",
};

/// Ends all sessions that have not expired, then lists them again to verify that none is left.
pub async fn end_all(pingone: &Client<'_>, user: UserId) -> Result<Change> {
    let mut ended = Vec::new();
    let mut last_round = Vec::new();
    for round in 0..=MAX_ROUNDS {
        let listed = pingone.sessions(user).await;
        let listed =
            listed.map_err(|error| partial(&ended, &[], ", then failed").with_cause(error))?;
        let now = pingone.now_at_pingone();
        let live = listed.iter().filter(|session| session.is_live(now));
        let Some(left) = live
            .map(|session| session.id)
            .collect::<Option<Vec<SessionId>>>()
        else {
            let nameless = ", but PingOne lists a session without an id.";
            return Err(partial(&ended, &[], nameless).into());
        };
        if left.is_empty() {
            let expired = expired(&listed, &ended);
            return Ok(done(ended, expired, Vec::new()));
        }
        if left == last_round {
            // PingOne accepted to end these but still lists them, so they were not ended.
            ended.retain(|session| !left.contains(session));
            return Err(partial(&ended, &[], &still_listed(&left)).into());
        }
        if round == MAX_ROUNDS {
            break;
        }
        end(pingone, user, &left, &mut ended).await?;
        if pingone.is_dry_run() {
            let expired = expired(&listed, &ended);
            return Ok(done(ended, expired, Vec::new()));
        }
        last_round = left;
    }
    Err(partial(&ended, &[], ", but there are more. Run the command again.").into())
}

/// How many of the `listed` sessions expired by themselves: PingOne may still list those.
fn expired(listed: &[Session], ended: &[SessionId]) -> usize {
    let is_ended = |session: &&Session| session.id.is_some_and(|id| ended.contains(&id));
    listed.len() - listed.iter().filter(is_ended).count()
}

fn still_listed(sessions: &[SessionId]) -> String {
    format!(", but PingOne still lists {}.", joined(sessions))
}

/// Ends these sessions, then reads each to verify that it is gone: a list can omit it, since it shows only the ten
/// newest.
pub async fn end_these(pingone: &Client<'_>, user: UserId, only: &[SessionId]) -> Result<Change> {
    let mut ended = Vec::new();
    end(pingone, user, only, &mut ended).await?;
    let (mut still, mut expired) = (Vec::new(), Vec::new());
    for session in only {
        let found = pingone.session(user, *session).await;
        let failed = |error| partial(&ended, &[], ", then failed").with_cause(error);
        match found.map_err(failed)? {
            Some(found) if found.is_live(pingone.now_at_pingone()) => still.push(*session),
            Some(_) if !ended.contains(session) => expired.push(*session),
            _ => {}
        }
    }
    if !still.is_empty() {
        ended.retain(|session| !still.contains(session));
        return Err(partial(&ended, &[], &still_listed(&still)).into());
    }
    let mut not_found = only.to_vec();
    not_found.retain(|session| !ended.contains(session) && !expired.contains(session));
    Ok(done(ended, expired.len(), not_found))
}

/// Sessions in one text, separated by commas.
pub fn joined(sessions: &[SessionId]) -> String {
    let sessions: Vec<String> = sessions.iter().map(ToString::to_string).collect();
    sessions.join(", ")
}

async fn end(
    pingone: &Client<'_>,
    user: UserId,
    sessions: &[SessionId],
    ended: &mut Vec<SessionId>,
) -> Result<()> {
    let by_id = |ids: &[SessionId]| ids.iter().copied().map(Named::by_id).collect::<Vec<_>>();
    let ids = |sessions: &[Named<SessionId>]| sessions.iter().map(|named| named.id).collect();
    let mut done = by_id(ended);
    let work = async |session| pingone.end_session(user, session).await;
    let failures = for_each_best_effort(&by_id(sessions), &mut done, work).await;
    *ended = ids(&done);
    match failures {
        None => Ok(()),
        Some(failures) => {
            let rest = format!("; {}", failures.summary(END));
            let unconfirmed: Vec<SessionId> = ids(&failures.unconfirmed);
            Err(partial(ended, &unconfirmed, &rest).with_cause(failures.error))
        }
    }
}

fn done(ended: Vec<SessionId>, expired: usize, not_found: Vec<SessionId>) -> Change {
    Change {
        changed: !ended.is_empty(),
        verified: true,
        details: Details::Sessions(Sessions {
            ended,
            unconfirmed: Vec::new(),
            expired,
            not_found,
        }),
    }
}

/// The sessions that were ended before something failed. `unconfirmed` may have been ended.
fn partial(ended: &[SessionId], unconfirmed: &[SessionId], rest: &str) -> PartialSuccess {
    PartialSuccess {
        summary: format!("Ended {}{rest}", counted(ended.len(), "session")),
        changed: changed_by(ended, unconfirmed),
        details: Details::Sessions(Sessions {
            ended: ended.to_vec(),
            unconfirmed: unconfirmed.to_vec(),
            ..Sessions::default()
        }),
    }
}
