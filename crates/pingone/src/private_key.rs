//! The private key of a worker application: read from PEM as text fields leave it, and its public half as a JWK. Keys are
//! PKCS#8 or PKCS#1; the curve is P-256, the one of ES256.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
    rsa::{self, PublicKeyComponents},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding,
    },
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::secrets::Mask;

/// How an assertion is signed with a private key (RFC 7518, section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA PKCS#1 v1.5 with SHA-256.
    Rs256,
    /// RSA PKCS#1 v1.5 with SHA-384.
    Rs384,
    /// RSA PKCS#1 v1.5 with SHA-512.
    Rs512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// All algorithms, in the order in which they are offered. PingOne certainly supports the RSA ones; ES256 is
    /// documented by the newer workflow pages alone.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Rs384, Self::Rs512, Self::Es256];

    /// The name in a JWT's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Es256 => "ES256",
        }
    }
}

/// Why a text is not a usable private key. No message quotes any of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no PEM block in it.
    #[error(
        "is not a private key in PEM format: paste the whole key file, including its BEGIN and END lines"
    )]
    NotPem,
    /// The key needs a passphrase.
    #[error(
        "is encrypted: paste the key without a passphrase (openssl pkey -in key.pem -out plain.pem)"
    )]
    Encrypted,
    /// It is a public key or a certificate.
    #[error("is not the private half of the key pair: paste the file that has BEGIN PRIVATE KEY")]
    Public,
    /// A format other than PKCS#8 and PKCS#1.
    #[error("is in an unsupported format: convert it to PKCS#8 (openssl pkey -in key.pem)")]
    Format,
    /// It is incomplete, or of an unsupported type or size.
    #[error(
        "cannot be used: it must be complete, and either RSA with 2048 to 4096 bits or EC on the curve P-256"
    )]
    Unusable,
    /// The key is of another type than the algorithm.
    #[error("does not fit the chosen algorithm: {0}")]
    Mismatch(&'static str),
}

/// A signature could not be made: the random number generator of the machine failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigningError;

/// A private key. It has no `Debug`.
pub struct PrivateKey {
    pair: KeyPair,
    thumbprint: String,
}

enum KeyPair {
    Rsa(rsa::KeyPair),
    P256(EcdsaKeyPair),
}

