//! One file per resource: what each operation validates, changes and returns.

pub(crate) mod accounts;
pub(crate) mod activities;
pub(crate) mod applications;
mod assertion;
pub(crate) mod body;
pub(crate) mod collector;
pub(crate) mod context;
pub(crate) mod device_authentications;
pub(crate) mod devices;
pub(crate) mod federation;
pub(crate) mod groups;
pub(crate) mod memberships;
pub(crate) mod passwords;
pub(crate) mod populations;
pub(crate) mod risk;
pub(crate) mod role_assignments;
pub(crate) mod roles;
pub(crate) mod secrets;
pub(crate) mod sessions;
pub(crate) mod token;
pub(crate) mod users;
pub(crate) mod webhooks;
