//! What the self-test works with: commands as XSOAR calls them, direct calls to PingOne, and a list of everything it
//! created, for the clean-up. Knows no step or probe; `mod.rs` runs them.

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    time::Duration,
};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use reqwest::Method;
use ring::rand::{SecureRandom as _, SystemRandom};
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::error::VerifyError;
use crate::{
    entry::{Entry, Note},
    env::Env,
    instance::{Instance, Purpose},
    protocol::Request,
    run::Runner,
};
use pingone::{
    Client, Connection,
    error::Problem,
    id::{PopulationId, UserId},
    journal::Journal,
    policy::Policy,
    probe::{Answer, Question},
    secrets::{Mask, wipe},
    settings::{Credentials, Limits, Settings},
    times::to_rfc3339_millis,
    token::ClientAuthentication,
};

/// The media type of plain bodies.
pub const JSON: &str = "application/json";

/// The start of every name the self-test creates, followed by a random number for each run.
const NAME_PREFIX: &str = "pingone-xsoar-verify-";

/// What a self-test works with.
pub struct TestContext {
    runner: RefCell<Runner>,
    params: Map<String, Value>,
    env: Env,
    connection: Connection,
    limits: Limits,
    /// Also contains every password generated so far.
    mask: RefCell<Mask>,
    prefix: String,
    population: OnceCell<PopulationId>,
    created: RefCell<Vec<Created>>,
    /// How many creations had no usable answer, so that a user or group may exist whose id we do not know.
    unresolved: Cell<usize>,
    stopped: Cell<bool>,
    stop: Notify,
    audit_wait: Duration,
}

/// Something to delete at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Created {
    kind: Kind,
    id: String,
}

/// What the self-test creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A user.
    User,
    /// A group.
    Group,
    /// An application.
    Application,
}

impl Kind {
    const ALL: [Self; 3] = [Self::User, Self::Group, Self::Application];

    /// The collection's name in paths and in answers.
    fn collection(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Group => "groups",
            Self::Application => "applications",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::User => "username",
            Self::Group | Self::Application => "name",
        }
    }
}

/// Who created something, according to PingOne.
enum Owner {
    /// This run.
    ThisRun,
    /// Somebody else.
    Another,
    /// It does not exist.
    Nobody,
    /// PingOne does not say.
    Unknown,
}

/// The result of the clean-up.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cleanup {
    /// How many users and groups were deleted or turned out not to exist.
    pub deleted: usize,
    /// How many could not be deleted, or may still exist.
    pub remaining: usize,
    /// Whether the search for other users and groups of this run succeeded.
    pub searched: bool,
}

impl Cleanup {
    /// Whether certainly nothing was left behind.
    pub fn is_complete(&self) -> bool {
        self.remaining == 0 && self.searched
    }
}

impl TestContext {
    /// Validates the parameters. Sends nothing.
    pub fn new(
        params: Map<String, Value>,
        population: Option<PopulationId>,
        audit_wait: Duration,
        env: Env,
    ) -> Result<Self> {
        let Instance {
            settings,
            limits,
            mask,
            policy,
            ..
        } = Instance::read(&params, &Map::new(), Purpose::Command, &env)?;
        ensure!(
            !policy.forbids_anything(),
            "The self-test creates, changes and deletes users, groups and applications, which this instance restricts ('Read only', 'Protected users', 'Protected groups' or 'Protected applications'). Use parameters without these, for a trial environment."
        );
        let [first, second, third, fourth, ..] = random()?;
        let cx = Self {
            runner: RefCell::new(Runner::live(env.clone())),
            params,
            connection: Connection::live(settings, &env.network())?,
            env,
            limits,
            mask: RefCell::new(mask),
            prefix: format!("{NAME_PREFIX}{first:02x}{second:02x}{third:02x}{fourth:02x}"),
            population: OnceCell::new(),
            created: RefCell::default(),
            unresolved: Cell::new(0),
            stopped: Cell::new(false),
            stop: Notify::new(),
            audit_wait,
        };
        if let Some(population) = population {
            // The cell is new, so this cannot fail.
            let _ = cx.population.set(population);
        }
        Ok(cx)
    }

