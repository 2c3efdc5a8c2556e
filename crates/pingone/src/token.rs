//! The access token: requested once, used until shortly before it expires, dropped when PingOne refuses it.
//! <https://developer.pingidentity.com/pingone-api/auth/openid-connect-oauth-2/token-admin-app-client_credentials.html>
//!
//! A worker application accepts its secret either in the `Authorization` header (Basic, the console's default) or in
//! the form, never both. So Basic is tried first, the form after PingOne reports an unsupported method, and what
//! worked is remembered.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use percent_encoding::utf8_percent_encode;
use reqwest::{Method, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    assertion::{self, AssertionKey},
    private_key::SigningError,
    settings::{Credentials, Settings},
    wire::{Authorization, HttpRequest, Reply},
};
use crate::{
    memory,
    secrets::{UNRESERVED, wipe},
};

/// A token with less than this left of its lifetime is not used: it must outlast the call.
const EXPIRY_MARGIN: Duration = Duration::from_mins(1);
/// The lifetime that PingOne gives a worker application, for answers that do not say.
const DEFAULT_LIFETIME: u64 = 3600;
/// No token is kept for longer, whatever the answer says.
const MAX_LIFETIME: u64 = 24 * 3600;
/// No token is longer: request headers are limited to a few kilobytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;
/// The memory limit for the answer to a token request.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// How the client authenticates to the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// In the `Authorization` header: `CLIENT_SECRET_BASIC`.
    #[default]
    Basic,
    /// In the form: `CLIENT_SECRET_POST`.
    Form,
    /// By an assertion signed with the secret: `CLIENT_SECRET_JWT`.
    SecretJwt,
    /// By an assertion signed with a private key: `PRIVATE_KEY_JWT`.
    PrivateKeyJwt,
}

impl ClientAuthentication {
    /// The method to try first, given the one that worked last for a secret.
    pub(super) fn first(credentials: &Credentials, worked: Self) -> Self {
        match credentials {
            Credentials::Secret(_) => worked,
            Credentials::Assertion(AssertionKey::Secret(_)) => Self::SecretJwt,
            Credentials::Assertion(AssertionKey::Private { .. }) => Self::PrivateKeyJwt,
        }
    }

    /// Whether what is sent depends on this machine's clock.
    pub(super) fn is_dated(self) -> bool {
        matches!(self, Self::SecretJwt | Self::PrivateKeyJwt)
    }

    /// The method to try if the application does not support this one.
    pub(super) fn alternative(self) -> Option<Self> {
        match self {
            Self::Basic => Some(Self::Form),
            Self::Form => Some(Self::Basic),
            Self::SecretJwt | Self::PrivateKeyJwt => None,
        }
    }
}

/// A token and when it expires.
#[derive(Clone)]
pub struct Token {
    secret: SecretString,
    expires_at: Timestamp,
    /// Whether PingOne issued it to this process, or has accepted it since it was restored.
    proven: bool,
}

/// A token as it is stored between processes: the only form in which a token leaves the process other than in a
/// request to PingOne.
#[derive(Serialize, Deserialize)]
pub struct StoredToken {
    /// A digest of the settings that the token belongs to.
    pub fingerprint: String,
    /// The token.
    pub access_token: String,
    /// When it expires.
    pub valid_until: Timestamp,
    /// How the client authenticated to get it.
    pub client_authentication: ClientAuthentication,
}

/// The state of the token for one set of settings.
#[derive(Default)]
pub struct TokenState {
    token: Option<Token>,
    /// The method that worked last, or the one to try first.
    pub authentication: ClientAuthentication,
    /// Whether PingOne issued the token since one was last stored.
    unsaved: bool,
    /// The last token that was dropped: it may still be in the store.
    refused: Option<SecretString>,
}

/// A token's lifetime in seconds. Where the answer makes no sense, the token is good only for the call that it was
/// requested for.
fn lifetime(expires_in: Option<&Value>) -> u64 {
    let seconds = match expires_in {
        None | Some(Value::Null) => Some(DEFAULT_LIFETIME),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_u64(),
    };
    seconds.unwrap_or_default().min(MAX_LIFETIME)
}

/// Whether a text can be sent as a bearer token.
fn can_be_sent(token: &str) -> bool {
    !token.is_empty() && token.len() <= MAX_TOKEN_BYTES && HeaderValue::from_str(token).is_ok()
}

impl Token {
    fn is(&self, secret: &SecretString) -> bool {
        self.secret.expose_secret() == secret.expose_secret()
    }
}

impl TokenState {
    /// The token, if it will last for a while.
    pub fn usable(&self, now: Timestamp) -> Option<&SecretString> {
        let token = self.token.as_ref()?;
        let deadline = now.checked_add(EXPIRY_MARGIN).ok()?;
        (token.expires_at > deadline).then_some(&token.secret)
    }

