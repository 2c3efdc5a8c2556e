//! The process's terminal, if it has one. The only file of the command line that touches stdin, stdout and stderr.

use std::io::{self, IsTerminal as _, StdoutLock, Write as _};

use anyhow::{Result, anyhow};
use terminal_size::{Width, terminal_size_of};
use tokio::sync::mpsc;

use super::{style::Style, typed::SecretPrompt};
use crate::{env::Env, protocol::Incoming, stdin};
use pingone::visible::{visible, visible_lines};

/// Standard output.
pub(crate) fn out() -> StdoutLock<'static> {
    io::stdout().lock()
}

/// How to style the output: as wide as the window, with colours at a terminal unless the user turned them off.
pub(crate) fn style(env: &Env) -> Style {
    let window = terminal_size_of(io::stdout()).map(|(Width(columns), _)| columns.into());
    let width = window.or_else(|| env.columns());
    let style = width.map_or_else(Style::default, Style::new);
    style.with_colours(io::stdout().is_terminal() && !env.no_colours())
}

/// Requests from stdin.
pub(super) fn requests() -> mpsc::Receiver<Incoming> {
    stdin::requests(io::stdin())
}

/// Prints a message for the user to stderr.
pub(crate) fn report(text: &str) {
    write_stderr(&format!("pingone-xsoar: {text}\n"));
}

/// Writes text to stderr, making control characters visible: names in it may be hostile.
pub(super) fn write_stderr(text: &str) {
    write_stderr_raw(&visible_lines(text));
}

/// Whether stderr is a terminal, so that a user can see it.
pub(super) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Writes text to stderr unchanged, for escape sequences.
pub(super) fn write_stderr_raw(text: &str) {
    let mut stderr = io::stderr();
    // If stderr is gone, there is nobody to tell.
    drop(stderr.write_all(text.as_bytes()));
    drop(stderr.flush());
}

/// Shows a question and returns the line that the user types.
pub(super) fn ask(question: &str) -> io::Result<String> {
    write_stderr(question);
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// Whether the user can be asked something.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && stderr_is_terminal()
}

/// Prompts at the terminal without echo.
pub(super) struct TerminalPrompt;

impl SecretPrompt for TerminalPrompt {
    fn read_secret(&mut self, prompt: &str) -> Result<Option<String>> {
        if !can_ask() {
            return Ok(None);
        }
        let secret = rpassword::prompt_password(visible(prompt))
            .map_err(|error| anyhow!("cannot prompt at the terminal: {error}"))?;
        Ok(Some(secret).filter(|secret| !secret.is_empty()))
    }
}