    /// The addresses and credentials.
    pub fn settings(&self) -> &Settings {
        self.connection.settings()
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        self.connection.now()
    }

    /// The time that many seconds from now, as PingOne writes it.
    pub fn in_seconds(&self, seconds: i64) -> String {
        let at = self.now().as_second() + seconds;
        to_rfc3339_millis(Timestamp::from_second(at).unwrap_or_default())
    }

    /// The prefix of the names of everything this run creates.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// How long to wait for an activity to appear in the audit trail.
    pub fn audit_wait(&self) -> Duration {
        self.audit_wait
    }

    /// How the worker application authenticated, if it got a new token since the last call.
    pub async fn authentication(&self) -> Option<ClientAuthentication> {
        let token = self.connection.take_unsaved_token().await?;
        Some(token.client_authentication)
    }

    /// Stops the current step or probe at its next call.
    pub fn stop(&self) {
        self.stopped.set(true);
        self.stop.notify_waiters();
    }

    fn check_stopped(&self) -> Result<(), VerifyError> {
        if self.stopped.get() {
            return Err(VerifyError::Interrupted);
        }
        Ok(())
    }

    /// Waits, unless the self-test is interrupted.
    pub async fn pause(&self, duration: Duration) -> Result<(), VerifyError> {
        self.check_stopped()?;
        // A timeout is the normal case: nobody interrupted the wait.
        let _ = tokio::time::timeout(duration, self.stop.notified()).await;
        self.check_stopped()
    }

    /// Runs a command as if XSOAR's server had sent it. An error entry is an error.
    pub async fn command(&self, command: &str, args: Value) -> Result<Note, VerifyError> {
        self.check_stopped()?;
        let request = Request {
            command: command.to_owned(),
            params: self.params.clone(),
            args: match args {
                Value::Object(args) => args,
                _ => Map::new(),
            },
            context: Map::new(),
            native: false,
        };
        let journal = Journal::buffered();
        let prepared = self.runner.borrow_mut().prepare(request, &journal);
        let entries = match prepared {
            Ok(prepared) => prepared.run(&journal).await,
            Err(entry) => vec![*entry],
        };
        let mut answer = Err(VerifyError::Skipped("the command returned no entry"));
        // The note comes first; an error entry after it says what failed.
        for entry in entries {
            match entry {
                Entry::Note(note) => answer = Ok(note),
                Entry::Incidents(incidents) => answer = Ok(incidents.into()),
                Entry::Error(failure) => return Err(VerifyError::Command(failure.contents)),
            }
        }
        answer
    }

    /// Calls PingOne directly. A refusal is an answer too.
    pub async fn ask(&self, question: Question<'_>) -> Result<Answer, VerifyError> {
        self.check_stopped()?;
        Ok(self.send(&self.connection, question).await?)
    }

    /// Calls another environment of the same region, with the same worker application.
    pub async fn ask_environment(&self, id: &str) -> Result<Answer, VerifyError> {
        self.check_stopped()?;
        let mut settings = self.settings().clone();
        if let Ok(mut path) = settings.api.path_segments_mut() {
            path.pop().push(id);
        }
        let connection = Connection::live(settings, &self.env.network())
            .map_err(|_| VerifyError::Skipped("a second connection could not be set up"))?;
        Ok(self.send(&connection, get(&[])).await?)
    }

    /// A connection as another worker application of the environment, with a token of its own.
    pub fn connect_as(&self, client_id: &str, secret: &str) -> Result<Connection, VerifyError> {
        self.mask.borrow_mut().add(secret);
        let mut settings = self.settings().clone();
        client_id.clone_into(&mut settings.client_id);
        settings.credentials = Credentials::Secret(secret.into());
        Connection::live(settings, &self.env.network())
            .map_err(|_| VerifyError::Skipped("a second connection could not be set up"))
    }

