//! What PingOne can be asked: a file for each noun, with the calls as plain values and the reading of their answers.
//! Nothing here sends anything.

pub(crate) mod devices;
pub mod groups;
pub mod passwords;
pub(crate) mod populations;
pub(crate) mod roles;
pub mod sessions;
pub mod users;
