//! What several commands read from their arguments alike: whom they are about, which part of a list, which activities.
//! Nothing is asked of PingOne here.

pub mod activities;
pub mod groups;
pub mod paging;
pub mod profile;
pub mod users;
