//! A client for PingOne's management API. It does not know who uses it: it has no command names and gives no advice
//! about settings. Read it in this order: which calls there are (`call`, `endpoints`), how a call is made (`exchange`:
//! reader, guard, writer, then attempts and token), and how it is sent (`transport`). `client` puts them together for
//! one command.
//!
//! Beside them: `secrets` (what must not be shown) and `escapes` (how a secret may be encoded), `memory` (how much
//! memory a command may use), `journal` (the log of one request), `visible` (text made safe for a terminal),
//! `network_env` (certificates and proxies), `times`.

mod escapes;
mod gzip;
pub mod journal;
pub mod memory;
pub mod network_env;
pub mod secrets;
pub mod times;
pub mod visible;

pub mod external_ids;
pub mod id;
pub mod policy;
pub mod private_key;
pub mod region;
pub mod settings;

pub mod activities;
pub mod activity;
mod answer;
pub mod assertion;
pub mod call;
mod client;
mod connection;
pub mod endpoints;
mod exchange;
pub mod names;
pub mod probe;
pub mod protected;

pub mod changes;
mod clock;
pub mod error;
pub mod filter;
pub mod pages;
pub mod retry;
pub mod server_clock;
pub mod token;

pub mod http;
mod preconnect;
pub mod proxy;
pub mod recorder;
pub mod tape;
mod tls;
pub mod transport;
pub mod wire;

pub use client::Client;
pub use connection::Connection;
pub use endpoints::{
    applications, device_authentications, devices, groups, passwords, risk, roles, sessions, users,
    webhooks,
};
pub use error::Error;
pub use exchange::delivery::Delivery;
