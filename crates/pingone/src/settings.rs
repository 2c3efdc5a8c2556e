//! Which environment the client works in, where it is and as whom, already checked.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::id::EnvironmentId;

/// An environment and the way into it. Two requests with equal settings share connections and token; so
/// everything that must not meet an old token stands here.
#[derive(Clone)]
pub struct Settings {
    /// The environment whose users are managed.
    pub environment: EnvironmentId,
    /// `…/v1/environments/{environment}`.
    pub api: Url,
    /// `…/as/token`.
    pub token_url: Url,
    /// The worker application.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
    /// Whether any certificate is trusted.
    pub insecure: bool,
    /// Whether the proxy variables are heeded.
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
    /// A text that differs whenever any of the settings differs that decide what a token is good for, and
    /// that does not give the secret away: a SHA-256 digest, in hexadecimal.
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
            // The length keeps two parts from being cut elsewhere.
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

/// How long and how often it is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The whole command, with every try and wait.
    pub command: Duration,
    /// One request.
    pub request: Duration,
    /// How many tries may follow the first.
    pub retries: u32,
}
