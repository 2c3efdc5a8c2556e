//! The integration tests, as one executable: what the crate shows to the outside, held against the documents.
//! Pure code is tested beside itself in `src`.

mod program;
mod requests;
#[path = "../common/server.rs"]
#[expect(dead_code, reason = "the fault tests use all of it")]
mod server;
#[path = "../common/temporary.rs"]
mod temporary;

mod http_server;
mod imports;

mod ahead;
mod architecture;
mod docs;
mod feed;
mod manifest;
mod panics;
mod platform;
mod process;
mod replay;
mod serve;
mod sources;
