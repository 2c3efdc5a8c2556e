//! How PingOne shows what is remembered.

pub(crate) mod activity;
pub(crate) mod group;
pub(crate) mod hal;
pub(crate) mod state;
pub(crate) mod user;