    /// The status of PingOne's answer through another connection; also of a refused token.
    pub async fn status_through(
        &self,
        connection: &Connection,
        question: Question<'_>,
    ) -> Result<u16, VerifyError> {
        self.check_stopped()?;
        match self.send(connection, question).await {
            Ok(answer) => Ok(answer.status),
            Err(error) => match &*error.problem {
                Problem::Refused(refusal) => Ok(refusal.status),
                Problem::NoToken(refused) => Ok(refused.refusal.status),
                _ => Err(error.into()),
            },
        }
    }

    async fn send(
        &self,
        connection: &Connection,
        question: Question<'_>,
    ) -> Result<Answer, pingone::Error> {
        let journal = Journal::buffered();
        journal.set_mask(self.mask.borrow().clone());
        // Each call gets a command's full timeout.
        let policy = Policy::default();
        let client = Client::new(connection, self.limits, policy, &journal, Rc::default());
        client.probe(question).await
    }

    /// Reads something that must exist.
    pub async fn read(&self, path: &[&str]) -> Result<Answer, VerifyError> {
        self.require("reading back", get(path)).await
    }

    /// Makes a call that must succeed.
    pub async fn require(
        &self,
        purpose: &'static str,
        question: Question<'_>,
    ) -> Result<Answer, VerifyError> {
        let answer = self.ask(question).await?;
        if answer.is_success() {
            return Ok(answer);
        }
        Err(VerifyError::Refused {
            purpose,
            answer: Box::new(answer),
        })
    }

    /// The population of the temporary users: the given one, or the default one.
    pub async fn population(&self) -> Result<PopulationId, VerifyError> {
        if let Some(population) = self.population.get() {
            return Ok(*population);
        }
        let answer = self
            .require("reading the populations", get(&["populations"]))
            .await?;
        let default = answer
            .items("populations")
            .iter()
            .find(|population| population["default"] == true)
            .and_then(|population| population["id"].as_str()?.parse().ok())
            .ok_or(VerifyError::Skipped(
                "the environment has no default population; choose one with --population",
            ))?;
        Ok(*self.population.get_or_init(|| default))
    }

