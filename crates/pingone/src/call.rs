//! Calls as plain values: what is read, what is changed, and whom a change affects. Nothing here sends anything.

use reqwest::{Method, Url};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    filter,
    id::{ApplicationId, GroupId, Principal, UserId},
    retry::Repeat,
    settings::Settings,
    wire::{Authorization, HttpRequest},
};
use crate::secrets::wipe;

/// The media type of plain bodies.
pub(crate) const JSON: &str = "application/json";

/// Where a resource is: path segments, each of which is percent-encoded, and a query.
#[derive(Clone)]
pub(crate) struct Path {
    base: Base,
    segments: Vec<String>,
    query: String,
}

/// The part of the address before the segments.
#[derive(Clone, Copy)]
enum Base {
    /// `…/v1/environments/{environment}`
    Environment,
    /// `…/v1`
    Api,
    /// `…/{environment}` on the authentication host.
    Authentication,
}

impl Path {
    /// A resource of the environment.
    pub(crate) fn of(segments: &[&str]) -> Self {
        Self::below(Base::Environment, segments)
    }

    /// A resource that belongs to a user.
    pub(crate) fn of_user(user: UserId, rest: &[&str]) -> Self {
        Self::of(&[&["users", &user.to_string()], rest].concat())
    }

    /// A resource that belongs to no environment.
    pub(crate) fn outside_environments(segments: &[&str]) -> Self {
        Self::below(Base::Api, segments)
    }

    /// A resource of the environment on the authentication host.
    pub(crate) fn on_authentication_host(segments: &[&str]) -> Self {
        Self::below(Base::Authentication, segments)
    }

    fn below(base: Base, segments: &[&str]) -> Self {
        Self {
            base,
            segments: segments.iter().map(|&segment| segment.to_owned()).collect(),
            query: String::new(),
        }
    }

    /// Adds a query. Values are passed unencoded.
    pub(crate) fn query(mut self, pairs: &[(&str, &str)]) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(&filter::query(pairs));
        self
    }

    /// The full address.
    pub(crate) fn url(&self, settings: &Settings) -> Url {
        let mut url = match self.base {
            Base::Environment | Base::Api => settings.api.clone(),
            Base::Authentication => settings.authentication.clone(),
        };
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

/// A call that reads a resource.
pub struct Read {
    path: Path,
}

impl Read {
    /// Reads the resource at `path`.
    pub(crate) fn at(path: Path) -> Self {
        Self { path }
    }

    /// The full address.
    pub(crate) fn url(&self, settings: &Settings) -> Url {
        self.path.url(settings)
    }
}

/// A call that reads a list, which may have several pages.
pub struct List {
    path: Path,
    /// The name of the list under `_embedded` in PingOne's answer.
    pub(crate) collection: &'static str,
}

impl List {
    /// Reads the list at `path`.
    pub(crate) fn at(path: Path, collection: &'static str) -> Self {
        Self { path, collection }
    }

    /// Adds a query. Values are passed unencoded.
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
    /// A group, and with it what its members may do.
    Group(GroupId),
    /// An application.
    Application(ApplicationId),
    /// A user who is sent a message, or whose verification is decided: nothing about the user changes.
    Verification(UserId),
    /// A user who does not exist yet.
    NewUser,
    /// Nobody: what PingOne learns about an address.
    Nobody,
    /// Anything that a self-test needs to find out how PingOne behaves. The self-test answers for what it changes.
    Probe,
}

impl Effect {
    /// The user, group or application affected, if there is one.
    pub(crate) fn principal(self) -> Option<Principal> {
        match self {
            Self::NewUser | Self::Nobody | Self::Probe => None,
            Self::User(user) | Self::Membership(user, _) | Self::Verification(user) => {
                Some(Principal::User(user))
            }
            Self::Group(group) => Some(Principal::Group(group)),
            Self::Application(application) => Some(Principal::Application(application)),
        }
    }
}

impl From<Principal> for Effect {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::User(user) => Self::User(user),
            Principal::Group(group) => Self::Group(group),
            Principal::Application(application) => Self::Application(application),
        }
    }
}

/// A call that changes a resource.
pub(crate) struct Write {
    method: Method,
    path: Path,
    content_type: Option<&'static str>,
    body: Option<Zeroizing<Vec<u8>>>,
    repeat: Repeat,
    effect: Effect,
}

impl Write {
    /// A call without media type or body that may be repeated.
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

    /// Deletes a resource.
    pub(crate) fn delete(path: Path, effect: Effect) -> Self {
        Self::bare(Method::DELETE, path, effect)
    }

    /// An operation that PingOne selects by the media type alone.
    pub(crate) fn operation(path: Path, content_type: &'static str, effect: Effect) -> Self {
        Self::bare(Method::POST, path, effect).with_content_type(content_type)
    }

    /// Sets the media type.
    pub(crate) fn with_content_type(self, content_type: &'static str) -> Self {
        Self {
            content_type: Some(content_type),
            ..self
        }
    }

    /// Sets a JSON body of the media type `content_type`.
    pub(crate) fn with_body(self, content_type: &'static str, body: Value) -> Self {
        let bytes = Zeroizing::new(body.to_string().into_bytes());
        // It may hold a new password.
        wipe(body);
        Self {
            body: Some(bytes),
            ..self.with_content_type(content_type)
        }
    }

    /// Sets what sending it twice would do.
    pub(crate) fn with_repeat(self, repeat: Repeat) -> Self {
        Self { repeat, ..self }
    }

    /// Whom it affects.
    pub(crate) fn effect(&self) -> Effect {
        self.effect
    }

    /// What sending it twice would do.
    pub(crate) fn repeat(&self) -> Repeat {
        self.repeat
    }

    /// The HTTP request, still without a token.
    pub(crate) fn into_request(self, settings: &Settings) -> HttpRequest {
        HttpRequest {
            method: self.method,
            url: self.path.url(settings),
            authorization: Authorization::None,
            content_type: self.content_type,
            body: self.body,
            encoding: None,
            label: None,
            external_ids: None,
        }
    }
}
