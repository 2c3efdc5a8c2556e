//! Client assertions: the JWTs of clients that authenticate by `CLIENT_SECRET_JWT` or `PRIVATE_KEY_JWT`.
//!
//! Page: `developer.pingidentity.com/pingone-api/auth/auth-config-options/create-a-private-key-jwt.html`. PingOne checks
//! the signature, `iss`, `sub`, `aud`, `exp` and `nbf`, and ignores the other claims.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::hmac;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
};
use serde_json::Value;

use crate::model::application::Application;
use crate::model::seed::TokenAuthMethod;

/// The only `client_assertion_type`.
pub(super) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// `exp` may be at most this many seconds ahead.
const MAX_LIFETIME: i64 = 3600;

/// An assertion that can be parsed, but is not verified.
pub(super) struct Assertion<'a> {
    header: Value,
    claims: Value,
    /// What the signature covers.
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    pub(super) fn parse(token: &'a str) -> Option<Self> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let json = |part| serde_json::from_slice(&decode(part)?).ok();
        Some(Self {
            header: json(header)?,
            claims: json(claims)?,
            signed,
            signature: decode(signature)?,
        })
    }

    /// The client that it claims to come from.
    pub(super) fn client_id(&self) -> Option<&str> {
        self.claims["sub"].as_str()
    }

    fn algorithm(&self) -> &str {
        self.header["alg"].as_str().unwrap_or_default()
    }

    /// The method that its algorithm belongs to.
    pub(super) fn method(&self) -> TokenAuthMethod {
        if self.algorithm().starts_with("HS") {
            TokenAuthMethod::SecretJwt
        } else {
            TokenAuthMethod::PrivateKeyJwt
        }
    }

    /// Whether the application signed it for one of `audiences` and it is valid at that time.
    pub(super) fn is_valid(
        &self,
        application: &mut Application,
        audiences: &[String],
        at: Timestamp,
    ) -> bool {
        let claims = &self.claims;
        let is_own = |claim: &str| claims[claim].as_str() == Some(&application.id);
        let is_audience = |value: &Value| {
            value
                .as_str()
                .is_some_and(|value| audiences.iter().any(|audience| audience == value))
        };
        let for_us = match &claims["aud"] {
            Value::Array(values) => values.iter().any(is_audience),
            value => is_audience(value),
        };
        let now = at.as_second();
        let in_time = claims["exp"]
            .as_i64()
            .is_some_and(|end| end > now && end <= now + MAX_LIFETIME);
        let has_begun = claims["nbf"].is_null() || claims["nbf"].as_i64() <= Some(now);
        is_own("iss")
            && is_own("sub")
            && for_us
            && in_time
            && has_begun
            && match application.token_auth_method {
                TokenAuthMethod::SecretJwt => {
                    application.accepts(|secret| self.is_signed_with(secret), at)
                }
                TokenAuthMethod::PrivateKeyJwt => self.is_signed_by_a_key_of(application),
                TokenAuthMethod::Basic | TokenAuthMethod::Post => false,
            }
    }

    fn is_signed_with(&self, secret: &str) -> bool {
        let algorithm = match self.algorithm() {
            "HS256" => hmac::HMAC_SHA256,
            "HS384" => hmac::HMAC_SHA384,
            "HS512" => hmac::HMAC_SHA512,
            _ => return false,
        };
        let key = hmac::Key::new(algorithm, secret.as_bytes());
        hmac::verify(&key, self.signed.as_bytes(), &self.signature).is_ok()
    }

    /// Tries the key that `kid` names, or every key without it. Whether PingOne needs a `kid` is UNCONFIRMED.
    fn is_signed_by_a_key_of(&self, application: &Application) -> bool {
        // PingOne's `jwks` is a string of JSON.
        let jwks = application.details.get("jwks").and_then(Value::as_str);
        let jwks: Value = serde_json::from_str(jwks.unwrap_or_default()).unwrap_or_default();
        let keys = jwks["keys"].as_array().into_iter().flatten();
        keys.filter(|key| self.header["kid"].is_null() || self.header["kid"] == key["kid"])
            .any(|key| self.verifies_with(key).is_some())
    }

    fn verifies_with(&self, jwk: &Value) -> Option<()> {
        let message = self.signed.as_bytes();
        let member = |name: &str| decode(jwk[name].as_str()?);
        let verified = match (jwk["kty"].as_str()?, self.algorithm()) {
            ("EC", "ES256") => {
                let point = [vec![4], member("x")?, member("y")?].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(message, &self.signature)
            }
            ("RSA", algorithm) => {
                let parameters = match algorithm {
                    "RS256" => &RSA_PKCS1_2048_8192_SHA256,
                    "RS384" => &RSA_PKCS1_2048_8192_SHA384,
                    "RS512" => &RSA_PKCS1_2048_8192_SHA512,
                    _ => return None,
                };
                let key = PublicKeyComponents {
                    n: member("n")?,
                    e: member("e")?,
                };
                key.verify(parameters, message, &self.signature)
            }
            _ => return None,
        };
        verified.ok()
    }
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}
