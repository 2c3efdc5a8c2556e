//! The instance's parameters, from a file or from environment variables. Whether they make sense is checked
//! where XSOAR's are, in `instance.rs`.

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result, anyhow, ensure};
use serde_json::{Map, Value, json};

/// Reads the parameters of `file`, which looks as `params` in a request does; without a file, the variables.
pub fn read(file: Option<&Path>) -> Result<Map<String, Value>> {
    match file {
        Some(file) => {
            let text = fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            // The parser's own words might show a part of the secret.
            serde_json::from_str(&text).map_err(|error| {
                anyhow!(
                    "{} is not a JSON object with parameters: see line {}, column {}",
                    file.display(),
                    error.line(),
                    error.column()
                )
            })
        }
        None => variables(|name| env::var(name).ok()),
    }
}

fn variables(get: impl Fn(&str) -> Option<String>) -> Result<Map<String, Value>> {
    let credentials = json!({
        "identifier": get("PINGONE_CLIENT_ID"),
        "password": get("PINGONE_CLIENT_SECRET"),
    });
    let mut params = Map::from_iter([("credentials".to_owned(), credentials)]);
    for (parameter, variable) in [
        ("environment_id", "PINGONE_ENVIRONMENT_ID"),
        ("region", "PINGONE_REGION"),
        ("api_url", "PINGONE_API_URL"),
        ("auth_url", "PINGONE_AUTH_URL"),
    ] {
        if let Some(value) = get(variable) {
            params.insert(parameter.to_owned(), value.into());
        }
    }
    ensure!(
        params.contains_key("environment_id"),
        "there are no parameters: give --params FILE, or set PINGONE_ENVIRONMENT_ID, PINGONE_REGION, PINGONE_CLIENT_ID and PINGONE_CLIENT_SECRET"
    );
    Ok(params)
}
