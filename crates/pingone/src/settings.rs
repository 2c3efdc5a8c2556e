//! Which environment the client works in, where it is, and which credentials it uses. Already validated.

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use super::{assertion::AssertionKey, escapes::to_hex, id::EnvironmentId};

/// An environment and how to reach it. Requests with equal settings share connections and token, so everything that
/// must not meet an old token belongs here.
#[derive(Clone)]
pub struct Settings {
    /// The environment whose users are managed.
    pub environment: EnvironmentId,
    /// `…/v1/environments/{environment}`.
    pub api: Url,
    /// `…/{environment}` on the authentication host: device authentications.
    pub authentication: Url,
    /// `…/as/token`.
    pub token_url: Url,
    /// The client id of the worker application.
    pub client_id: String,
    /// How the worker application authenticates.
    pub credentials: Credentials,
    /// Whether certificates are not checked.
    pub insecure: bool,
    /// Whether the proxy variables are used.
    pub proxy: bool,
    /// Where events go, if they go anywhere.
    pub collector: Option<Collector>,
}

/// A server that takes events: lines of JSON over HTTP, with a key that is good for nothing else.
#[derive(Clone)]
pub struct Collector {
    /// Where they are posted.
    pub url: Url,
    /// The key, which is sent nowhere else.
    pub key: SecretString,
}

impl Collector {
    /// `None` if the key cannot stand in a header.
    pub fn new(url: Url, key: SecretString) -> Option<Self> {
        let can_be_sent = |byte: u8| matches!(byte, 0x21..=0x7e);
        let is_fit =
            !key.expose_secret().is_empty() && key.expose_secret().bytes().all(can_be_sent);
        is_fit.then_some(Self { url, key })
    }

    fn parts(&self) -> (&Url, &str) {
        (&self.url, self.key.expose_secret())
    }
}

/// The credentials of the worker application.
#[derive(Clone)]
pub enum Credentials {
    /// The client secret, sent in the `Authorization` header or in the form, whichever the application accepts.
    Secret(SecretString),
    /// A key that signs assertions. Neither it nor the secret is sent.
    Assertion(AssertionKey),
}

impl Credentials {
    /// What distinguishes them from other credentials.
    fn identity(&self) -> Vec<&str> {
        match self {
            Self::Secret(secret) => vec![secret.expose_secret()],
            Self::Assertion(key) => key.identity(),
        }
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            environment,
            api,
            authentication,
            token_url,
            client_id,
            credentials,
            insecure,
            proxy,
            collector,
        } = self;
        (
            environment,
            api,
            authentication,
            token_url,
            client_id,
            insecure,
            proxy,
            collector.as_ref().map(Collector::parts),
        ) == (
            &other.environment,
            &other.api,
            &other.authentication,
            &other.token_url,
            &other.client_id,
            &other.insecure,
            &other.proxy,
            other.collector.as_ref().map(Collector::parts),
        ) && credentials.identity() == other.credentials.identity()
    }
}

impl Settings {
    /// Every address that something is sent to.
    pub(crate) fn urls(&self) -> impl Iterator<Item = &Url> {
        let collector = self.collector.as_ref().map(|collector| &collector.url);
        [&self.api, &self.token_url, &self.authentication]
            .into_iter()
            .chain(collector)
    }

    /// A SHA-256 digest in hexadecimal that changes with every setting that decides what a token is good for, and that
    /// does not reveal the secret.
    pub fn fingerprint(&self) -> String {
        let Self {
            environment,
            api,
            authentication: _,
            token_url,
            client_id,
            credentials,
            insecure: _,
            proxy: _,
            collector: _,
        } = self;
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        let environment = environment.to_string();
        let parts = [&environment, api.as_str(), token_url.as_str(), client_id];
        for part in parts.into_iter().chain(credentials.identity()) {
            // The length separates the parts.
            digest.update(&part.len().to_be_bytes());
            digest.update(part.as_bytes());
        }
        to_hex(digest.finish().as_ref())
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::private_key::{Algorithm, PrivateKey};

    /// The example key of RFC 7515, appendix A.3.
    const P256: &str = include_str!("../test_keys/rfc7515-a3.pkcs8.pem");

    fn private(pem: &str, key_id: Option<&str>) -> AssertionKey {
        let key = PrivateKey::from_pem(pem).map_err(|error| error.to_string());
        AssertionKey::Private {
            key: Arc::new(key.expect("a key")),
            algorithm: Algorithm::Es256,
            key_id: key_id.map(str::to_owned),
        }
    }

    fn settings(credentials: Credentials) -> Settings {
        let url = |url| Url::parse(url).expect("an address");
        Settings {
            environment: "11111111-2222-4333-8444-555555555555"
                .parse()
                .expect("an id"),
            api: url("https://api.pingone.eu/v1"),
            authentication: url("https://auth.pingone.eu/11111111-2222-4333-8444-555555555555"),
            token_url: url("https://auth.pingone.eu/as/token"),
            client_id: "9c".to_owned(),
            credentials,
            insecure: false,
            proxy: false,
            collector: None,
        }
    }

    #[test]
    fn every_change_of_credentials_changes_the_settings() {
        let key = |pem: &str, id| settings(Credentials::Assertion(private(pem, id)));
        let another = PrivateKey::generate_pem().expect("a key");
        let all = [
            settings(Credentials::Secret("s".into())),
            settings(Credentials::Secret("t".into())),
            settings(Credentials::Assertion(AssertionKey::Secret("s".into()))),
            key(P256, None),
            key(P256, Some("a")),
            key(&another, None),
        ];
        for (number, one) in all.iter().enumerate() {
            for (position, other) in all.iter().enumerate() {
                let is_same = number == position;
                assert_eq!(one == other, is_same, "{number} {position}");
                let same_fingerprint = one.fingerprint() == other.fingerprint();
                assert_eq!(same_fingerprint, is_same, "{number} {position}");
            }
        }
        assert!(key(P256, None) == key(&P256.replace('\n', " "), None));
    }

    #[test]
    fn another_collector_is_another_connection_but_not_another_token() {
        let with = |url: &str, key: &str| {
            let url = Url::parse(url).expect("an address");
            Settings {
                collector: Some(Collector::new(url, key.into()).expect("a key")),
                ..settings(Credentials::Secret("s".into()))
            }
        };
        let one = with("https://api-a.example.com/", "key-1");
        assert!(one == with("https://api-a.example.com/", "key-1"));
        for other in [
            with("https://api-a.example.com/", "key-2"),
            with("https://api-b.example.com/", "key-1"),
            settings(Credentials::Secret("s".into())),
        ] {
            assert!(one != other);
            assert_eq!(one.fingerprint(), other.fingerprint());
        }
    }

    #[test]
    fn a_key_must_fit_into_a_header() {
        let url = Url::parse("https://api-a.example.com/").expect("an address");
        for key in ["", "a b", "a\nb", "kéy", "a\u{7f}"] {
            assert!(Collector::new(url.clone(), key.into()).is_none(), "{key:?}");
        }
    }

    #[test]
    fn a_private_key_is_not_part_of_its_identity() {
        let key = private(P256, None);
        let identity = key.identity().concat();
        for line in P256.lines() {
            assert!(!identity.contains(line), "{identity}");
        }
    }
}
