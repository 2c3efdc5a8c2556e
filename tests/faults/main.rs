//! What the integration does when the network, PingOne or whatever stands between them misbehaves, shown on
//! servers on loopback. `matrix.rs` has every fault on every command; the others look closer at one matter.
#![expect(clippy::tests_outside_test_module, reason = "the whole crate is tests")]

mod conversation;
mod healthy;
mod scripted;

mod matrix;
