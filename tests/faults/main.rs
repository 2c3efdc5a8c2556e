//! What the integration does when the network, PingOne or whatever stands between them misbehaves, shown on
//! servers on loopback. `matrix.rs` and `several_calls.rs` have every fault on the commands that they know, `examples.rs` on
//! any command; the others look closer at one matter.

mod conversation;
mod healthy;
#[path = "../../benches/whole/process.rs"]
#[expect(dead_code, reason = "the benchmarks use all of it")]
mod measured;
mod process;
#[path = "../common/server.rs"]
#[expect(dead_code, reason = "`tests/it` uses the rest")]
mod server;

mod examples;
mod faults;
mod matrix;
mod several_calls;

mod assertions;
mod canary;
mod collector;
mod create;
mod log;
mod memory;
mod network;
mod passwords;
mod tokens;
