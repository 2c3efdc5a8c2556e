//! The credentials of the worker application: client ID, client secret or private key, and how it authenticates; and
//! which of an instance's parameters are secrets.

use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};

use crate::{
    manifest,
    parameters::{Parameters, missing, text},
};
use pingone::{
    assertion::AssertionKey,
    private_key::{self, Algorithm, PrivateKey},
    secrets::Mask,
    settings::Credentials,
    token,
};

const METHOD: &str = "client_authentication";
const PRIVATE_KEY: &str = "private_key";
/// The key of the collector that events are sent to.
pub(crate) const COLLECTOR_KEY: &str = "xsiam_key";

/// How the worker application authenticates, as set in PingOne.
/// <https://docs.pingidentity.com/pingone/applications/p1_token_endpoint_authentication_methods.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// With the client secret, in the header or in the form.
    Automatic,
    /// With a JWT signed with the client secret.
    SecretJwt,
    /// With a JWT signed with a private key.
    PrivateKeyJwt(Algorithm),
}

impl Method {
    const ALL: [Self; 6] = [
        Self::Automatic,
        Self::SecretJwt,
        Self::PrivateKeyJwt(Algorithm::Rs256),
        Self::PrivateKeyJwt(Algorithm::Rs384),
        Self::PrivateKeyJwt(Algorithm::Rs512),
        Self::PrivateKeyJwt(Algorithm::Es256),
    ];

    /// The option of the instance parameter.
    fn option(self) -> String {
        match self {
            Self::Automatic => "Automatic".to_owned(),
            Self::SecretJwt => "Client secret JWT (HS256)".to_owned(),
            Self::PrivateKeyJwt(algorithm) => format!("Private key JWT ({})", algorithm.name()),
        }
    }

    fn read(params: Parameters<'_>) -> Result<Self> {
        let chosen = params.choice(METHOD)?;
        let mut methods = Self::ALL.into_iter();
        let found = methods.find(|method| method.option().eq_ignore_ascii_case(&chosen));
        found.ok_or_else(|| {
            anyhow!(
                "{} is '{chosen}': choose one of {}.",
                Parameters::label(METHOD),
                Self::ALL.map(Self::option).join(", ")
            )
        })
    }
}

/// The worker application: its client ID and its credentials.
pub(crate) fn read(params: Parameters<'_>) -> Result<(String, Credentials)> {
    let given = Given::of(params);
    let (id_label, secret_label) = labels();
    let client_id = given
        .client_id
        .ok_or_else(|| missing(&format!("{id_label} (credentials.identifier)")))?;
    let secret = given
        .secret
        .ok_or_else(|| missing(&format!("{secret_label} (credentials.password)")));
    let credentials = match Method::read(params)? {
        Method::Automatic if secret.is_err() && given.private_key.is_some() => bail!(
            "{} is Automatic, which needs the Client Secret: choose the method that is set for the application in PingOne, such as '{}'.",
            Parameters::label(METHOD),
            Method::PrivateKeyJwt(Algorithm::Rs256).option()
        ),
        Method::Automatic => Credentials::Secret(secret?.into()),
        Method::SecretJwt => Credentials::Assertion(AssertionKey::Secret(secret?.into())),
        Method::PrivateKeyJwt(algorithm) => {
            let label = Parameters::label(PRIVATE_KEY);
            let pem = given.private_key.ok_or_else(|| missing(&label))?;
            let invalid = |error| anyhow!("{label} {error}.");
            let key = PrivateKey::from_pem(&pem).map_err(invalid)?;
            key.check(algorithm).map_err(invalid)?;
            Credentials::Assertion(AssertionKey::Private {
                key: Arc::new(key),
                algorithm,
                key_id: params.text("key_id"),
            })
        }
    };
    Ok((client_id, credentials))
}

