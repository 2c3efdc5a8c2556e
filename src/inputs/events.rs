//! The collector that events are pushed to.

use anyhow::{Context as _, Result};

use crate::invocation::Invocation;
use pingone::Delivery;

/// The way to the instance's collector.
pub fn delivery<'a>(cx: &'a Invocation<'_>) -> Result<Delivery<'a>> {
    cx.pingone.delivery().context(
        "This instance has no HTTP collector. Enter 'HTTP collector URL' and 'HTTP collector key' in its settings.",
    )
}
