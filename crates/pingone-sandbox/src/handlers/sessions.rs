//! A user's sessions: list, read, end.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/user-sessions/`. There is no way
//! to end all at once.

use serde_json::{Map, Value, json};

use crate::handlers::visit::Visit;
use crate::model::alternative::Alternative;
use crate::model::clock::text;
use crate::model::state::{Session, User, World};
use crate::protocol::error::Problem;
use crate::protocol::message::{Outcome, Reply};
use crate::render::hal::{self, link};

/// The list shows at most this many, the newest first; what lies behind it is not to be seen.
const SHOWN: usize = 10;

/// `GET /users/{user}/sessions`: those that have expired are in it, too.
pub(crate) fn list(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let mut sessions: Vec<&Session> = user.sessions.iter().collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
    let items: Vec<Value> = sessions
        .into_iter()
        .take(SHOWN)
        .map(|session| show(visit.world, user, session))
        .collect();
    let url = format!("{}/sessions", visit.world.user_url(&user.id));
    Ok(hal::whole(&url, "sessions", &items))
}

/// `GET /users/{user}/sessions/{session}`
pub(crate) fn read(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    user.sessions
        .iter()
        .find(|session| session.id == visit.id(1))
        .map(|session| Reply::ok(show(visit.world, user, session)))
        .ok_or_else(Problem::not_found)
}

/// `DELETE /users/{user}/sessions/{session}`. That it is not listed any more then is UNCONFIRMED.
pub(crate) fn delete(visit: &mut Visit<'_>) -> Outcome {
    let id = visit.id(1).to_owned();
    let now = visit.now;
    let stays = visit.world.does(Alternative::EndedSessionsStayListed);
    let user = visit.user_mut()?;
    let Some(position) = user.sessions.iter().position(|session| session.id == id) else {
        return Err(Problem::not_found());
    };
    if stays {
        user.sessions[position].expires_at = now;
    } else {
        user.sessions.remove(position);
    }
    visit.record_user("SESSION.DELETED")?;
    Ok(Reply::no_content())
}

fn show(world: &World, user: &User, session: &Session) -> Value {
    let url = format!("{}/sessions/{}", world.user_url(&user.id), session.id);
    let sign_on = json!({ "at": text(session.created_at), "remoteIp": session.remote_ip });
    let mut value = Map::new();
    value.insert("_links".to_owned(), json!({ "self": link(&url) }));
    value.insert("id".to_owned(), session.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": world.environment.id }),
    );
    value.insert("user".to_owned(), json!({ "id": user.id }));
    value.insert("createdAt".to_owned(), text(session.created_at).into());
    value.insert("activeAt".to_owned(), text(session.active_at).into());
    value.insert("expiresAt".to_owned(), text(session.expires_at).into());
    value.insert("idleTimeout".to_owned(), 43_200.into());
    value.insert("lastSignOn".to_owned(), sign_on.clone());
    if !session.place.is_empty() {
        let mut place = sign_on;
        if let Some(place) = place.as_object_mut() {
            place.extend(session.place.clone());
        }
        value.insert("locations".to_owned(), json!([place]));
    }
    value.extend(session.details.clone());
    value.into()
}
