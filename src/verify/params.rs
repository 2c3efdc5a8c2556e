//! The instance's parameters, from a file or from environment variables. Whether they make sense is checked
//! where XSOAR's are, in `instance.rs`.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::surroundings::{ParameterVariable, Surroundings};

/// Reads the parameters of `file`, which looks as `params` in a request does; without a file, the variables.
pub fn read(file: Option<&Path>, surroundings: &Surroundings) -> Result<Map<String, Value>> {
    match file {
        Some(file) => {
            let shown = file.display();
            let text = fs::read(file).with_context(|| format!("{shown} cannot be read"))?;
            // Read as any value, the parser's message tells the place and never quotes a secret.
            let value: Value =
                serde_json::from_slice(&text).with_context(|| format!("{shown} is not JSON"))?;
            match value {
                Value::Object(params) => Ok(params),
                _ => bail!("{shown} is not a JSON object"),
            }
        }
        None => variables(surroundings),
    }
}

fn variables(surroundings: &Surroundings) -> Result<Map<String, Value>> {
    use ParameterVariable::{ApiUrl, AuthUrl, ClientId, ClientSecret, EnvironmentId, Region};
    let credentials = json!({
        "identifier": surroundings.parameter(ClientId),
        "password": surroundings.parameter(ClientSecret),
    });
    let mut params = Map::from_iter([("credentials".to_owned(), credentials)]);
    for (name, variable) in [
        ("environment_id", EnvironmentId),
        ("region", Region),
        ("api_url", ApiUrl),
        ("auth_url", AuthUrl),
    ] {
        if let Some(value) = surroundings.parameter(variable) {
            params.insert(name.to_owned(), value.into());
        }
    }
    ensure!(
        params.contains_key("environment_id"),
        "which PingOne? Give --params FILE, or set {}, {}, {} and {}",
        EnvironmentId.name(),
        Region.name(),
        ClientId.name(),
        ClientSecret.name()
    );
    Ok(params)
}
