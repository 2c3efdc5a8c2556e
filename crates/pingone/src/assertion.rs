//! Client assertions: short-lived JWTs by which the client authenticates to the token endpoint instead of sending a
//! secret (RFC 7523).
//! <https://developer.pingidentity.com/pingone-api/auth/auth-config-options/create-a-private-key-jwt.html>

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use reqwest::Url;
use ring::{
    hmac,
    rand::{SecureRandom as _, SystemRandom},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::private_key::{Algorithm, PrivateKey, SigningError};

/// The value of `client_assertion_type`, percent-encoded.
pub(super) const TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

/// How long an assertion is valid. PingOne refuses more than an hour.
const LIFETIME: Duration = Duration::from_mins(5);

/// What assertions are signed with.
#[derive(Clone)]
pub enum AssertionKey {
    /// The client secret, with HS256: `CLIENT_SECRET_JWT`.
    Secret(SecretString),
    /// A private key, whose public half the application has: `PRIVATE_KEY_JWT`.
    Private {
        /// The key.
        key: Arc<PrivateKey>,
        /// An algorithm that fits the key.
        algorithm: Algorithm,
        /// The `kid` of the application's JWKS. PingOne's samples have one; whether it is needed is UNCONFIRMED.
        key_id: Option<String>,
    },
}

impl AssertionKey {
    /// What distinguishes it from other keys. It does not reveal a private key; the secret is in it.
    pub(super) fn identity(&self) -> Vec<&str> {
        match self {
            Self::Secret(secret) => vec!["client_secret_jwt", secret.expose_secret()],
            Self::Private {
                key,
                algorithm,
                key_id,
            } => vec![
                "private_key_jwt",
                algorithm.name(),
                key_id.as_deref().unwrap_or_default(),
                key.thumbprint(),
            ],
        }
    }

    fn header(&self) -> Value {
        match self {
            Self::Secret(_) => json!({"alg": "HS256", "typ": "JWT"}),
            Self::Private {
                algorithm,
                key_id: None,
                ..
            } => json!({"alg": algorithm.name(), "typ": "JWT"}),
            Self::Private {
                algorithm,
                key_id: Some(key_id),
                ..
            } => json!({"alg": algorithm.name(), "typ": "JWT", "kid": key_id}),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        match self {
            Self::Secret(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
                Ok(hmac::sign(&key, message).as_ref().to_vec())
            }
            Self::Private { key, algorithm, .. } => key.sign(*algorithm, message),
        }
    }
}

/// Makes an assertion for the token endpoint. It has no `nbf`, which PingOne would compare with a clock that may be
/// behind this one.
pub(super) fn sign(
    key: &AssertionKey,
    client_id: &str,
    token_url: &Url,
    now: Timestamp,
) -> Result<SecretString, SigningError> {
    let issued = now.as_second();
    let claims = json!({
        "iss": client_id,
        "sub": client_id,
        "aud": token_url.as_str(),
        "iat": issued,
        "exp": issued.saturating_add_unsigned(LIFETIME.as_secs()),
        "jti": random_id()?,
    });
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let message = [encode(&key.header()), encode(&claims)].join(".");
    let signature = key.sign(message.as_bytes())?;
    Ok([message, URL_SAFE_NO_PAD.encode(signature)]
        .join(".")
        .into())
}

/// A random UUID.
fn random_id() -> Result<String, SigningError> {
    let mut bytes = [0; 16];
    let random = SystemRandom::new();
    random.fill(&mut bytes).map_err(|_| SigningError)?;
    let id = uuid::Builder::from_random_bytes(bytes).into_uuid();
    Ok(id.to_string())
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;
    use crate::escapes::to_hex;

    /// The example key of RFC 7515, appendix A.3.
    const P256: &str = include_str!("../test_keys/rfc7515-a3.pkcs8.pem");

    const TOKEN_URL: &str = "https://auth.pingone.eu/11111111-2222-4333-8444-555555555555/as/token";

    fn private(key_id: Option<&str>) -> AssertionKey {
        let key = PrivateKey::from_pem(P256).map_err(|error| error.to_string());
        AssertionKey::Private {
            key: Arc::new(key.expect("a key")),
            algorithm: Algorithm::Es256,
            key_id: key_id.map(str::to_owned),
        }
    }

    fn signed(key: &AssertionKey) -> String {
        let now = "2026-03-04T10:10:00.750Z".parse().expect("a time");
        let url = Url::parse(TOKEN_URL).expect("an address");
        let assertion = sign(key, "9c", &url, now).expect("an assertion");
        assertion.expose_secret().to_owned()
    }

    fn parts(assertion: &str) -> (Value, Value, Vec<u8>) {
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("base64url");
        let json = |part| serde_json::from_slice(&decode(part)).expect("JSON");
        let parts: Vec<&str> = assertion.split('.').collect();
        let [header, claims, signature] = parts.try_into().expect("three parts");
        (json(header), json(claims), decode(signature))
    }

    /// Case 2 of RFC 4231, section 4.3.
    #[test]
    fn hs256_signs_as_the_rfc_does() {
        let signature = AssertionKey::Secret("Jefe".into())
            .sign(b"what do ya want for nothing?")
            .expect("a signature");
        assert_eq!(
            to_hex(&signature),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn claims_are_those_that_pingone_checks() {
        let (_, mut claims, _) = parts(&signed(&private(None)));
        let id = claims["jti"].take();
        assert_eq!(
            claims,
            json!({
                "iss": "9c", "sub": "9c", "aud": TOKEN_URL,
                "iat": 1_772_619_000, "exp": 1_772_619_300, "jti": null,
            })
        );
        let (_, another, _) = parts(&signed(&private(None)));
        assert!(id.is_string() && another["jti"] != id, "{another}");
    }

    #[test]
    fn the_signature_covers_header_and_claims() {
        let key = private(None);
        let AssertionKey::Private { key: pair, .. } = &key else {
            panic!("a private key")
        };
        let jwk = pair.public_jwk("soc");
        let decode = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap_or_default());
        let [x, y] = ["x", "y"].map(|name| decode(name).expect("base64url"));
        let point = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [vec![4], x, y].concat());
        let assertion = signed(&key);
        let (message, _) = assertion.rsplit_once('.').expect("a signature");
        let (_, _, signature) = parts(&assertion);
        assert!(point.verify(message.as_bytes(), &signature).is_ok());
        let (_, _, another) = parts(&signed(&key));
        assert!(point.verify(message.as_bytes(), &another).is_err());
    }

    #[test]
    fn the_header_has_the_key_id_if_there_is_one() {
        for (key, header) in [
            (private(None), json!({"alg": "ES256", "typ": "JWT"})),
            (
                private(Some("soc-2026")),
                json!({"alg": "ES256", "typ": "JWT", "kid": "soc-2026"}),
            ),
            (
                AssertionKey::Secret("s".into()),
                json!({"alg": "HS256", "typ": "JWT"}),
            ),
        ] {
            assert_eq!(parts(&signed(&key)).0, header);
        }
    }
}
