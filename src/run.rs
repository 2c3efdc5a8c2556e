//! One request, from the server's words to a War Room entry: manifest, instance, arguments, command. Whatever
//! goes wrong, an entry comes out. Reading requests and writing answers is the business of `session.rs`.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    rc::Rc,
};

use anyhow::{Context as _, Result, anyhow};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    access::{Access, TEST},
    arguments::{Arguments, DEBUG_MODE},
    commands,
    entry::{Entry, Output},
    env::Env,
    failure,
    handler::Handler,
    instance::{self, Instance},
    invocation::Invocation,
    manifest::CommandName,
    nearest::nearest_commands,
    protocol::Request,
};
use pingone::{
    Client, Connection,
    changes::{Change, ChangeLog},
    journal::{Journal, Level},
    policy::Policy,
    recorder::Recorder,
    secrets::wipe,
    settings::{Limits, Settings},
    tape::Tape,
};

/// Carries out requests and keeps what they have in common: connections and tokens.
pub struct Runner {
    env: Env,
    way: Backend,
    /// The latest last. A container serves few instances, and each needs one.
    connections: Vec<Rc<Connection>>,
    /// What the latest request that was found fit sent to change something.
    changes: Rc<ChangeLog>,
}

/// Where calls go.
enum Backend {
    /// To PingOne.
    Live,
    /// To PingOne, with a clock that begins at a date and is put forward instead of waiting.
    WithoutWaits(Timestamp),
    /// To PingOne, and what is sent and comes back is recorded.
    Record(Rc<Recorder>),
    /// To a recording.
    Replay(Rc<Tape>),
}

/// More instances than these in one process make their connections anew.
const MAX_CONNECTIONS: usize = 8;

/// A request that was found fit to be carried out.
pub struct Prepared {
    command: String,
    handler: &'static Handler,
    args: Arguments,
    /// How long it may take.
    pub limits: Limits,
    policy: Policy,
    not_found_as_note: bool,
    /// The way to PingOne.
    pub connection: Rc<Connection>,
    changes: Rc<ChangeLog>,
}

impl Runner {
    /// For requests that go to PingOne.
    pub fn live(env: Env) -> Self {
        Self::new(env, Backend::Live)
    }

    /// The same from `date` on, without waits between tries: for tests.
    pub fn with_simulated_waits(env: Env, date: Timestamp) -> Self {
        Self::new(env, Backend::WithoutWaits(date))
    }

    /// For requests that go to PingOne and are recorded.
    pub fn record(env: Env, recorder: Rc<Recorder>) -> Self {
        Self::new(env, Backend::Record(recorder))
    }

    /// For requests that are answered from a recording.
    pub fn replay(tape: Rc<Tape>) -> Self {
        Self::new(Env::default(), Backend::Replay(tape))
    }

    fn new(env: Env, way: Backend) -> Self {
        Self {
            env,
            way,
            connections: Vec::new(),
            changes: Rc::default(),
        }
    }

    /// Checks everything that can be checked without PingOne.
    pub fn prepare(&mut self, request: Request, journal: &Journal) -> Result<Prepared, Box<Entry>> {
        let command = request.command.clone();
        let checked = panic::catch_unwind(AssertUnwindSafe(|| self.check(request, journal)));
        checked
            .unwrap_or_else(|_| Err(panicked()))
            .map_err(|error| Box::new(failed(&command, Access::Read, &error, journal)))
    }

    fn check(&mut self, request: Request, journal: &Journal) -> Result<Prepared> {
        let Request {
            command,
            params,
            args,
            context,
            native: _,
        } = request;
        let is_test = command == TEST;
        let known = CommandName::find(&command);
        let handler = match known {
            _ if is_test => Ok(commands::test_button()),
            Some(known) => Ok(commands::handler(known)),
            None => Err(unknown_command(&command)),
        };
        let read = |handler| {
            let instance = Instance::read(&params, &context, is_test, &self.env)?;
            Ok((handler, instance))
        };
        let instance = handler.and_then(read);
        if instance.is_err() {
            // What is wrong is logged, and may be a secret in the wrong place.
            journal.set_mask(instance::secrets(&params));
        }
        wipe(Value::Object(params));
        let (handler, instance) = instance?;
        let Instance {
            settings,
            limits,
            mask,
            policy,
            not_found_as_note,
        } = instance;
        journal.set_mask(mask);
        if is_debug(&context, &args) {
            journal.enable_call_log();
        }
        let args = match known {
            Some(known) => Arguments::check(known.described(), args, journal)?,
            None => Arguments::none(),
        };
        let connection = self.connection(settings)?;
        self.changes = Rc::default();
        Ok(Prepared {
            command,
            handler,
            args,
            limits,
            policy,
            not_found_as_note,
            connection,
            changes: Rc::clone(&self.changes),
        })
    }

