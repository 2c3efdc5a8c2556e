//! Which environment the client works in, where it is, and which credentials it uses. Already validated.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::id::EnvironmentId;

/// An environment and how to reach it. Requests with equal settings share connections and token, so everything that
/// must not meet an old token belongs here.
#[derive(Clone)]
pub struct Settings {
    /// The environment whose users are managed.
    pub environment: EnvironmentId,
    /// `…/v1/environments/{environment}`.
    pub api: Url,
    /// `…/as/token`.
    pub token_url: Url,
    /// The client id of the worker application.
    pub client_id: String,
    /// The client secret of the worker application.
    pub client_secret: SecretString,
    /// Whether certificates are not checked.
    pub insecure: bool,
    /// Whether the proxy variables are used.
    pub proxy: bool,
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            environment,
            api,
            token_url,
            client_id,
            client_secret,
            insecure,
            proxy,
        } = self;
        (environment, api, token_url, client_id, insecure, proxy)
            == (
                &other.environment,
                &other.api,
                &other.token_url,
                &other.client_id,
                &other.insecure,
                &other.proxy,
            )
            && client_secret.expose_secret() == other.client_secret.expose_secret()
    }
}

impl Settings {
    /// A SHA-256 digest in hexadecimal that changes with every setting that decides what a token is good for, and that
    /// does not reveal the secret.
    pub fn fingerprint(&self) -> String {
        let Self {
            environment,
            api,
            token_url,
            client_id,
            client_secret,
            insecure: _,
            proxy: _,
        } = self;
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        for part in [
            &environment.to_string(),
            api.as_str(),
            token_url.as_str(),
            client_id,
            client_secret.expose_secret(),
        ] {
            // The length separates the parts.
            digest.update(&part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        digest
            .finish()
            .as_ref()
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// Time limits and the number of retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The limit for a whole command with all attempts and waits.
    pub command: Duration,
    /// The limit for one request.
    pub request: Duration,
    /// How many attempts may follow the first.
    pub retries: u32,
}
