//! Runs one request: manifest, instance, arguments, command. Whatever goes wrong, the result is a War Room entry.
//! `session.rs` reads requests and writes answers.

use std::{
    panic::{self, AssertUnwindSafe},
    rc::Rc,
};

use anyhow::{Context as _, Result, anyhow};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::{
    access::{Access, FETCH_EVENTS, FETCH_INCIDENTS, TEST},
    arguments::{Arguments, DEBUG_MODE},
    commands, credentials,
    entry::Entry,
    env::Env,
    failure,
    fetch_settings::FetchSettings,
    handler::Handler,
    instance::{Instance, Purpose},
    invocation::Invocation,
    last_run::LastRun,
    manifest::CommandName,
    nearest::nearest_commands,
    panics::{catch_panic, panic_error},
    pending::PendingVerifications,
    protocol::Request,
};
use pingone::{
    Client, Connection,
    changes::{Change, ChangeLog},
    external_ids::ExternalIds,
    journal::{Journal, Level},
    policy::Policy,
    recorder::Recorder,
    secrets::wipe,
    settings::{Limits, Settings},
    tape::Tape,
};

/// Runs requests and keeps what they share: connections and tokens.
pub struct Runner {
    env: Env,
    backend: Backend,
    /// Most recently used last. A container serves few instances, and each needs one connection.
    connections: Vec<Rc<Connection>>,
    /// The changes sent by the latest valid request.
    changes: Rc<ChangeLog>,
    /// The verifications that may be pending.
    pending: Rc<PendingVerifications>,
}

/// Where API calls go.
enum Backend {
    /// To PingOne.
    Live,
    /// To PingOne, with a clock that starts at this time and jumps forward instead of waiting.
    WithoutWaits(Timestamp),
    /// To PingOne, while recording the exchanges.
    Record(Rc<Recorder>),
    /// To a recording.
    Replay(Rc<Tape>),
}

/// With more instances than this in one process, the least recently used connection is closed.
const MAX_CONNECTIONS: usize = 8;

/// A valid request, ready to run.
pub struct Prepared {
    command: String,
    handler: &'static Handler,
    args: Arguments,
    /// Its timeouts and retries.
    pub limits: Limits,
    policy: Policy,
    not_found_as_note: bool,
    fetch: Option<FetchSettings>,
    external_ids: ExternalIds,
    /// The connection to PingOne.
    pub connection: Rc<Connection>,
    /// The verifications that may be pending.
    pub pending: Rc<PendingVerifications>,
    /// For a fetch, where the previous one ended.
    pub last_run: Rc<LastRun>,
    changes: Rc<ChangeLog>,
}

impl Runner {
    /// Sends requests to PingOne.
    pub fn live(env: Env) -> Self {
        Self::new(env, Backend::Live)
    }

    /// Like `live`, but with a simulated clock that starts at `date` and never waits. For tests.
    pub fn with_simulated_waits(env: Env, date: Timestamp) -> Self {
        Self::new(env, Backend::WithoutWaits(date))
    }

    /// Sends requests to PingOne and records them.
    pub fn record(env: Env, recorder: Rc<Recorder>) -> Self {
        Self::new(env, Backend::Record(recorder))
    }

    /// Answers requests from a recording.
    pub fn replay(tape: Rc<Tape>) -> Self {
        Self::new(Env::default(), Backend::Replay(tape))
    }

    fn new(env: Env, backend: Backend) -> Self {
        Self {
            env,
            backend,
            connections: Vec::new(),
            changes: Rc::default(),
            pending: Rc::default(),
        }
    }

    /// Validates everything that can be validated without PingOne.
    pub fn prepare(&mut self, request: Request, journal: &Journal) -> Result<Prepared, Box<Entry>> {
        let command = request.command.clone();
        let checked = panic::catch_unwind(AssertUnwindSafe(|| self.check(request, journal)));
        checked
            .unwrap_or_else(|_| Err(panic_error()))
            .map_err(|error| Box::new(error_entry(&command, Access::Read, &error, journal)))
    }

