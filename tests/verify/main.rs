//! The self-test against the sandbox: its probes with every behaviour of PingOne, and the executable when it is refused,
//! interrupted or meets errors. Nothing may be left behind.

mod cleanup;
mod probes;
mod process;
