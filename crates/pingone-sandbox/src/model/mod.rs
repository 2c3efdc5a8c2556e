//! The data and its rules, independent of requests except for their filters.

pub(crate) mod activity;
pub(crate) mod alternative;
pub(crate) mod application;
pub(crate) mod attributes;
pub(crate) mod authority;
pub(crate) mod clock;
pub(crate) mod device_authentication;
pub(crate) mod fault;
pub(crate) mod limits;
pub(crate) mod nesting;
pub(crate) mod password;
pub(crate) mod permission;
pub(crate) mod policy;
pub(crate) mod populate;
pub(crate) mod populate_configuration;
pub(crate) mod profile;
pub(crate) mod pushes;
pub(crate) mod risk;
pub(crate) mod roles;
pub(crate) mod scenario;
pub mod seed;
pub(crate) mod store;
pub(crate) mod webhook;
