//! Presentation: rows, tables and context entries made from typed results. Views never call PingOne and never read a
//! value back out of a row.

pub mod activity;
pub mod administrator;
pub mod application;
pub mod application_change;
pub mod cells;
pub mod changes;
pub mod device;
pub mod events;
pub mod failed_logins;
pub mod incident;
pub mod items;
pub mod linked_account;
pub mod mfa_bypass;
pub mod page;
pub mod password;
pub mod posture;
pub mod protected;
pub mod risk;
pub mod role;
pub mod role_plan;
mod sentences;
pub mod session;
pub mod sightings;
pub mod steps;
mod summary;
pub mod undo;
pub mod user;
pub mod user_details;
pub mod verification;
pub mod webhook;
