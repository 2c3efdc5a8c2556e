//! What is remembered, and the rules of it. Knows no request but its filter.

pub(crate) mod activity;
pub(crate) mod alternative;
pub(crate) mod attributes;
pub(crate) mod clock;
pub(crate) mod fault;
pub(crate) mod limits;
pub(crate) mod nesting;
pub(crate) mod password;
pub(crate) mod permission;
pub(crate) mod policy;
pub(crate) mod populate;
pub(crate) mod profile;
pub mod seed;
pub(crate) mod store;
