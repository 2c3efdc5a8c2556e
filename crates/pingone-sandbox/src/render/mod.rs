//! The data as PingOne's JSON.

pub(crate) mod activity;
pub(crate) mod group;
pub(crate) mod hal;
pub(crate) mod state;
pub(crate) mod user;
