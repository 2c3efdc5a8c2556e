//! How a command talks to PingOne. Everyone else reads through [`reader`], and changes something only through
//! [`writer`], which wants a permit that only [`guard`] gives. What lies beneath (`sender`, `dispatcher`,
//! `authenticate`) cannot be called from outside this folder.
//!
//! [`reader`]: self::reader
//! [`writer`]: self::writer
//! [`guard`]: self::guard

mod authenticate;
mod dispatcher;
pub(crate) mod guard;
pub(crate) mod reader;
pub(crate) mod sender;
pub(crate) mod writer;
