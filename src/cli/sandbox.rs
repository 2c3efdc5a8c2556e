//! The PingOne in memory that `run --sandbox` uses: started for the run, gone after it. In a build without the
//! sandbox, the one that is shipped, it says what to do instead.

use anyhow::Result;
use serde_json::{Map, Value};

/// Keeps a sandbox running until it is dropped.
#[cfg(feature = "sandbox")]
pub(super) struct Running(
    #[expect(dead_code, reason = "it runs as long as it is kept")] pingone_sandbox::Sandbox,
);

/// There is none.
#[cfg(not(feature = "sandbox"))]
pub(super) struct Running;

/// Starts a sandbox with its built-in company, and gives the parameters of an instance for it.
#[cfg(feature = "sandbox")]
pub(super) fn start() -> Result<(Map<String, Value>, Running)> {
    use anyhow::Context as _;

    use pingone_sandbox::{Sandbox, Seed};

    let sandbox = Sandbox::start(Seed::built_in()).context("the sandbox did not start")?;
    let params = match sandbox.params() {
        Value::Object(params) => params,
        _ => Map::new(),
    };
    Ok((params, Running(sandbox)))
}

#[cfg(not(feature = "sandbox"))]
pub(super) fn start() -> Result<(Map<String, Value>, Running)> {
    anyhow::bail!(
        "this executable was built without the sandbox: build it with `cargo build`, whose default features have \
         it, or start `pingone-sandbox` elsewhere and give --params FILE with the parameters that it prints"
    )
}
