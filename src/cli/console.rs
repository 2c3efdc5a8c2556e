//! The terminal at hand, if it is one: the only file of the desk that names stdin, stdout and stderr.

use std::io::{self, IsTerminal as _, StdoutLock, Write as _};

use anyhow::{Result, anyhow};
use tokio::sync::mpsc;

use super::{terminal::Style, typed::Ask};
use crate::{env::Env, protocol::Incoming, stdin};
use pingone::visible::{visible, visible_lines};

/// Where the output goes.
pub(crate) fn out() -> StdoutLock<'static> {
    io::stdout().lock()
}

/// How the output is written: with colours if a person sees it and wants them.
pub(crate) fn style(env: &Env) -> Style {
    Style {
        colours: io::stdout().is_terminal() && !env.no_colours(),
    }
}

/// Requests from stdin.
pub(super) fn requests() -> mpsc::Receiver<Incoming> {
    stdin::requests(io::stdin())
}

/// Tells a person something that is no part of the output.
pub(crate) fn tell(text: &str) {
    put(&format!("pingone-xsoar: {text}\n"));
}

/// Puts a text on stderr that may hold names from outside.
pub(super) fn put(text: &str) {
    put_as_it_is(&visible_lines(text));
}

/// Whether a person sees what is put on stderr.
pub(super) fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// Puts something on stderr as it is: for sequences that the terminal is to obey.
pub(super) fn put_as_it_is(text: &str) {
    let mut stderr = io::stderr();
    // Nothing can be done, nor need be, if nobody sees it.
    drop(stderr.write_all(text.as_bytes()));
    drop(stderr.flush());
}

/// Shows a question and gives the line that is typed.
pub(super) fn ask(question: &str) -> io::Result<String> {
    put(question);
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

/// Asks at the terminal, without showing what is typed.
pub(super) struct Keyboard;

impl Ask for Keyboard {
    fn ask(&mut self, prompt: &str) -> Result<Option<String>> {
        if !(io::stdin().is_terminal() && is_watched()) {
            return Ok(None);
        }
        let secret = rpassword::prompt_password(visible(prompt))
            .map_err(|error| anyhow!("nothing could be asked at the terminal: {error}"))?;
        Ok(Some(secret).filter(|secret| !secret.is_empty()))
    }
}