    /// Creates a temporary user directly. Its name ends in `suffix`; `more` is merged into the body. A refusal is an
    /// answer too.
    pub async fn try_user(&self, suffix: &str, more: Value) -> Result<Answer, VerifyError> {
        let mut body = json!({
            "population": {"id": self.population().await?.to_string()},
            "username": format!("{}-{suffix}", self.prefix),
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        self.create(Kind::User, body).await
    }

    /// Creates a temporary user and returns its id.
    pub async fn user(&self, suffix: &str) -> Result<String, VerifyError> {
        let answer = self.try_user(suffix, Value::Null).await?;
        created_id(answer, "creating a temporary user")
    }

    /// Creates a temporary group and returns its id and name.
    pub async fn group(&self, suffix: &str) -> Result<(String, String), VerifyError> {
        let name = format!("{}-{suffix}", self.prefix);
        let answer = self.create(Kind::Group, json!({"name": name})).await?;
        Ok((created_id(answer, "creating a temporary group")?, name))
    }

    /// Creates a temporary worker application that is enabled, and returns its id and name.
    pub async fn application(&self, suffix: &str) -> Result<(String, String), VerifyError> {
        let name = format!("{}-{suffix}", self.prefix);
        let body = json!({
            "name": name, "enabled": true, "type": "WORKER", "protocol": "OPENID_CONNECT",
            "grantTypes": ["CLIENT_CREDENTIALS"], "tokenEndpointAuthMethod": "CLIENT_SECRET_BASIC",
        });
        let answer = self.create(Kind::Application, body).await?;
        if answer.status == 403 {
            return Err(VerifyError::Skipped(
                "the worker application may not create applications: it needs Environment Admin",
            ));
        }
        let id = created_id(answer, "creating a temporary application")?;
        Ok((id, name))
    }

    async fn create(&self, kind: Kind, body: Value) -> Result<Answer, VerifyError> {
        self.check_stopped()?;
        self.expect_creation();
        let answer = self.ask(post(&[kind.collection()], JSON, body)).await?;
        if let Some(id) = answer.text("/id").filter(|_| answer.is_success()) {
            self.record_created(kind, id).await?;
        } else if (400..500).contains(&answer.status) {
            self.creation_resolved();
        }
        Ok(answer)
    }

    /// Registers a creation that is about to happen. If its id is never learned, the clean-up searches by name.
    pub fn expect_creation(&self) {
        self.unresolved.set(self.unresolved.get() + 1);
    }

    /// Registers that the outcome of the last creation is known.
    fn creation_resolved(&self) {
        self.unresolved.set(self.unresolved.get().saturating_sub(1));
    }

    /// Registers the id of a creation. Everything registered is changed and deleted later, and the answer to a creation
    /// could name anything, so the id is read back and its name compared. If it is not ours, the clean-up searches by
    /// name.
    pub async fn record_created(&self, kind: Kind, id: &str) -> Result<(), VerifyError> {
        self.check_stopped()?;
        let why = match self.owner(kind, id).await {
            Owner::ThisRun => {
                self.note(kind, id);
                self.creation_resolved();
                return Ok(());
            }
            Owner::Another => {
                "the answer to a creation names something that this run did not create, so it is left alone"
            }
            Owner::Nobody | Owner::Unknown => "the new user or group could not be read back",
        };
        Err(VerifyError::Mismatch(why.to_owned()))
    }

    /// Who created something: this run, if it exists under its id and its name has this run's prefix.
    async fn owner(&self, kind: Kind, id: &str) -> Owner {
        if id.parse::<UserId>().is_err() {
            return Owner::Another;
        }
        let path = [kind.collection(), id];
        match self.send(&self.connection, get(&path)).await {
            Ok(answer) if answer.status == 404 => Owner::Nobody,
            Ok(answer) if answer.is_success() => {
                let name = answer.at("").and_then(|body| self.own_name(kind, body));
                let is_this = answer.text("/id") == Some(id);
                if is_this && name.is_some() {
                    Owner::ThisRun
                } else {
                    Owner::Another
                }
            }
            _ => Owner::Unknown,
        }
    }

    /// The name, if it has this run's prefix.
    fn own_name<'a>(&self, kind: Kind, item: &'a Value) -> Option<&'a str> {
        let name = item.get(kind.name())?.as_str()?;
        let start = name.get(..self.prefix.len())?;
        start.eq_ignore_ascii_case(&self.prefix).then_some(name)
    }

    fn note(&self, kind: Kind, id: &str) {
        let created = Created {
            kind,
            id: id.to_owned(),
        };
        let mut list = self.created.borrow_mut();
        if !list.contains(&created) {
            list.push(created);
        }
    }

    /// Deletes everything that this run created. Creations that were interrupted are found by name. Nothing is deleted
    /// unless its name has this run's prefix.
    pub async fn clean_up(&self) -> Cleanup {
        let mut cleanup = Cleanup {
            searched: true,
            ..Cleanup::default()
        };
        let mut handled = 0;
        // The second pass catches what was created during the first.
        for _ in 0..2 {
            if self.unresolved.get() > 0 {
                cleanup.searched = true;
                for kind in Kind::ALL {
                    cleanup.searched &= self.search(kind).await;
                }
            }
            let created: Vec<Created> = self
                .created
                .borrow()
                .iter()
                .skip(handled)
                .cloned()
                .collect();
            handled += created.len();
            for created in created {
                if self.delete(&created).await {
                    cleanup.deleted += 1;
                } else {
                    cleanup.remaining += 1;
                }
            }
        }
        cleanup
    }

    /// Deletes one user or group, after checking again that this run created it. False if it may still exist.
    async fn delete(&self, created: &Created) -> bool {
        match self.owner(created.kind, &created.id).await {
            Owner::ThisRun => {}
            Owner::Nobody => return true,
            Owner::Another | Owner::Unknown => return false,
        }
        let path = [created.kind.collection(), created.id.as_str()];
        let question = Question {
            method: Method::DELETE,
            ..get(&path)
        };
        let answer = self.send(&self.connection, question).await;
        answer.is_ok_and(|answer| answer.is_success() || answer.status == 404)
    }

