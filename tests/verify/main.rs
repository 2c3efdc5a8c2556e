//! The self-test against the sandbox: what its probes find when PingOne behaves the one way or the other, and
//! what the executable does when it is refused, interrupted or met by errors. Nothing may stay behind.

mod ends;
mod probes;
mod process;
