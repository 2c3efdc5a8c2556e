//! Key pairs for worker applications that authenticate by a private key JWT. Nothing is sent.

use std::{fs, io::Write as _, path::Path};

use anyhow::{Context as _, Result, anyhow};
use serde_json::json;
use zeroize::Zeroizing;

use super::{console, private_files};
use pingone::private_key::{PrivateKey, SigningError};

/// Writes a new private key to `file`, which must not exist yet, and returns its public JWKS.
pub(super) fn generate(file: &Path, key_id: Option<&str>) -> Result<String> {
    let pem = PrivateKey::generate_pem()
        .map_err(|SigningError| anyhow!("no random numbers are available for a new key"))?;
    let public = jwks_of(&pem, key_id)?;
    let shown = file.display();
    private_files::create(file)
        .and_then(|mut out| out.write_all(pem.as_bytes()))
        .with_context(|| format!("cannot write the private key to {shown}"))?;
    console::write_stderr(&format!(
        "The private key is in {shown}: paste it into 'Private Key' of the instance, and choose 'Private key JWT \
         (ES256)' under 'Client authentication'.\nThe public key follows: paste it into the application in PingOne \
         (Token Endpoint Authentication Method: Private Key JWT, JWKS).\n"
    ));
    Ok(public)
}

/// The public JWKS of the private key in `file`.
pub(super) fn jwks(file: &Path, key_id: Option<&str>) -> Result<String> {
    let shown = file.display();
    let pem = fs::read_to_string(file).map(Zeroizing::new);
    let pem = pem.with_context(|| format!("cannot read the private key in {shown}"))?;
    jwks_of(&pem, key_id).with_context(|| format!("cannot use the private key in {shown}"))
}

/// A JWKS with one key. Its `kid` is the key's thumbprint unless there is another.
fn jwks_of(pem: &str, key_id: Option<&str>) -> Result<String> {
    let key = PrivateKey::from_pem(pem).map_err(|error| anyhow!("the text {error}"))?;
    let jwk = key.public_jwk(key_id.unwrap_or(key.thumbprint()));
    Ok(format!("{:#}\n", json!({"keys": [jwk]})))
}