    /// The result if the clean-up itself was interrupted: everything may still exist.
    pub fn cleanup_aborted(&self) -> Cleanup {
        Cleanup {
            deleted: 0,
            remaining: self.created.borrow().len(),
            searched: self.unresolved.get() == 0,
        }
    }

    /// Searches for other users or groups of this run and registers them. False if the search failed.
    async fn search(&self, kind: Kind) -> bool {
        let filter = format!("{} sw \"{}\"", kind.name(), self.prefix);
        let (path, query) = ([kind.collection()], [("filter", filter.as_str())]);
        // No filter is documented for applications; the names are compared below.
        let query = if kind == Kind::Application {
            &[][..]
        } else {
            &query
        };
        let question = Question {
            query,
            ..get(&path)
        };
        match self.send(&self.connection, question).await {
            // Whoever may not read applications has created none.
            Ok(answer) if kind == Kind::Application && answer.status == 403 => true,
            Ok(answer) if answer.is_success() => {
                let items = answer.items(kind.collection()).iter();
                let own = items.filter(|item| self.own_name(kind, item).is_some());
                let ids: Option<Vec<&str>> = own.map(|item| item["id"].as_str()).collect();
                for id in ids.iter().flatten() {
                    self.note(kind, id);
                }
                ids.is_some()
            }
            _ => false,
        }
    }

    /// Generates a random password, which is masked in all answers.
    pub fn password(&self) -> Result<String, VerifyError> {
        const CHARACTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        // Contains every kind of character that policies require, and no character twice in a row.
        let mut password = String::from("q7!K");
        for byte in random()? {
            let place = usize::from(byte) % CHARACTERS.len();
            let next = char::from(CHARACTERS[place]);
            if !password.ends_with(next) {
                password.push(next);
            }
        }
        self.mask.borrow_mut().add(&password);
        Ok(password)
    }
}

impl Drop for TestContext {
    fn drop(&mut self) {
        wipe(Value::Object(std::mem::take(&mut self.params)));
    }
}

fn created_id(answer: Answer, purpose: &'static str) -> Result<String, VerifyError> {
    match answer.text("/id").filter(|_| answer.is_success()) {
        Some(id) => Ok(id.to_owned()),
        None => Err(VerifyError::Refused {
            purpose,
            answer: Box::new(answer),
        }),
    }
}

/// Random bytes.
fn random() -> Result<[u8; 16], VerifyError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| VerifyError::Skipped("this machine has no source of random numbers"))?;
    Ok(bytes)
}

/// An id that does not exist.
pub fn unused_id() -> Result<String, VerifyError> {
    let id = uuid::Builder::from_random_bytes(random()?).into_uuid();
    Ok(id.hyphenated().to_string())
}

/// A GET.
pub fn get<'a>(path: &'a [&'a str]) -> Question<'a> {
    Question {
        method: Method::GET,
        path,
        query: &[],
        content_type: None,
        body: None,
    }
}

/// A POST without a body, whose media type selects the operation.
pub fn operation<'a>(path: &'a [&'a str], content_type: &'static str) -> Question<'a> {
    Question {
        method: Method::POST,
        content_type: Some(content_type),
        ..get(path)
    }
}

/// A POST with a body.
pub fn post<'a>(path: &'a [&'a str], content_type: &'static str, body: Value) -> Question<'a> {
    Question {
        body: Some(body),
        ..operation(path, content_type)
    }
}

/// A PUT.
pub fn put<'a>(path: &'a [&'a str], content_type: &'static str, body: Value) -> Question<'a> {
    Question {
        method: Method::PUT,
        ..post(path, content_type, body)
    }
}

/// A PATCH.
pub fn patch<'a>(path: &'a [&'a str], content_type: &'static str, body: Value) -> Question<'a> {
    Question {
        method: Method::PATCH,
        ..post(path, content_type, body)
    }
}
