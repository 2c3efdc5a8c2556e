//! What becomes of a panic: an error with its location, never with its message, which may contain anything.

use std::{
    cell::RefCell,
    ffi::OsString,
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    process,
};

use anyhow::{Result, anyhow};
use futures_util::FutureExt as _;

use crate::env::{BACKTRACES, asks_for_backtraces};

thread_local! {
    /// The location of the last panic.
    static PANICKED_AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Records a panic's location for the answer. Its message is dropped, because it may contain anything.
pub fn hide_panics() {
    panic::set_hook(Box::new(|info| PANICKED_AT.set(location(info))));
}

/// Ends the process at a panic, for builds that cannot unwind: `static.sh` leaves out what unwinding needs, a tenth of
/// the size. The relay's answer quotes what stderr says. Without the exit, the process would abort, and a core dump
/// contains secrets.
#[expect(clippy::exit, reason = "aborting is the only alternative")]
pub fn exit_on_panic() {
    panic::set_hook(Box::new(|info| {
        drop(writeln!(io::stderr(), "{:#}", bug(&location(info))));
        process::exit(PANIC_EXIT_CODE);
    }));
}

/// Starts the executable anew if the environment asks for backtraces, which need what `static.sh` leaves out: taking one
/// would abort the process. Does nothing in a build that can unwind.
pub fn refuse_backtraces(arguments: impl Iterator<Item = OsString>) {
    if cfg!(panic = "abort") && asks_for_backtraces() {
        let mut again = process::Command::new("/proc/self/exe");
        again.args(arguments);
        for name in BACKTRACES {
            again.env_remove(name);
        }
        let error = again.exec();
        drop(writeln!(
            io::stderr(),
            "pingone-xsoar: cannot start without RUST_BACKTRACE ({error}): remove it from the environment."
        ));
    }
}

/// The exit code of every Rust program that panics.
const PANIC_EXIT_CODE: i32 = 101;

fn location(info: &PanicHookInfo<'_>) -> String {
    info.location()
        .map(|location| format!("{}:{}", location.file(), location.line()))
        .unwrap_or_default()
}

/// The error that a caught panic becomes.
pub fn panic_error() -> anyhow::Error {
    bug(&PANICKED_AT.take())
}

fn bug(place: &str) -> anyhow::Error {
    anyhow!(
        "The integration has a bug (at {place}). Changes made before it happened remain in effect. Please report this message."
    )
}

/// Turns a panic inside a command into an error, so that the process survives.
pub async fn catch_panic<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    AssertUnwindSafe(command)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(panic_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_without_its_message() {
        hide_panics();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let error = runtime
            .block_on(catch_panic::<()>(async { panic!("hunter22") }))
            .expect_err("a panic")
            .to_string();
        assert!(
            error.contains("src/panics.rs:") && !error.contains("hunter22"),
            "{error}"
        );
    }
}
