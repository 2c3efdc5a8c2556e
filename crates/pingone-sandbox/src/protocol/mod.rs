//! What is said: requests, replies, refusals and the filter language. Knows nothing of what is remembered.

pub(crate) mod error;
pub(crate) mod filter;
pub(crate) mod message;
