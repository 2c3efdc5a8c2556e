//! What is done at PingOne, with typed results: arguments and tables are not known here. Changes are verified, since
//! PingOne may accept what it does not carry out.

pub mod accounts;
pub mod activities;
pub mod administrators;
pub mod application_changes;
pub mod application_records;
pub mod applications;
mod blocked;
pub mod change;
pub mod contain;
pub mod contain_application;
pub mod device_states;
pub mod devices;
pub mod events;
pub mod feed;
pub mod find;
pub mod for_each;
pub mod leave_groups;
pub mod memberships;
pub mod mfa_bypass;
pub mod passwords;
pub mod phrases;
pub mod principals;
pub mod recent_changes;
pub mod records;
pub mod restore;
pub mod restore_application;
pub mod role_changes;
pub mod roles;
pub mod sessions;
pub mod steps;
pub mod user_details;
pub mod users;
pub mod verification;