impl PrivateKey {
    /// Reads a key from PEM. Line breaks may be missing, or written as `\n`.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        let Block { label, body } = Block::find(pem).ok_or(KeyError::NotPem)?;
        if label.contains("ENCRYPTED") || body.contains("ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        if label.contains("PUBLIC KEY") || label.contains("CERTIFICATE") {
            return Err(KeyError::Public);
        }
        let decode = || STANDARD.decode(body.as_bytes()).map(Zeroizing::new);
        let pair = match label {
            "PRIVATE KEY" => from_pkcs8(&decode().map_err(|_| KeyError::Unusable)?),
            "RSA PRIVATE KEY" => decode()
                .ok()
                .and_then(|der| rsa::KeyPair::from_der(&der).ok())
                .map(KeyPair::Rsa),
            _ => return Err(KeyError::Format),
        };
        let pair = pair.ok_or(KeyError::Unusable)?;
        let thumbprint = pair.public().thumbprint();
        Ok(Self { pair, thumbprint })
    }

    /// Generates a key on P-256, as PKCS#8 in PEM. RSA keys have to come from elsewhere: ring does not generate them.
    pub fn generate_pem() -> Result<Zeroizing<String>, SigningError> {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .map_err(|_| SigningError)?;
        let body = Zeroizing::new(STANDARD.encode(pkcs8.as_ref()));
        let lines: Vec<&str> = chunks(&body).collect();
        Ok(Zeroizing::new(format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        )))
    }

    /// Checks that the key is of the algorithm's type.
    pub fn check(&self, algorithm: Algorithm) -> Result<(), KeyError> {
        match (&self.pair, algorithm) {
            (KeyPair::Rsa(_), Algorithm::Es256) => Err(KeyError::Mismatch(
                "RSA keys sign with RS256, RS384 or RS512",
            )),
            (KeyPair::P256(_), Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512) => {
                Err(KeyError::Mismatch("EC keys sign with ES256"))
            }
            _ => Ok(()),
        }
    }

    /// The key's SHA-256 thumbprint, which reveals nothing of the private half (RFC 7638).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The public half as a JWK with this `kid`.
    pub fn public_jwk(&self, key_id: &str) -> Value {
        self.pair.public().jwk(key_id)
    }

    /// Signs `message`. The algorithm must fit the key.
    pub(crate) fn sign(
        &self,
        algorithm: Algorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, SigningError> {
        let random = SystemRandom::new();
        let encoding = match algorithm {
            Algorithm::Rs256 => &RSA_PKCS1_SHA256,
            Algorithm::Rs384 => &RSA_PKCS1_SHA384,
            Algorithm::Rs512 => &RSA_PKCS1_SHA512,
            Algorithm::Es256 => return self.sign_p256(message, &random),
        };
        self.sign_rsa(encoding, message, &random)
    }

    fn sign_rsa(
        &self,
        encoding: &'static dyn RsaEncoding,
        message: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, SigningError> {
        let KeyPair::Rsa(pair) = &self.pair else {
            return Err(SigningError);
        };
        let mut signature = vec![0; pair.public().modulus_len()];
        pair.sign(encoding, random, message, &mut signature)
            .map_err(|_| SigningError)?;
        Ok(signature)
    }

    fn sign_p256(
        &self,
        message: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, SigningError> {
        let KeyPair::P256(pair) = &self.pair else {
            return Err(SigningError);
        };
        let signature = pair.sign(random, message).map_err(|_| SigningError)?;
        Ok(signature.as_ref().to_vec())
    }
}

fn from_pkcs8(der: &[u8]) -> Option<KeyPair> {
    if let Ok(pair) = rsa::KeyPair::from_pkcs8(der) {
        return Some(KeyPair::Rsa(pair));
    }
    let random = SystemRandom::new();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random)
        .ok()
        .map(KeyPair::P256)
}

/// The public half of a key, as base64url members of a JWK (RFC 7518, section 6).
enum PublicKey {
    Rsa { n: String, e: String },
    P256 { x: String, y: String },
}

impl KeyPair {
    fn public(&self) -> PublicKey {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Rsa(pair) => {
                let components: PublicKeyComponents<Vec<u8>> = pair.public().into();
                PublicKey::Rsa {
                    n: encode(&components.n),
                    e: encode(&components.e),
                }
            }
            Self::P256(pair) => {
                // An uncompressed point: 4, then x and y.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                PublicKey::P256 {
                    x: encode(x),
                    y: encode(y),
                }
            }
        }
    }
}

impl PublicKey {
    fn jwk(&self, key_id: &str) -> Value {
        match self {
            // Without `alg`: the key signs with RS256, RS384 and RS512 alike.
            Self::Rsa { n, e } => {
                json!({"kty": "RSA", "use": "sig", "kid": key_id, "n": n, "e": e})
            }
            Self::P256 { x, y } => {
                json!({"kty": "EC", "use": "sig", "alg": "ES256", "kid": key_id, "crv": "P-256", "x": x, "y": y})
            }
        }
    }

    /// The digest of the required members alone, in alphabetical order and without white space (RFC 7638, section 3).
    fn thumbprint(&self) -> String {
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Self::P256 { x, y } => {
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
        };
        URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }
}

/// What stands between the BEGIN and END lines of a PEM block.
struct Block<'a> {
    label: &'a str,
    /// Without white space and escaped line breaks.
    body: Zeroizing<String>,
}

impl<'a> Block<'a> {
    fn find(pem: &'a str) -> Option<Self> {
        let (_, rest) = pem.split_once("-----BEGIN ")?;
        let (label, rest) = rest.split_once("-----")?;
        let (body, _) = rest.split_once("-----END ")?;
        let mut compact = Zeroizing::new(String::with_capacity(body.len()));
        pieces(body).for_each(|piece| compact.push_str(piece));
        Some(Self {
            label: label.trim(),
            body: compact,
        })
    }
}

