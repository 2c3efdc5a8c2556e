//! The instance's parameters, from a file or from environment variables. Whether they make sense is checked
//! where XSOAR's are, in `instance.rs`.

use std::{env, fs, path::Path};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Map, Value, json};

/// Reads the parameters of `file`, which looks as `params` in a request does; without a file, the variables.
pub fn read(file: Option<&Path>) -> Result<Map<String, Value>> {
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
