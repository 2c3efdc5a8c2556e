//! How a command talks to PingOne. Everything else reads through [`reader`], and makes changes only through
//! [`writer`], which requires a permit that only [`guard`] issues. [`delivery`] sends events to a collector, which is
//! not PingOne. What lies beneath (`sender`, `dispatcher`, `authenticate`) cannot be called from outside this folder.
//!
//! [`delivery`]: self::delivery
//! [`reader`]: self::reader
//! [`writer`]: self::writer
//! [`guard`]: self::guard

mod authenticate;
pub(crate) mod delivery;
mod dispatcher;
pub(crate) mod guard;
pub(crate) mod reader;
pub(crate) mod sender;
pub(crate) mod writer;