/// The pieces of a text between white space and escaped line breaks, which may be escaped more than once: `\\n`.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split('\\').enumerate().flat_map(|(number, part)| {
        // After a backslash comes the letter of the escape, or another backslash.
        let rest = if number == 0 {
            part
        } else {
            part.strip_prefix(['n', 'r', 't']).unwrap_or(part)
        };
        rest.split_whitespace()
    })
}

/// The length of a line in PEM (RFC 7468, section 2).
const LINE: usize = 64;
/// Shorter parts of a key are not masked by themselves.
const MIN_MASKED: usize = 16;

fn chunks(text: &str) -> impl Iterator<Item = &str> {
    (0..text.len())
        .step_by(LINE)
        .filter_map(move |start| text.get(start..text.len().min(start + LINE)))
}

/// Masks a private key, however its lines are broken, even if it cannot be used.
pub fn hide(pem: &str, mask: &mut Mask) {
    mask.add(pem.trim());
    let body = Block::find(pem).map(|block| block.body);
    let body = body.as_ref().map_or(pem, |body| body.as_str());
    let compact = Zeroizing::new(pieces(body).collect::<String>());
    mask.add(&compact);
    // Its own lines, and those of the usual length.
    for line in pieces(body).chain(chunks(&compact)) {
        if line.len() >= MIN_MASKED {
            mask.add(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;
    use crate::escapes::to_hex;

    /// The example key of RFC 7515, appendix A.2.
    const RSA_PKCS8: &str = include_str!("../test_keys/rfc7515-a2.pkcs8.pem");
    const RSA_PKCS1: &str = include_str!("../test_keys/rfc7515-a2.pkcs1.pem");
    /// The example key of RFC 7515, appendix A.3.
    const P256: &str = include_str!("../test_keys/rfc7515-a3.pkcs8.pem");

    fn key(pem: &str) -> PrivateKey {
        PrivateKey::from_pem(pem)
            .map_err(|error| error.to_string())
            .expect("a key")
    }

    fn error(pem: &str) -> KeyError {
        PrivateKey::from_pem(pem).err().expect("no key")
    }

    /// Whether the signature is one of the key, by its public half.
    fn verify_p256(key: &PrivateKey, message: &[u8], signature: &[u8]) -> bool {
        let KeyPair::P256(pair) = &key.pair else {
            return false;
        };
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key())
            .verify(message, signature)
            .is_ok()
    }

    #[test]
    fn rs256_signs_as_the_rfc_does() {
        let message = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        for pem in [RSA_PKCS8, RSA_PKCS1] {
            let signed = key(pem).sign(Algorithm::Rs256, message.as_bytes());
            assert_eq!(
                signed.map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).as_deref(),
                Ok(signature)
            );
        }
    }

    /// SHA-256 digests of what `openssl dgst -sha384 -sign` and `-sha512` give.
    #[test]
    fn rs384_and_rs512_sign_as_openssl_does() {
        for (algorithm, expected) in [
            (
                Algorithm::Rs384,
                "a56018a30c1b516647ed6ae64c460cf0ade825fe5cc307201e10ba95e9212fd0",
            ),
            (
                Algorithm::Rs512,
                "9c029e6e9ff47a26a04641953cd82ef4dde8c677291d624b8660c63c2466246e",
            ),
        ] {
            let signature = key(RSA_PKCS8)
                .sign(algorithm, b"message")
                .expect("a signature");
            let digest = digest(&SHA256, &signature);
            assert_eq!(to_hex(digest.as_ref()), expected);
        }
    }

    #[test]
    fn es256_signatures_verify_and_keys_round_trip() {
        for pem in [P256, &PrivateKey::generate_pem().expect("a new key")] {
            let key = key(pem);
            let signature = key.sign(Algorithm::Es256, b"message").expect("a signature");
            assert_eq!(signature.len(), 64);
            assert!(verify_p256(&key, b"message", &signature));
            assert!(!verify_p256(&key, b"another", &signature));
        }
    }

    #[test]
    fn public_keys_are_those_of_the_rfc() {
        assert_eq!(
            key(P256).public_jwk("soc"),
            json!({
                "kty": "EC", "use": "sig", "alg": "ES256", "kid": "soc", "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            })
        );
        let rsa = key(RSA_PKCS1).public_jwk("soc");
        assert_eq!(rsa["e"], "AQAB");
        assert!(
            rsa["n"]
                .as_str()
                .is_some_and(|n| n.starts_with("ofgWCuLjybRlzo0tZWJj"))
        );
        assert_eq!(rsa.get("d"), None);
    }

    #[test]
    fn thumbprints_are_those_of_rfc_7638() {
        let example = PublicKey::Rsa {
            n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw".to_owned(),
            e: "AQAB".to_owned(),
        };
        assert_eq!(
            example.thumbprint(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
        let thumbprints = [P256, RSA_PKCS1, RSA_PKCS8].map(|pem| key(pem).thumbprint().to_owned());
        assert!(thumbprints[0] != thumbprints[1] && thumbprints[1] == thumbprints[2]);
    }

    #[test]
    fn line_breaks_may_be_lost_or_escaped() {
        for pem in [P256, RSA_PKCS1] {
            let thumbprint = key(pem).thumbprint;
            for breaks in ["", " ", "\r\n", "\\n", "\\r\\n", "\\\\n", "\n\n \t"] {
                let mangled = format!("  {}  ", pem.trim().replace('\n', breaks));
                assert_eq!(key(&mangled).thumbprint, thumbprint, "{breaks:?}");
            }
        }
    }

    #[test]
    fn what_is_not_a_usable_key_is_an_error_that_says_why() {
        let labeled = |label: &str| P256.replace("PRIVATE KEY", label);
        let body: String = P256.lines().filter(|line| !line.starts_with('-')).collect();
        for (pem, expected) in [
            (String::new(), KeyError::NotPem),
            ("hunter22".to_owned(), KeyError::NotPem),
            (body, KeyError::NotPem),
            (P256.replace("-----END PRIVATE KEY-----", ""), KeyError::NotPem),
            (labeled("ENCRYPTED PRIVATE KEY"), KeyError::Encrypted),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----".to_owned(),
                KeyError::Encrypted,
            ),
            (labeled("PUBLIC KEY"), KeyError::Public),
            (labeled("CERTIFICATE"), KeyError::Public),
            (labeled("EC PRIVATE KEY"), KeyError::Format),
            (labeled("OPENSSH PRIVATE KEY"), KeyError::Format),
            (labeled("RSA PRIVATE KEY"), KeyError::Unusable),
            (P256.replace('M', "!"), KeyError::Unusable),
            (P256.replace("MIGH", "MIGI"), KeyError::Unusable),
        ] {
            assert_eq!(error(&pem), expected, "{pem}");
        }
        assert!(key(P256).check(Algorithm::Rs256).is_err());
        assert!(key(RSA_PKCS8).check(Algorithm::Es256).is_err());
        assert_eq!(key(P256).check(Algorithm::Es256), Ok(()));
    }

    #[test]
    fn a_key_is_masked_however_its_lines_are_broken() {
        for pem in [P256, RSA_PKCS8] {
            for given in ["\n", " ", "\\n", ""] {
                let mut mask = Mask::default();
                hide(&pem.replace('\n', given), &mut mask);
                let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
                let echoes = ["\n", "", " ", "\\n", "\r\n"].map(|breaks| pem.replace('\n', breaks));
                for echo in echoes
                    .into_iter()
                    .chain([body.clone(), STANDARD.encode(&body)])
                {
                    let masked = mask.text(&echo);
                    let windows = body.as_bytes().windows(20);
                    for window in windows {
                        let part = std::str::from_utf8(window).expect("base64");
                        assert!(!masked.contains(part), "{given:?}: {masked}");
                    }
                }
            }
        }
        let mut mask = Mask::default();
        hide("hunter22", &mut mask);
        assert_eq!(mask.text("a hunter22"), "a <XX_REPLACED>");
    }
}
