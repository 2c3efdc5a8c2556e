//! A user's sessions: list, read, end.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/user-sessions/`. There is no
//! operation that ends all of them.

use serde_json::{Map, Value, json};

use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::clock::format_timestamp;
use crate::model::store::{Session, Store, User};
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, link};

/// The list holds at most this many, newest first; the rest is invisible.
const MAX_LISTED: usize = 10;

/// `GET /users/{user}/sessions`, including expired sessions.
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let mut sessions: Vec<&Session> = user.sessions.iter().collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
    let items: Vec<Value> = sessions
        .into_iter()
        .take(MAX_LISTED)
        .map(|session| to_json(cx.store, user, session))
        .collect();
    let url = format!("{}/sessions", cx.store.user_url(&user.id));
    Ok(hal::unpaged(&url, "sessions", &items))
}

/// `GET /users/{user}/sessions/{session}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    user.sessions
        .iter()
        .find(|session| session.id == cx.id(1))
        .map(|session| Reply::ok(to_json(cx.store, user, session)))
        .ok_or_else(ApiError::not_found)
}

/// `DELETE /users/{user}/sessions/{session}`. That an ended session disappears from the list is
/// UNCONFIRMED.
pub(crate) fn delete(cx: &mut Context<'_>) -> ApiResult {
    let id = cx.id(1).to_owned();
    let now = cx.now;
    let stays = cx.store.uses(Alternative::EndedSessionsStayListed);
    let user = cx.user_mut()?;
    let Some(position) = user.sessions.iter().position(|session| session.id == id) else {
        return Err(ApiError::not_found());
    };
    if stays {
        user.sessions[position].expires_at = now;
    } else {
        user.sessions.remove(position);
    }
    cx.record_user("SESSION.DELETED")?;
    Ok(Reply::no_content())
}

fn to_json(store: &Store, user: &User, session: &Session) -> Value {
    let url = format!("{}/sessions/{}", store.user_url(&user.id), session.id);
    let sign_on =
        json!({ "at": format_timestamp(session.created_at), "remoteIp": session.remote_ip });
    let mut value = Map::new();
    value.insert("_links".to_owned(), json!({ "self": link(&url) }));
    value.insert("id".to_owned(), session.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": store.environment.id }),
    );
    value.insert("user".to_owned(), json!({ "id": user.id }));
    value.insert(
        "createdAt".to_owned(),
        format_timestamp(session.created_at).into(),
    );
    value.insert(
        "activeAt".to_owned(),
        format_timestamp(session.active_at).into(),
    );
    value.insert(
        "expiresAt".to_owned(),
        format_timestamp(session.expires_at).into(),
    );
    value.insert("idleTimeout".to_owned(), 43_200.into());
    value.insert("lastSignOn".to_owned(), sign_on.clone());
    if !session.location.is_empty() {
        let mut location = sign_on;
        if let Some(location) = location.as_object_mut() {
            location.extend(session.location.clone());
        }
        value.insert("locations".to_owned(), json!([location]));
    }
    value.extend(session.details.clone());
    value.into()
}
