//! Which certificates HTTPS trusts: those of a file that the environment names, else Mozilla's roots. Of those, only
//! what is needed to check a signature is bundled, so that nothing has to be parsed at start.

use std::{fs, sync::Once};

use anyhow::{Context as _, Result, ensure};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::network_env::{EnvVar, NetworkEnv};

/// Makes ring the provider of all cryptography; reqwest is built without one.
pub(super) fn choose_provider() {
    static PROVIDER: Once = Once::new();
    // It fails only if a provider is installed already.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

/// A configuration that checks certificates.
pub(super) fn verifying(env: &NetworkEnv) -> Result<ClientConfig> {
    choose_provider();
    Ok(ClientConfig::builder()
        .with_root_certificates(roots(env)?)
        .with_no_client_auth())
}

/// An unreadable file is an error: silently falling back would trust certificates that the administrator meant to
/// exclude.
fn roots(env: &NetworkEnv) -> Result<RootCertStore> {
    let Some(EnvVar {
        name: variable,
        value: path,
    }) = &env.certificate_file
    else {
        return Ok(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect());
    };
    let what = || {
        format!(
            "the certificate file {path} that {variable} names cannot be used: correct the variable or the file"
        )
    };
    let pem = fs::read(path).with_context(what)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots
            .add(certificate.with_context(what)?)
            .with_context(what)?;
    }
    ensure!(!roots.is_empty(), "{}; it holds no certificate", what());
    Ok(roots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_certificate_file_is_an_error() {
        let file = |name: &str, path: &str| NetworkEnv {
            certificate_file: Some(EnvVar {
                name: name.to_owned(),
                value: path.to_owned(),
            }),
            ..NetworkEnv::default()
        };
        let missing = file("SSL_CERT_FILE", "/nonexistent/roots.pem");
        let error = format!("{:#}", roots(&missing).expect_err("a missing file"));
        assert!(
            error.contains("/nonexistent/roots.pem") && error.contains("SSL_CERT_FILE"),
            "{error}"
        );
        let empty = file("REQUESTS_CA_BUNDLE", "/dev/null");
        let error = format!("{:#}", roots(&empty).expect_err("an empty file"));
        assert!(error.contains("REQUESTS_CA_BUNDLE"), "{error}");
    }

    #[test]
    fn without_a_file_the_bundled_roots_are_used() {
        let bundled = roots(&NetworkEnv::default()).expect("bundled roots");
        assert!(bundled.len() > 100);
    }
}
