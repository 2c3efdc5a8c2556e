//! PingOne integration for Cortex XSOAR.

#[cfg(feature = "sandbox")]
pub mod sandbox;