    fn check(&mut self, request: Request, journal: &Journal) -> Result<Prepared> {
        let Request {
            command,
            params,
            args,
            context,
            native: _,
        } = request;
        let purpose = match &*command {
            TEST => Purpose::TestButton,
            FETCH_INCIDENTS => Purpose::FetchIncidents,
            FETCH_EVENTS => Purpose::FetchEvents,
            _ => Purpose::Command,
        };
        let known = CommandName::find(&command);
        let handler = commands::built_in(&command)
            .or_else(|| known.map(commands::handler))
            .ok_or_else(|| unknown_command(&command));
        let read = |handler| {
            let instance = Instance::read(&params, &context, purpose, &self.env)?;
            Ok((handler, instance))
        };
        let instance = handler.and_then(read);
        if instance.is_err() {
            // The error is logged, and could quote a secret that is in the wrong place.
            journal.set_mask(credentials::mask(&params));
        }
        wipe(Value::Object(params));
        let (handler, instance) = instance?;
        let Instance {
            settings,
            limits,
            mask,
            policy,
            not_found_as_note,
            fetch,
            external_ids,
        } = instance;
        journal.set_mask(mask);
        if is_debug(&context, &args) {
            journal.enable_call_log();
        }
        let args = match known {
            Some(known) => Arguments::check(known.definition(), args, journal)?,
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
            fetch,
            external_ids,
            connection,
            pending: Rc::clone(&self.pending),
            last_run: Rc::default(),
            changes: Rc::clone(&self.changes),
        })
    }

    /// The changes that the latest valid request sent to PingOne.
    pub fn changes(&self) -> Vec<Change> {
        self.changes.all()
    }

    /// The connection for these settings, reused from an earlier request if possible.
    fn connection(&mut self, settings: Settings) -> Result<Rc<Connection>> {
        let known = self
            .connections
            .iter()
            .position(|connection| *connection.settings() == settings);
        let failed = "Cannot set up the connection to PingOne";
        let connection = match (known, &self.backend) {
            (Some(place), _) => self.connections.remove(place),
            (None, Backend::Live) => {
                Rc::new(Connection::live(settings, &self.env.network()).context(failed)?)
            }
            (None, Backend::WithoutWaits(date)) => {
                let network = self.env.network();
                let connection = Connection::with_simulated_waits(settings, &network, *date);
                Rc::new(connection.context(failed)?)
            }
            (None, Backend::Record(recorder)) => {
                let recorder = Rc::clone(recorder);
                let connection = Connection::record(settings, &self.env.network(), recorder);
                Rc::new(connection.context(failed)?)
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
    /// Whether it must know which verifications are pending.
    pub fn starts_verification(&self) -> bool {
        self.command == CommandName::VerifyPush.name()
    }

    /// The answer if the request cannot be run.
    pub fn fail(&self, error: &anyhow::Error, journal: &Journal) -> Vec<Entry> {
        let access = self.handler.access;
        vec![error_entry(&self.command, access, error, journal)]
    }

    /// Runs the request.
    pub async fn run(self, journal: &Journal) -> Vec<Entry> {
        let Self {
            command,
            handler,
            args,
            limits,
            policy,
            not_found_as_note,
            fetch,
            external_ids,
            connection,
            pending,
            last_run,
            changes,
        } = self;
        let client = Client::new(&connection, limits, policy, journal, changes)
            .with_external_ids(external_ids);
        let cx = Invocation {
            pingone: &client,
            args: &args,
            pending: &pending,
            fetch: fetch.as_ref(),
            last_run: &last_run,
            command: &command,
            access: handler.access,
            not_found_as_note,
        };
        match catch_panic((handler.run)(&cx)).await {
            Ok(output) => output.into_entries(&command),
            Err(error) => vec![error_entry(&command, handler.access, &error, journal)],
        }
    }
}

/// Whether the command runs in debug mode. Newer servers say so in the context, older ones in an argument.
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

fn error_entry(command: &str, access: Access, error: &anyhow::Error, journal: &Journal) -> Entry {
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
