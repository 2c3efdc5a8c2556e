//! The token endpoint: client authentication as PingOne enforces it, opaque tokens that expire.
//!
//! Page: `developer.pingidentity.com/pingone-api/auth/openid-connect-oauth-2/token-admin-app-client_credentials.html`.
//! Its errors are OAuth's, not the platform's.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::handlers::assertion::{self, Assertion};
use crate::model::activity::Actor;
use crate::model::application::Application;
use crate::model::clock::after;
use crate::model::seed::TokenAuthMethod;
use crate::model::store::{Store, Token};
use crate::protocol::error::ApiError;
use crate::protocol::message::{Reply, Request, pairs};

/// `POST /{environment}/as/token`
pub(crate) fn issue(
    store: &mut Store,
    request: &Request,
    environment: &str,
    now: Timestamp,
) -> Reply {
    if request.media_type() != "application/x-www-form-urlencoded" {
        // What PingOne answers here is UNCONFIRMED.
        return oauth_error(400, "invalid_request", "The request must be a form");
    }
    let form = pairs(&String::from_utf8_lossy(&request.body));
    let position = match authenticate(store, request, &form, environment, now) {
        Ok(position) => position,
        Err(reply) => return reply,
    };
    let seconds = store.applications[position].token_seconds;
    if field(&form, "grant_type") != Some("client_credentials") {
        return oauth_error(
            400,
            "unsupported_grant_type",
            "The grant type is not supported",
        );
    }
    let access_token = format!("sandbox.{}.{}", store.ids.uuid(), store.ids.uuid());
    let expires_at = after(now, Duration::from_secs(seconds.into()));
    store.tokens.retain(|_, token| token.expires_at > now);
    store.tokens.insert(
        access_token.clone(),
        Token {
            application: position,
            expires_at,
        },
    );
    Reply::json(
        200,
        json!({ "access_token": access_token, "token_type": "Bearer", "expires_in": seconds }),
    )
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter()
        .find_map(|(found, value)| (found == name).then_some(value.as_str()))
}

/// Authenticates the client: the index of its application, or the error to return.
fn authenticate(
    store: &mut Store,
    request: &Request,
    form: &[(String, String)],
    environment: &str,
    now: Timestamp,
) -> Result<usize, Reply> {
    let in_form = field(form, "client_id").zip(field(form, "client_secret"));
    let assertion = field(form, "client_assertion")
        .filter(|_| field(form, "client_assertion_type") == Some(assertion::TYPE))
        .and_then(Assertion::parse);
    let Some(proof) = Proof::of(basic(request), in_form, assertion) else {
        return Err(unsupported_method(store));
    };
    let found = store.applications.iter().position(|application| {
        let home = application
            .environment
            .as_deref()
            .unwrap_or(&store.environment.id);
        application.enabled
            && Some(application.id.as_str()) == proof.client_id()
            && home == environment
    });
    let Some(position) = found else {
        return Err(invalid_client(store, "Invalid client credentials"));
    };
    let issuer = format!("{}/{environment}/as", store.base_url);
    let audiences = [format!("{issuer}/token"), issuer];
    let application = &mut store.applications[position];
    // The method is checked before the secret: a wrong secret by the wrong method is reported as a wrong method
    // (inferred from Ping's own tools, UNCONFIRMED).
    if application.token_auth_method != proof.method() {
        return Err(unsupported_method(store));
    }
    if !proof.is_valid(application, &audiences, now) {
        return Err(invalid_client(store, "Invalid client credentials"));
    }
    Ok(position)
}

/// What a client proves its identity with.
enum Proof<'a> {
    Basic { id: String, secret: String },
    Post { id: &'a str, secret: &'a str },
    Jwt(Assertion<'a>),
}

impl<'a> Proof<'a> {
    fn of(
        basic: Option<(String, String)>,
        post: Option<(&'a str, &'a str)>,
        assertion: Option<Assertion<'a>>,
    ) -> Option<Self> {
        match (basic, post, assertion) {
            (Some((id, secret)), _, _) => Some(Self::Basic { id, secret }),
            (None, Some((id, secret)), _) => Some(Self::Post { id, secret }),
            (None, None, assertion) => assertion.map(Self::Jwt),
        }
    }

    fn client_id(&self) -> Option<&str> {
        match self {
            Self::Basic { id, .. } => Some(id),
            Self::Post { id, .. } => Some(id),
            Self::Jwt(assertion) => assertion.client_id(),
        }
    }

    fn method(&self) -> TokenAuthMethod {
        match self {
            Self::Basic { .. } => TokenAuthMethod::Basic,
            Self::Post { .. } => TokenAuthMethod::Post,
            Self::Jwt(assertion) => assertion.method(),
        }
    }

    fn is_valid(
        &self,
        application: &mut Application,
        audiences: &[String],
        now: Timestamp,
    ) -> bool {
        match self {
            Self::Basic { secret, .. } => {
                application.accepts(|known| is_secret(secret, known), now)
            }
            Self::Post { secret, .. } => application.accepts(|known| is_secret(secret, known), now),
            Self::Jwt(assertion) => assertion.is_valid(application, audiences, now),
        }
    }
}

/// The worker that a request's bearer token stands for, by its position.
pub(crate) fn worker(
    store: &Store,
    request: &Request,
    now: Timestamp,
) -> Result<(usize, Actor), ApiError> {
    let Some(header) = &request.authorization else {
        return Err(ApiError::invalid_token());
    };
    // The gateway in front refuses what is no bearer token before the platform sees it.
    let token = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| ApiError::gateway("Invalid Authorization header"))?;
    let position = store
        .tokens
        .get(token)
        .filter(|token| token.expires_at > now)
        .map(|token| token.application)
        .ok_or_else(ApiError::invalid_token)?;
    let application = store
        .applications
        .get(position)
        .ok_or_else(ApiError::invalid_token)?;
    let actor = Actor {
        id: application.id.clone(),
        name: application.name.clone(),
    };
    Ok((position, actor))
}

/// Id and secret of HTTP Basic as they came.
fn basic(request: &Request) -> Option<(String, String)> {
    let (scheme, encoded) = request.authorization.as_deref()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// Whether what came is `secret`, as it is or form-encoded as RFC 6749, section 2.3.1, wants it.
/// Which of the two PingOne takes is UNCONFIRMED.
fn is_secret(given: &str, secret: &str) -> bool {
    let spaced = given.replace('+', " ");
    given == secret || percent_decode_str(&spaced).decode_utf8_lossy() == secret
}

fn unsupported_method(store: &mut Store) -> Reply {
    invalid_client(store, "Unsupported authentication method")
}

fn invalid_client(store: &mut Store, reason: &str) -> Reply {
    let correlation = store.ids.uuid();
    let description = format!("Request denied: {reason} (Correlation ID: {correlation})");
    oauth_error(401, "invalid_client", &description).with_header("Correlation-Id", correlation)
}

fn oauth_error(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(
        status,
        json!({ "error": error, "error_description": description }),
    )
}
