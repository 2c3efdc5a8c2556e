//! PingOne's management API. Nothing in this folder knows XSOAR: no entries, no command names, no texts for
//! the War Room. Read in this order: what a call may be (`users`, `groups`, `sessions` …), how it is made
//! (`client`, `authenticate`: tries, token), how it is sent (`transport`).

pub mod id;
pub mod policy;
pub mod region;
pub mod settings;

pub mod activities;
mod authenticate;
mod client;
pub mod devices;
pub mod groups;
pub mod names;
pub mod passwords;
pub mod populations;
pub mod probe;
pub mod protected;
pub mod roles;
pub mod sessions;
pub mod users;

pub mod changes;
mod clock;
pub mod error;
pub mod filter;
pub mod pages;
pub mod retry;
pub mod server_clock;
pub mod token;

mod ahead;
pub mod http;
pub mod proxy;
pub mod recorder;
pub mod tape;
mod tls;
pub mod transport;

pub use client::{Client, Connection};
pub use error::Error;