/// How errors name the two fields of the credentials.
fn labels() -> (String, String) {
    let (id, secret) = manifest::parameter("credentials").map_or(("", ""), |parameter| {
        let secret = parameter.display_password.unwrap_or_default();
        (parameter.display, secret)
    });
    let label = |display: &str| format!("The instance parameter '{display}'");
    (label(id), label(secret))
}

/// Masks the secrets of an instance, whose parameters may be invalid.
pub(crate) fn mask(params: &Map<String, Value>) -> Mask {
    let params = Parameters(params);
    let mut mask = Mask::default();
    let Given {
        client_id,
        secret,
        private_key,
        collector_key,
    } = Given::of(params);
    if let Some(secret) = secret {
        let id = client_id.unwrap_or_default();
        mask.add(&secret);
        // In the encoding we send, and in the one that other clients use.
        mask.add(token::client_basic(&id, &secret).expose_secret());
        mask.add(token::basic(&id, &secret).expose_secret());
    }
    if let Some(pem) = private_key {
        private_key::hide(&pem, &mut mask);
    }
    if let Some(key) = collector_key {
        mask.add(&key);
    }
    for name in ["credentials", PRIVATE_KEY, COLLECTOR_KEY] {
        for secret in stored_secrets(params.value(name)) {
            if secret.contains("-----BEGIN ") {
                private_key::hide(&secret, &mut mask);
            }
            mask.add(&secret);
        }
    }
    mask
}

/// The private key, even an invalid one.
#[cfg(feature = "cli")]
pub(crate) fn private_key(params: &Map<String, Value>) -> Option<String> {
    Given::of(Parameters(params)).private_key
}

/// The key of the collector.
pub(crate) fn collector_key(params: Parameters<'_>) -> Option<String> {
    Given::of(params).collector_key
}

/// Whether the parameters are valid and name a private key.
#[cfg(feature = "cli")]
pub(crate) fn uses_private_key(params: &Map<String, Value>) -> bool {
    let read = read(Parameters(params));
    matches!(
        read,
        Ok((_, Credentials::Assertion(AssertionKey::Private { .. })))
    )
}

/// Everything that the credential store may send along with a credential.
fn stored_secrets(value: &Value) -> impl Iterator<Item = String> {
    let stored = value.get("credentials");
    ["password", "sshkey", "certificate", "vaultInstanceId"]
        .into_iter()
        .filter_map(move |name| stored?.get(name).and_then(text))
}

/// The parameters as they are.
struct Given {
    client_id: Option<String>,
    secret: Option<String>,
    private_key: Option<String>,
    collector_key: Option<String>,
}

