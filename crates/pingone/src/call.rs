//! Calls as plain values: what is read, what is changed, and whom a change affects. Nothing here sends anything.

use reqwest::{Method, Url};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    filter,
    id::{GroupId, UserId},
    retry::Repeat,
    wire::{Authorization, HttpRequest},
};
use crate::secrets::wipe;

/// The media type of plain bodies.
pub(crate) const JSON: &str = "application/json";

/// Where something is: path segments, each encoded as one, and a query.
#[derive(Clone)]
pub(crate) struct Path {
    base: Base,
    segments: Vec<String>,
    query: String,
}

/// What the segments follow.
#[derive(Clone, Copy)]
enum Base {
    /// `…/v1/environments/{environment}`
    Environment,
    /// `…/v1`
    Api,
}

impl Path {
    /// Something in the environment.
    pub(crate) fn of(segments: &[&str]) -> Self {
        Self::below(Base::Environment, segments)
    }

    /// Something that belongs to a user.
    pub(crate) fn of_user(user: UserId, rest: &[&str]) -> Self {
        Self::of(&[&["users", &user.to_string()], rest].concat())
    }

    /// Something that belongs to no environment.
    pub(crate) fn outside_environments(segments: &[&str]) -> Self {
        Self::below(Base::Api, segments)
    }

    fn below(base: Base, segments: &[&str]) -> Self {
        Self {
            base,
            segments: segments.iter().map(|&segment| segment.to_owned()).collect(),
            query: String::new(),
        }
    }

    /// The same with a query, whose values are not encoded yet.
    pub(crate) fn query(self, pairs: &[(&str, &str)]) -> Self {
        Self {
            query: filter::query(pairs),
            ..self
        }
    }

    /// The address, where `environment` is that of the environment.
    pub(crate) fn url(&self, environment: &Url) -> Url {
        let mut url = environment.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty();
            if matches!(self.base, Base::Api) {
                path.pop().pop();
            }
            path.extend(&self.segments);
        }
        url.set_query(Some(&*self.query).filter(|query| !query.is_empty()));
        url
    }
}

/// A call that reads something.
pub struct Read {
    path: Path,
}

impl Read {
    /// Reads what is at `path`.
    pub(crate) fn at(path: Path) -> Self {
        Self { path }
    }

    /// The address, where `environment` is that of the environment.
    pub(crate) fn url(&self, environment: &Url) -> Url {
        self.path.url(environment)
    }
}

/// A call that reads a list, which may have several pages.
pub struct List {
    path: Path,
    /// What PingOne calls the list in its answer.
    pub(crate) collection: &'static str,
}

impl List {
    /// Reads the list at `path`.
    pub(crate) fn at(path: Path, collection: &'static str) -> Self {
        Self { path, collection }
    }

    /// The same list with a query, whose values are not encoded yet.
    pub(crate) fn query(self, pairs: &[(&str, &str)]) -> Self {
        Self {
            path: self.path.query(pairs),
            ..self
        }
    }

    /// The call for its first page.
    pub(crate) fn into_read(self) -> Read {
        Read::at(self.path)
    }
}

/// Whom a change affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// A user.
    User(UserId),
    /// A user's membership in a group.
    Membership(UserId, GroupId),
    /// A user that is not there yet.
    NewUser,
    /// Whatever a self-test wants, which asks how PingOne behaves and answers for what it changes.
    Probe,
}

impl Effect {
    /// The user that is changed, if there is one.
    pub(crate) fn user(self) -> Option<UserId> {
        match self {
            Self::NewUser | Self::Probe => None,
            Self::User(user) | Self::Membership(user, _) => Some(user),
        }
    }
}

/// A call that changes something.
pub(crate) struct Write {
    method: Method,
    path: Path,
    content_type: Option<&'static str>,
    body: Option<Zeroizing<Vec<u8>>>,
    repeat: Repeat,
    effect: Effect,
}

impl Write {
    /// A call with neither media type nor body, which may be repeated.
    pub(crate) fn bare(method: Method, path: Path, effect: Effect) -> Self {
        Self {
            method,
            path,
            content_type: None,
            body: None,
            repeat: Repeat::Safe,
            effect,
        }
    }

    /// Deletes something.
    pub(crate) fn delete(path: Path, effect: Effect) -> Self {
        Self::bare(Method::DELETE, path, effect)
    }

    /// An operation that PingOne chooses by the media type alone.
    pub(crate) fn operation(path: Path, content_type: &'static str, effect: Effect) -> Self {
        Self::bare(Method::POST, path, effect).with_content_type(content_type)
    }

    /// The same call with a media type.
    pub(crate) fn with_content_type(self, content_type: &'static str) -> Self {
        Self {
            content_type: Some(content_type),
            ..self
        }
    }

    /// The same call with a JSON body of the media type `content_type`.
    pub(crate) fn with_body(self, content_type: &'static str, body: Value) -> Self {
        let bytes = Zeroizing::new(body.to_string().into_bytes());
        // A new password may have been in it.
        wipe(body);
        Self {
            body: Some(bytes),
            ..self.with_content_type(content_type)
        }
    }

    /// The same call, with what a second try would do.
    pub(crate) fn with_repeat(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    /// Whom it affects.
    pub(crate) fn effect(&self) -> Effect {
        self.effect
    }

    /// What a second try would do.
    pub(crate) fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// The request, which has no token yet.
    pub(crate) fn into_request(self, environment: &Url) -> HttpRequest {
        HttpRequest {
            method: self.method,
            url: self.path.url(environment),
            authorization: Authorization::None,
            content_type: self.content_type,
            body: self.body,
            label: None,
        }
    }
}
