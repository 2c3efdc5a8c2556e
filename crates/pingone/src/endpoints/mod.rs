//! PingOne's endpoints, one file per noun: calls as plain values, and decoding of their answers. Nothing here sends
//! anything.

pub mod applications;
pub mod device_authentications;
pub mod devices;
pub mod groups;
pub mod passwords;
pub(crate) mod populations;
pub mod risk;
pub mod roles;
pub mod sessions;
pub mod users;
pub mod webhooks;
