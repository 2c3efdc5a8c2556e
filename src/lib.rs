//! PingOne for Cortex XSOAR, as a library. The executable `pingone-xsoar` is a thin layer over it.
//!
//! The path of a request, which is also a good order in which to read the files:
//!
//! ```text
//! stdin line
//!   │ stdin       reads lines on its own thread, joins a request spread over several lines
//!   │ protocol    the wire format in both directions; rejects duplicate keys
//!   │ server      XSOAR's server: its requests, and the calls we can make to it
//!   ▼
//! session         one request after another: read, run, answer, `completed`
//!   ▼
//! run             one request: validate, run, turn the outcome into an entry
//!   ├ manifest    integration.yml as tables: the commands and their arguments
//!   ├ instance    XSOAR's parameters → address, credentials, limits; safety: what must not change
//!   ├ arguments   the command's arguments, validated against the manifest
//!   ▼
//! commands        one file each: arguments → operation → War Room text and context
//!   ├ handler     what a command is; invocation: what its handler receives
//!   ├ inputs      arguments that several commands share: users, groups, paging
//!   ├ operations  the work itself, with typed results; knows neither arguments nor tables
//!   │   └ pingone the client: tokens, retries, paging, media types; knows nothing of XSOAR
//!   ├ views       rows, tables and context entries, from typed results
//!   │   └ document  headings, texts and tables; markdown draws them for the War Room
//!   ▼
//! entry           the form of an answer; inert: no outside value becomes a link, image, HTML or button
//!                 failure: error texts, with advice from the caller or by kind (advice, access)
//!   ▼
//! stdout line
//! ```
//!
//! Off that path: `parameters`, `credentials`, `fetch_settings` and `collector` (parts of `instance`), `times` (times as
//! people type them), `pending` (verifications that still wait for an answer), `last_run` (what a fetch leaves for the
//! next one), `env` (environment variables), `nearest` (suggestions for mistyped names), `panics` (what becomes of a
//! bug), `version` (what `--version` says), `context` (what a playbook sees after a command), `replay` (recorded cases),
//! `cli` (the command line for people) and `verify` (the self-test of a real environment). The build for XSOAR's
//! containers has neither `cli` nor `verify`.
//!
//! The client is its own crate, `crates/pingone`, and so is an in-memory PingOne, `crates/pingone-sandbox`.

pub mod env;
pub mod stdin;

pub mod protocol;
pub mod server;

pub mod session;

pub mod run;

pub mod panics;
pub mod version;

pub mod arguments;
mod collector;
mod credentials;
mod fetch_settings;
pub mod instance;
pub mod manifest;
mod parameters;
pub mod safety;
pub mod times;

pub mod access;
pub mod advice;
pub mod handler;
pub mod invocation;
pub mod last_run;
pub mod pending;

pub mod commands;
pub mod inputs;
pub mod operations;
pub mod views;

pub mod document;
pub mod inert;
pub mod markdown;

pub mod entry;
pub mod failure;

pub mod context;
pub mod nearest;
pub mod replay;

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod verify;
