//! PingOne integration for Cortex XSOAR.
