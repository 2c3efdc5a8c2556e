//! Requests, replies, errors and the filter language. Knows nothing of the data.

pub(crate) mod error;
pub(crate) mod filter;
pub(crate) mod message;
mod tokens;
