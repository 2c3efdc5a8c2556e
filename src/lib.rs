//! PingOne for Cortex XSOAR, as a library: the executable `pingone-xsoar` is a thin edge over it.
//!
//! A request's way, which is also the order in which to read the files:
//!
//! ```text
//! stdin line
//!   │ stdin       reads lines on a thread of its own, joins a request spread over several
//!   │ protocol    the wire format, both ways; no name twice where it decides
//!   │ server      XSOAR's server: what it sends, what it can be asked
//!   ▼
//! session         request after request: read, carry out, answer, `completed`
//!   ▼
//! run             one request: check, carry out, make an entry of whatever came of it
//!   ├ manifest    integration.yml as tables: which commands exist, what each takes
//!   ├ instance    XSOAR's parameters → where, as whom, how long; safety: what must not be changed
//!   ├ arguments   the command's arguments, checked against the manifest
//!   ▼
//! commands        a file each: arguments → operation → War Room text and context
//!   ├ handler     what a command is; invocation: what its handler works with
//!   ├ inputs      what several read from their arguments alike: users, groups, parts of lists
//!   ├ operations  what is done, with typed results; neither arguments nor tables
//!   │   └ pingone the client: token, tries, pages, media types; knows nothing of XSOAR
//!   ├ views       rows, tables and context entries, from typed results
//!   │   └ document  headings, texts and tables; markdown draws them for the War Room
//!   ▼
//! entry           the answer's form; inert: nothing from outside becomes a link, an image, HTML or a button
//!                 failure: the text of what went wrong, with its own advice or by its kind (advice, access)
//!   ▼
//! stdout line
//! ```
//!
//! Beside the way: `env` (environment variables), `nearest` (what a mistyped name means), `context` (what a
//! playbook sees after a command), `replay` (recorded cases), `cli` (the command line for people), `cli` (the work of
//! its subcommands), `verify` (the self-test of a real environment). What XSOAR's containers get has no `cli`, `cli`
//! and `verify`.
//!
//! The client is a crate of its own, `crates/pingone`, and so is a PingOne in memory, `crates/pingone-sandbox`.

pub mod env;
pub mod stdin;

pub mod protocol;
pub mod server;

pub mod session;

pub mod run;

pub mod arguments;
pub mod instance;
pub mod manifest;
pub mod safety;
pub mod times;

pub mod access;
pub mod advice;
pub mod handler;
pub mod invocation;

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