    /// Drops the token, unless another has replaced it since `refused` was used.
    pub fn refuse(&mut self, refused: &SecretString) {
        let dropped = self.token.take_if(|token| token.is(refused));
        if let Some(Token { secret, .. }) = dropped {
            self.refused = Some(secret);
            self.unsaved = false;
        }
    }

    /// Records that PingOne accepted the token.
    pub fn prove(&mut self, accepted: &SecretString) {
        if let Some(token) = self.token.as_mut().filter(|token| token.is(accepted)) {
            token.proven = true;
        }
    }

    /// Whether the token is a restored or an earlier one that PingOne has not accepted yet.
    pub fn is_unproven(&self, used: &SecretString) -> bool {
        let is_refused = self
            .refused
            .as_ref()
            .is_some_and(|refused| refused.expose_secret() == used.expose_secret());
        is_refused
            || self
                .token
                .as_ref()
                .is_some_and(|token| token.is(used) && !token.proven)
    }

    /// Reads PingOne's answer and keeps its token. The error says what is wrong with the answer.
    pub fn accept(
        &mut self,
        reply: &Reply,
        authentication: ClientAuthentication,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let mut answer = memory::read_within(MAX_ANSWER_BYTES, &reply.body)
            .map_err(|_| "it holds no access token")?;
        let access_token = answer.get_mut("access_token").map(Value::take);
        let lifetime = lifetime(answer.get("expires_in"));
        wipe(answer);
        let Some(Value::String(access_token)) = access_token else {
            return Err("it holds no access token");
        };
        let secret = SecretString::from(access_token);
        if !can_be_sent(secret.expose_secret()) {
            return Err("its access token cannot stand in a header");
        }
        let expires_at = now
            .checked_add(Duration::from_secs(lifetime))
            .map_err(|_| "its life has no end")?;
        *self = Self {
            token: Some(Token {
                secret,
                expires_at,
                proven: true,
            }),
            authentication,
            unsaved: true,
            refused: self.refused.take(),
        };
        Ok(())
    }

    /// The current token, whatever its lifetime: a token just issued is good for the call that it was requested for.
    pub fn current(&self) -> Option<&SecretString> {
        self.token.as_ref().map(|token| &token.secret)
    }

    /// Adopts a stored token if it belongs to these settings and lasts longer than the current one. A token that
    /// PingOne cannot have issued is rejected; otherwise it would be stored and restored forever.
    pub fn restore(&mut self, stored: StoredToken, fingerprint: &str, now: Timestamp) {
        let StoredToken {
            fingerprint: belongs_to,
            access_token,
            valid_until,
            client_authentication,
        } = stored;
        let secret = SecretString::from(access_token);
        let is_refused = |refused: &SecretString| refused.expose_secret() == secret.expose_secret();
        let lasts_too_long = || {
            valid_until.duration_since(now) > SignedDuration::from_secs(MAX_LIFETIME.cast_signed())
        };
        if belongs_to != fingerprint
            || self
                .token
                .as_ref()
                .is_some_and(|token| token.expires_at >= valid_until)
            || self.refused.as_ref().is_some_and(is_refused)
            || lasts_too_long()
            || !can_be_sent(secret.expose_secret())
        {
            return;
        }
        self.authentication = client_authentication;
        self.unsaved = false;
        self.token = Some(Token {
            secret,
            expires_at: valid_until,
            proven: false,
        });
    }

    /// The token to store, once after PingOne issued it.
    pub fn take_unsaved(&mut self, fingerprint: String) -> Option<StoredToken> {
        let token = self.token.as_ref().filter(|_| self.unsaved)?;
        self.unsaved = false;
        Some(StoredToken {
            fingerprint,
            access_token: token.secret.expose_secret().to_owned(),
            valid_until: token.expires_at,
            client_authentication: self.authentication,
        })
    }
}

/// Builds the token request. An assertion, if one is needed, is signed at `now` and shown to `hide` first: it is a
/// secret. <https://developer.pingidentity.com/pingone-api/auth/auth-config-options/create-a-private-key-jwt.html>
pub fn request(
    settings: &Settings,
    authentication: ClientAuthentication,
    now: Timestamp,
    hide: impl FnOnce(&SecretString),
) -> Result<HttpRequest, SigningError> {
    let mut form = Zeroizing::new(b"grant_type=client_credentials".to_vec());
    let authorization = match (&settings.credentials, authentication) {
        (Credentials::Secret(secret), ClientAuthentication::Form) => {
            let (id, secret) = encoded(&settings.client_id, secret.expose_secret());
            form.extend_from_slice(
                Zeroizing::new(format!("&client_id={id}&client_secret={}", *secret)).as_bytes(),
            );
            Authorization::None
        }
        (Credentials::Secret(secret), _) => {
            Authorization::Basic(client_basic(&settings.client_id, secret.expose_secret()))
        }
        (Credentials::Assertion(key), _) => {
            let assertion = assertion::sign(key, &settings.client_id, &settings.token_url, now)?;
            hide(&assertion);
            form.extend_from_slice(
                Zeroizing::new(format!(
                    "&client_assertion_type={}&client_assertion={}",
                    assertion::TYPE,
                    assertion.expose_secret()
                ))
                .as_bytes(),
            );
            Authorization::None
        }
    };
    Ok(HttpRequest {
        method: Method::POST,
        url: settings.token_url.clone(),
        authorization,
        content_type: Some("application/x-www-form-urlencoded"),
        body: Some(form),
        encoding: None,
        label: None,
        external_ids: None,
    })
}

