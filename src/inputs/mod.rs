//! Groups of arguments and parameters that several commands share: users, groups, paging, activities, events, the feed.
//! Makes no calls to PingOne.

pub mod activities;
pub mod applications;
pub mod events;
pub mod feed;
pub mod groups;
pub mod paging;
pub mod principals;
pub mod profile;
pub mod since;
pub mod users;