impl Given {
    /// Reads credentials parameters: `identifier` and `password`, or, where a stored credential was chosen, also
    /// `credentials` with `user`, `password` and `sshkey`.
    fn of(params: Parameters<'_>) -> Self {
        let part = |name: &str, own: &str, stored: &[&str]| {
            let value = params.value(name);
            let mut stored = stored.iter();
            value.get(own).and_then(text).or_else(|| {
                stored.find_map(|stored| value.get("credentials")?.get(stored).and_then(text))
            })
        };
        Self {
            client_id: part("credentials", "identifier", &["user"]),
            secret: part("credentials", "password", &["password"]),
            private_key: part(PRIVATE_KEY, "password", &["password", "sshkey"])
                .or_else(|| params.text(PRIVATE_KEY)),
            collector_key: part(COLLECTOR_KEY, "password", &["password"])
                .or_else(|| params.text(COLLECTOR_KEY)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example key of RFC 7515, appendix A.3.
    const P256: &str = include_str!("../crates/pingone/test_keys/rfc7515-a3.pkcs8.pem");
    /// The example key of RFC 7515, appendix A.2.
    const RSA: &str = include_str!("../crates/pingone/test_keys/rfc7515-a2.pkcs1.pem");

    const ES256: &str = "Private key JWT (ES256)";
    const RS512: &str = "Private key JWT (RS512)";

    fn read_params(params: &Value) -> Result<(String, Credentials)> {
        read(Parameters(params.as_object().expect("an object")))
    }

    fn error(params: &Value) -> String {
        let read = read_params(params);
        read.err()
            .unwrap_or_else(|| panic!("accepted: {params}"))
            .to_string()
    }

    fn with_key(method: &str, key: &Value) -> Value {
        json!({"credentials": {"identifier": "client"}, "client_authentication": method, "private_key": key})
    }

    #[test]
    fn the_options_are_those_of_the_manifest() {
        let options = manifest::parameter(METHOD).map(|parameter| parameter.options.to_vec());
        let ours = Method::ALL.map(Method::option);
        assert_eq!(options.unwrap_or_default(), ours);
    }

    #[test]
    fn a_secret_is_used_unless_another_method_is_chosen() {
        let secret = json!({"credentials": {"identifier": "client", "password": "hunter22"}});
        for method in [
            json!(null),
            json!(""),
            json!("Automatic"),
            json!("automatic"),
        ] {
            let mut params = secret.clone();
            params["client_authentication"] = method;
            let (client_id, credentials) = read_params(&params).expect("credentials");
            assert_eq!(client_id, "client");
            assert!(
                matches!(credentials, Credentials::Secret(secret) if secret.expose_secret() == "hunter22")
            );
        }
        let mut params = secret;
        params["client_authentication"] = json!("Client secret JWT (HS256)");
        let (_, credentials) = read_params(&params).expect("credentials");
        assert!(matches!(
            credentials,
            Credentials::Assertion(AssertionKey::Secret(_))
        ));
        params["client_authentication"] = json!("RS1");
        assert_eq!(
            error(&params),
            "The instance parameter 'Client authentication' (client_authentication) is 'RS1': choose one of Automatic, Client secret JWT (HS256), Private key JWT (RS256), Private key JWT (RS384), Private key JWT (RS512), Private key JWT (ES256)."
        );
    }

    #[test]
    fn a_private_key_needs_no_secret_and_may_come_from_a_store() {
        for key in [
            json!({"identifier": "", "password": P256}),
            json!({"password": P256.replace('\n', " ")}),
            json!({"credentials": {"user": "x", "password": P256}}),
            json!({"credentials": {"user": "x", "password": "", "sshkey": P256}}),
            json!(P256),
        ] {
            let mut params = with_key(ES256, &key);
            params["key_id"] = json!(" soc ");
            let (_, credentials) = read_params(&params).expect("credentials");
            let Credentials::Assertion(AssertionKey::Private { key_id, .. }) = credentials else {
                panic!("a private key")
            };
            assert_eq!(key_id.as_deref(), Some("soc"));
            let masked = mask(params.as_object().expect("an object")).text(P256);
            assert!(!masked.contains("MIGH"), "{masked}");
        }
        assert!(read_params(&with_key(RS512, &json!({"password": RSA}))).is_ok());
    }

    #[test]
    fn errors_say_what_to_enter_and_never_show_the_key() {
        for (method, key, expected) in [
            (
                ES256,
                json!(null),
                "is missing: enter it in the instance settings.",
            ),
            (
                ES256,
                json!({"password": "hunter22"}),
                "is not a private key in PEM format: paste ",
            ),
            (
                ES256,
                json!({"password": RSA}),
                "does not fit the chosen algorithm: RSA keys sign with ",
            ),
            (
                RS512,
                json!({"password": P256}),
                "does not fit the chosen algorithm: EC keys sign with ",
            ),
            (
                RS512,
                json!({"password": P256.replace("PRIVATE", "PUBLIC")}),
                "is not the private half ",
            ),
        ] {
            let text = error(&with_key(method, &key));
            let start = format!("The instance parameter 'Private Key' (private_key) {expected}");
            assert!(text.starts_with(&start), "{text}");
            assert!(
                !text.contains("hunter22") && !text.contains("MII"),
                "{text}"
            );
        }
        let automatic = error(&with_key("Automatic", &json!({"password": P256})));
        assert!(
            automatic.contains("choose the method that is set"),
            "{automatic}"
        );
    }
}