    /// What the latest request that was found fit sent to PingOne to change something.
    pub fn changes(&self) -> Vec<Change> {
        self.changes.all()
    }

    /// The connection of these settings, from an earlier request if there was one.
    fn connection(&mut self, settings: Settings) -> Result<Rc<Connection>> {
        let known = self
            .connections
            .iter()
            .position(|connection| *connection.settings() == settings);
        let unprepared = "The connection to PingOne could not be prepared";
        let connection = match (known, &self.way) {
            (Some(place), _) => self.connections.remove(place),
            (None, Backend::Live) => {
                Rc::new(Connection::live(settings, &self.env.network()).context(unprepared)?)
            }
            (None, Backend::WithoutWaits(date)) => {
                let network = self.env.network();
                let connection = Connection::with_simulated_waits(settings, &network, *date);
                Rc::new(connection.context(unprepared)?)
            }
            (None, Backend::Record(recorder)) => {
                let recorder = Rc::clone(recorder);
                let connection = Connection::record(settings, &self.env.network(), recorder);
                Rc::new(connection.context(unprepared)?)
            }
            (None, Backend::Replay(tape)) => Rc::new(Connection::replay(settings, Rc::clone(tape))),
        };
        if self.connections.len() == MAX_CONNECTIONS {
            self.connections.remove(0);
        }
        self.connections.push(Rc::clone(&connection));
        Ok(connection)
    }
}

impl Prepared {
    /// Carries the request out.
    pub async fn run(self, journal: &Journal) -> Vec<Entry> {
        let Self {
            command,
            handler,
            args,
            limits,
            policy,
            not_found_as_note,
            connection,
            changes,
        } = self;
        let client = Client::new(&connection, limits, policy, journal, changes);
        let cx = Invocation {
            pingone: &client,
            args: &args,
            command: &command,
            access: handler.access,
            not_found_as_note,
        };
        match guarded((handler.run)(&cx)).await {
            Ok(output) => output.into_entries(&command),
            Err(error) => vec![failed(&command, handler.access, &error, journal)],
        }
    }
}

/// Whether the command runs in debug mode. Newer servers say so in the context; older ones leave the argument in.
fn is_debug(context: &Map<String, Value>, args: &Map<String, Value>) -> bool {
    let says_true = |value: &Value| match value {
        Value::Bool(is_true) => *is_true,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    };
    [context.get("IsDebug"), args.get(DEBUG_MODE)]
        .into_iter()
        .flatten()
        .any(says_true)
}

fn failed(command: &str, access: Access, error: &anyhow::Error, journal: &Journal) -> Entry {
    let text = failure::text(command, access, error);
    journal.log(Level::Info, text.clone());
    Entry::error(text)
}

fn unknown_command(name: &str) -> anyhow::Error {
    let name: String = name.chars().take(100).collect();
    let near = nearest_commands(&name).into_iter();
    let near: Vec<&str> = near.map(|(_, command)| command).collect();
    let or = near
        .join(" or ")
        .replacen(" or ", ", ", near.len().saturating_sub(2));
    anyhow!("The integration has no command '{name}'. Did you mean {or}?")
}

thread_local! {
    /// Where the last panic happened.
    static PANICKED_AT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the place of a panic for the answer, and its message away from everyone: it may hold anything.
pub fn hide_panics() {
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map(|location| format!("{}:{}", location.file(), location.line()))
            .unwrap_or_default();
        PANICKED_AT.set(place);
    }));
}

fn panicked() -> anyhow::Error {
    let place = PANICKED_AT.take();
    anyhow!(
        "The integration has a fault (at {place}): what was done before it stays done. Please report this text."
    )
}

/// A panic inside a command is the command's failure, not the end of the process.
async fn guarded(command: impl Future<Output = Result<Output>>) -> Result<Output> {
    AssertUnwindSafe(command)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(panicked()))
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
            .block_on(guarded(async { panic!("hunter22") }))
            .expect_err("a panic")
            .to_string();
        assert!(
            error.contains("src/run.rs:") && !error.contains("hunter22"),
            "{error}"
        );
    }
}
