//! Where commands typed at a terminal get their instance parameters: a file, the environment, or a sandbox. Sources are
//! never mixed, so that a secret cannot end up with an environment it does not belong to. `instance.rs` interprets the
//! parameters.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value, json};

use super::sandbox;
use crate::{
    env::{Env, ParameterVariable},
    protocol,
};
use pingone::memory::Bounded;

/// Where the instance's parameters come from.
pub(crate) enum Source {
    /// The environment.
    Environment,
    /// A file.
    File(PathBuf),
    /// A PingOne in memory, calm or in the middle of an attack.
    Sandbox { scenario: Option<String> },
}

impl Source {
    /// The parameters, and the sandbox if one was started; it runs until it is dropped.
    pub(super) fn params(
        &self,
        env: &Env,
    ) -> Result<(Map<String, Value>, Option<sandbox::SandboxGuard>)> {
        match self {
            Self::Environment => Ok((from_environment(env)?, None)),
            Self::File(path) => Ok((from_file(path)?, None)),
            Self::Sandbox { scenario } => {
                let (params, running) = sandbox::start(scenario.as_deref())?;
                Ok((params, Some(running)))
            }
        }
    }
}

/// Reads a file: a JSON object as in a request's `params`, or a whole request.
fn from_file(path: &Path) -> Result<Map<String, Value>> {
    let shown = path.display();
    let text = fs::read(path).with_context(|| format!("cannot read the parameters in {shown}"))?;
    // serde_json's message gives the position and never quotes the text, which contains the secret.
    let Bounded::<{ protocol::MAX_PARAMS_BYTES }>(value) = serde_json::from_slice(&text)
        .with_context(|| format!("the parameters in {shown} are not JSON"))?;
    let Value::Object(mut members) = value else {
        bail!("the parameters in {shown} are not a JSON object");
    };
    match members.remove("params") {
        Some(Value::Object(params)) => Ok(params),
        _ => Ok(members),
    }
}

/// Reads `PINGONE_…`.
fn from_environment(env: &Env) -> Result<Map<String, Value>> {
    use ParameterVariable::{
        ApiUrl, AuthUrl, ClientAuthentication, ClientId, ClientSecret, EnvironmentId, KeyId,
        PrivateKeyFile, Region,
    };
    let key_file = env.parameter(PrivateKeyFile);
    let missing: Vec<&str> = [EnvironmentId, ClientId, ClientSecret]
        .into_iter()
        .filter(|variable| env.parameter(*variable).is_none())
        .filter(|variable| key_file.is_none() || *variable != ClientSecret)
        .map(ParameterVariable::name)
        .collect();
    ensure!(
        missing.is_empty(),
        "no connection: {} not set. Set these variables, use --params FILE with the instance's parameters, or try \
         --sandbox",
        missing.join(", ")
    );
    let mut params = Map::from_iter([(
        "credentials".to_owned(),
        json!({
            "identifier": env.parameter(ClientId),
            "password": env.parameter(ClientSecret),
        }),
    )]);
    for (name, variable) in [
        ("environment_id", EnvironmentId),
        ("region", Region),
        ("client_authentication", ClientAuthentication),
        ("key_id", KeyId),
        ("api_url", ApiUrl),
        ("auth_url", AuthUrl),
    ] {
        if let Some(value) = env.parameter(variable) {
            params.insert(name.to_owned(), Value::from(value));
        }
    }
    if let Some(file) = key_file {
        let key = fs::read_to_string(file)
            .with_context(|| format!("cannot read the private key in {file}"))?;
        params.insert("private_key".to_owned(), json!({"password": key}));
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_variables_become_instance_parameters() {
        let env = Env::from([
            ("PINGONE_ENVIRONMENT_ID", "e"),
            ("PINGONE_CLIENT_ID", "i"),
            ("PINGONE_CLIENT_SECRET", "s"),
            ("PINGONE_REGION", "EU"),
            ("PINGONE_API_URL", " "),
            ("PINGONE_AUTH_URL", "https://sso.example.com/as/token"),
        ]);
        assert_eq!(
            Value::Object(from_environment(&env).expect("all there")),
            json!({
                "credentials": {"identifier": "i", "password": "s"},
                "environment_id": "e",
                "region": "EU",
                "auth_url": "https://sso.example.com/as/token",
            })
        );
    }

    #[test]
    fn missing_variables_are_named() {
        let env = Env::from([("PINGONE_CLIENT_ID", "i")]);
        let error = from_environment(&env)
            .expect_err("two are missing")
            .to_string();
        assert!(
            error.contains("PINGONE_ENVIRONMENT_ID, PINGONE_CLIENT_SECRET not set."),
            "{error}"
        );
    }

    #[test]
    fn a_file_contains_params_or_a_request() {
        let file = std::env::temp_dir().join(format!("pingone-params-{}", std::process::id()));
        for (text, expected) in [
            (r#"{"region": "EU"}"#, Some(json!({"region": "EU"}))),
            (
                r#"{"command": "x", "params": {"region": "EU"}}"#,
                Some(json!({"region": "EU"})),
            ),
            ("[]", None),
            (r#"{"credentials": {"password": "hunter22""#, None),
            (r#"{"read_only": true, "read_only": false}"#, None),
        ] {
            fs::write(&file, text).expect("a temporary file");
            let params = from_file(&file);
            if let Err(error) = &params {
                assert!(!format!("{error:#}").contains("hunter22"), "{error:#}");
            }
            assert_eq!(params.ok().map(Value::Object), expected, "{text}");
        }
        fs::remove_file(&file).expect("the temporary file");
        assert!(from_file(&file).is_err());
    }
}
