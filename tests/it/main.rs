//! The integration tests, as one executable: what the crate shows to the outside, held against the documents.
//! Pure code is tested beside itself in `src`.

mod program;
mod requests;
mod temporary;

mod http_server;
mod imports;

mod ahead;
mod architecture;
mod docs;
mod manifest;
mod process;
mod replay;
mod serve;
