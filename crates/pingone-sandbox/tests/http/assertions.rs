//! Client assertions: which JWTs the token endpoint accepts.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use pingone_sandbox::seed::{Application, TokenAuthMethod};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512,
};
use serde_json::{Map, Value, json};

use crate::client::{Client, ENVIRONMENT};

const SECRET: &str = "a-secret-of-the-tests";

/// Signs what the first two parts of a JWT are.
type Signer<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

fn jwt(header: &Value, claims: &Value, sign: Signer<'_>) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = [encode(header), encode(claims)].join(".");
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    [signed, signature].join(".")
}

fn with_secret(message: &[u8]) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hmac::sign(&key, message).as_ref().to_vec()
}

/// A sandbox whose first application uses `method` and has these public keys.
async fn sandbox(method: TokenAuthMethod, keys: Value) -> Client {
    let client = Client::with(|seed| {
        let application = Application {
            id: APPLICATION.to_owned(),
            secret: SECRET.to_owned(),
            token_auth_method: method,
            details: Map::from_iter([(
                "jwks".to_owned(),
                json!({"keys": keys}).to_string().into(),
            )]),
            ..seed.applications[0].clone()
        };
        seed.applications.push(application);
    });
    client.await
}

const APPLICATION: &str = "7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1aff";

/// The claims of a valid assertion.
fn claims(client: &Client) -> Value {
    let now = seconds_now();
    json!({
        "iss": APPLICATION, "sub": APPLICATION, "iat": now, "exp": now + 300, "jti": "x",
        "aud": format!("{}/{ENVIRONMENT}/as/token", client.sandbox.url()),
    })
}

fn seconds_now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("a time after 1970").as_secs()
}

async fn status(client: &Client, assertion: &str) -> u16 {
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let form = format!(
        "grant_type=client_credentials&client_assertion_type={kind}&client_assertion={assertion}"
    );
    client.token_by_form(&form).await.status
}

#[tokio::test]
async fn a_secret_signs_assertions() {
    let client = sandbox(TokenAuthMethod::SecretJwt, json!([])).await;
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let signed = jwt(&header, &claims(&client), &with_secret);
    assert_eq!(status(&client, &signed).await, 200);
    let forged = jwt(&header, &claims(&client), &|_| vec![0; 32]);
    assert_eq!(status(&client, &forged).await, 401);
    let unsigned = jwt(&json!({"alg": "none"}), &claims(&client), &|_| Vec::new());
    assert_eq!(status(&client, &unsigned).await, 401);
}

#[tokio::test]
async fn private_keys_sign_assertions() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let ec = EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        pkcs8.expect("a key").as_ref(),
        &random,
    )
    .expect("a key");
    let (x, y) = ec.public_key().as_ref()[1..].split_at(32);
    // The example key of RFC 7515, appendix A.2.
    let pem = include_str!("../../../pingone/test_keys/rfc7515-a2.pkcs8.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let rsa = rsa::KeyPair::from_pkcs8(&STANDARD.decode(body).expect("base64")).expect("a key");
    let public: rsa::PublicKeyComponents<Vec<u8>> = rsa.public().into();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let keys = json!([
        {"kty": "EC", "crv": "P-256", "kid": "ec", "x": encode(x), "y": encode(y)},
        {"kty": "RSA", "kid": "rsa", "n": encode(&public.n), "e": encode(&public.e)},
    ]);
    let client = sandbox(TokenAuthMethod::PrivateKeyJwt, keys).await;

    let es256 = |message: &[u8]| {
        let signature = ec.sign(&random, message).expect("a signature");
        signature.as_ref().to_vec()
    };
    let by_rsa = |encoding, message: &[u8]| {
        let mut signature = vec![0; rsa.public().modulus_len()];
        rsa.sign(encoding, &random, message, &mut signature)
            .expect("a signature");
        signature
    };
    let rs256 = |message: &[u8]| by_rsa(&RSA_PKCS1_SHA256, message);
    let rs512 = |message: &[u8]| by_rsa(&RSA_PKCS1_SHA512, message);
    let cases: [(Value, Signer<'_>, u16); 9] = [
        (json!({"alg": "ES256"}), &es256, 200),
        (json!({"alg": "ES256", "kid": "ec"}), &es256, 200),
        (json!({"alg": "RS256", "kid": "rsa"}), &rs256, 200),
        (json!({"alg": "RS512"}), &rs512, 200),
        (json!({"alg": "ES256", "kid": "rsa"}), &es256, 401),
        (json!({"alg": "ES256", "kid": "another"}), &es256, 401),
        (json!({"alg": "RS512"}), &rs256, 401),
        (json!({"alg": "none"}), &|_| Vec::new(), 401),
        // The public key is no shared secret.
        (json!({"alg": "HS256"}), &with_secret, 401),
    ];
    for (header, sign, expected) in cases {
        let signed = jwt(&header, &claims(&client), sign);
        assert_eq!(status(&client, &signed).await, expected, "{header}");
    }
}

#[tokio::test]
async fn claims_are_checked() {
    let client = sandbox(TokenAuthMethod::SecretJwt, json!([])).await;
    let url = client.sandbox.url();
    let now = seconds_now();
    for (claim, value, expected) in [
        ("aud", json!(format!("{url}/{ENVIRONMENT}/as")), 200),
        (
            "aud",
            json!([format!("{url}/{ENVIRONMENT}/as/token"), "x"]),
            200,
        ),
        ("jti", json!(null), 200),
        ("iat", json!(null), 200),
        ("nbf", json!(now - 60), 200),
        ("aud", json!("https://auth.pingone.eu/as/token"), 401),
        ("aud", json!(null), 401),
        ("exp", json!(now - 1), 401),
        ("exp", json!(now + 2 * 3600), 401),
        ("exp", json!(null), 401),
        ("nbf", json!(now + 60), 401),
        ("iss", json!("somebody else"), 401),
        ("sub", json!("somebody else"), 401),
    ] {
        let mut claims = claims(&client);
        claims[claim] = value;
        let signed = jwt(&json!({"alg": "HS256"}), &claims, &with_secret);
        assert_eq!(status(&client, &signed).await, expected, "{claims}");
    }
}

#[tokio::test]
async fn other_methods_are_refused_where_assertions_are_set() {
    let client = sandbox(TokenAuthMethod::SecretJwt, json!([])).await;
    let unsupported = "Request denied: Unsupported authentication method";
    let basic = client.token_by_basic(APPLICATION, SECRET).await;
    assert_eq!(basic.status, 401);
    assert!(basic.text.contains(unsupported), "{}", basic.text);
    let another = client.sandbox.params();
    let mut claims = claims(&client);
    claims["iss"] = another["credentials"]["identifier"].clone();
    claims["sub"] = claims["iss"].clone();
    let signed = jwt(&json!({"alg": "HS256"}), &claims, &with_secret);
    assert_eq!(status(&client, &signed).await, 401, "that one uses Basic");
}
