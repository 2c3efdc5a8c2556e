//! The in-memory PingOne of `run --sandbox`, which lasts as long as the run. A build without it, such as a release,
//! says what to do instead.

use anyhow::Result;
use serde_json::{Map, Value};

/// Keeps a sandbox running until it is dropped.
#[cfg(feature = "sandbox")]
pub(super) struct SandboxGuard(
    #[expect(dead_code, reason = "dropping it stops the sandbox")] pingone_sandbox::Sandbox,
);

/// This build has no sandbox.
#[cfg(not(feature = "sandbox"))]
pub(super) struct SandboxGuard;

/// Starts a sandbox with its built-in company, under attack if there is a scenario. Returns the parameters of an
/// instance for it.
#[cfg(feature = "sandbox")]
pub(super) fn start(scenario: Option<&str>) -> Result<(Map<String, Value>, SandboxGuard)> {
    use anyhow::Context as _;

    use pingone_sandbox::{Sandbox, Seed};

    let seed = match scenario {
        Some(name) => Seed::scenario(name)?,
        None => Seed::built_in(),
    };
    let sandbox = Sandbox::start(seed).context("the sandbox did not start")?;
    let params = match sandbox.params() {
        Value::Object(params) => params,
        _ => Map::new(),
    };
    Ok((params, SandboxGuard(sandbox)))
}

#[cfg(not(feature = "sandbox"))]
pub(super) fn start(_scenario: Option<&str>) -> Result<(Map<String, Value>, SandboxGuard)> {
    anyhow::bail!(
        "this executable was built without the sandbox: build it with `cargo build`, whose default features have \
         it, or start `pingone-sandbox` elsewhere and give --params FILE with the parameters that it prints"
    )
}
