//! The sandbox over real HTTP, by the facts that are documented of PingOne.
//!
//! Cases are grouped by resource; `client.rs` is the plain HTTP client that they share.

mod accounts;
mod alternatives;
mod client;
mod control;
mod faults;
mod groups;
mod investigation;
mod passwords;
mod tokens;
mod users;
