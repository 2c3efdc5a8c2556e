//! The HTTP server: connections, routes, faults, and the sandbox's own URLs.

pub(crate) mod calls;
pub(crate) mod control;
pub(crate) mod origin;
pub(crate) mod router;
pub(crate) mod serve;
pub(crate) mod shared;
pub(crate) mod wire;