/// How messages name the token request.
pub fn label(settings: &Settings) -> String {
    format!("POST {}", settings.token_url.path())
}

/// Both parts of the credentials as they are sent (RFC 6749, sections 2.3.1 and 4.4.2).
fn encoded(id: &str, secret: &str) -> (String, Zeroizing<String>) {
    let encode = |text| utf8_percent_encode(text, UNRESERVED).to_string();
    (encode(id), Zeroizing::new(encode(secret)))
}

/// The value after `Basic` in the token request: the parts are encoded before they are joined.
pub fn client_basic(id: &str, secret: &str) -> SecretString {
    let (id, secret) = encoded(id, secret);
    basic(&id, &secret)
}

/// `id:secret` in base64.
pub fn basic(id: &str, secret: &str) -> SecretString {
    STANDARD
        .encode(Zeroizing::new(format!("{id}:{secret}")).as_bytes())
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(body: &str) -> Reply {
        Reply {
            status: 200,
            body: body.as_bytes().to_vec(),
            ..Reply::default()
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    #[test]
    fn a_token_is_used_until_a_minute_before_it_expires() {
        let mut state = TokenState::default();
        state
            .accept(
                &reply(r#"{"access_token":"abc","expires_in":3600}"#),
                ClientAuthentication::Form,
                at(0),
            )
            .expect("a token");
        assert_eq!(
            state.usable(at(3539)).map(ExposeSecret::expose_secret),
            Some("abc")
        );
        assert!(state.usable(at(3540)).is_none());
        assert_eq!(state.authentication, ClientAuthentication::Form);
    }

    #[test]
    fn answers_without_a_token_are_refused() {
        for body in [
            "",
            "{}",
            "null",
            r#"{"access_token":null}"#,
            r#"{"access_token":""}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":7}"#,
        ] {
            let mut state = TokenState::default();
            assert!(
                state
                    .accept(&reply(body), ClientAuthentication::Basic, at(0))
                    .is_err(),
                "{body}"
            );
            assert!(state.current().is_none());
        }
    }

    #[test]
    fn malformed_lifetimes_are_short() {
        for (lifetime, usable) in [
            ("-5", false),
            ("1.5", false),
            ("99999999999999999999", false),
            ("30", false),
        ] {
            let mut state = TokenState::default();
            let body = format!(r#"{{"access_token":"abc","expires_in":{lifetime}}}"#);
            state
                .accept(&reply(&body), ClientAuthentication::Basic, at(0))
                .expect("a token");
            assert_eq!(state.usable(at(0)).is_some(), usable, "{lifetime}");
            assert!(state.current().is_some(), "{lifetime}");
        }
    }

    #[test]
    fn only_the_refused_token_is_dropped() {
        let mut state = TokenState::default();
        state
            .accept(
                &reply(r#"{"access_token":"new"}"#),
                ClientAuthentication::Basic,
                at(0),
            )
            .expect("a token");
        state.refuse(&"old".into());
        assert!(state.current().is_some());
        state.refuse(&"new".into());
        assert!(state.current().is_none());
    }

    #[test]
    fn a_stored_token_is_restored_only_under_its_own_settings() {
        let mut issuer = TokenState::default();
        issuer
            .accept(
                &reply(r#"{"access_token":"abc"}"#),
                ClientAuthentication::Form,
                at(0),
            )
            .expect("a token");
        let stored = || stored_copy(&issuer);
        let mut other = TokenState::default();
        other.restore(stored(), "other settings", at(0));
        assert!(other.current().is_none());
        let mut same = TokenState::default();
        same.restore(stored(), "settings", at(0));
        assert_eq!(
            same.usable(at(0)).map(ExposeSecret::expose_secret),
            Some("abc")
        );
        assert_eq!(same.authentication, ClientAuthentication::Form);
        assert!(
            same.take_unsaved("settings".to_owned()).is_none(),
            "what was restored need not be stored again"
        );
        assert!(issuer.take_unsaved("settings".to_owned()).is_some());
        assert!(
            issuer.take_unsaved("settings".to_owned()).is_none(),
            "stored once"
        );
    }

    fn stored_copy(issuer: &TokenState) -> StoredToken {
        let token = issuer.token.as_ref().expect("a token");
        StoredToken {
            fingerprint: "settings".to_owned(),
            access_token: token.secret.expose_secret().to_owned(),
            valid_until: token.expires_at,
            client_authentication: issuer.authentication,
        }
    }
}
