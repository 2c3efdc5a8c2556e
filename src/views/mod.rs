//! What is shown: rows, tables and context entries, made from what PingOne answered. Nothing is asked of PingOne here.

pub mod user;
