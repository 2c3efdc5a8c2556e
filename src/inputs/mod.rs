//! Groups of arguments that several commands share: users, groups, paging, activities, events. Makes no calls to PingOne.

pub mod activities;
pub mod applications;
pub mod events;
pub mod groups;
pub mod paging;
pub mod principals;
pub mod profile;
pub mod since;
pub mod users;
