//! The sandbox over real HTTP, tested against PingOne's documentation.
//!
//! Tests are grouped by resource; `client.rs` is the HTTP client they share.

mod accounts;
mod activities;
mod alternatives;
mod applications;
mod assertions;
mod client;
mod collector;
mod control;
mod device_authentications;
mod devices;
mod faults;
mod federation;
mod groups;
mod investigation;
mod passwords;
mod risk;
mod roles;
mod tokens;
mod users;
mod webhooks;
