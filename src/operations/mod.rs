//! What is done at PingOne, with typed results: neither arguments nor tables are known here. A change is followed by a
//! look at the new state, since PingOne may accept what it does not carry out.

pub mod accounts;
pub mod activities;
pub mod change;
pub mod contain;
pub mod devices;
pub mod find;
pub mod for_each;
pub mod leave_groups;
pub mod memberships;
pub mod passwords;
pub mod restore;
pub mod roles;
pub mod sessions;
pub mod steps;
pub mod user_details;
pub mod users;
