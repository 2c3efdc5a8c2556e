//! What a self-test works with: the commands as XSOAR calls them, PingOne asked directly, and a list of what
//! was made, so that all of it can be deleted again. What is tried and what it should come to is not known
//! here; the story of a self-test is in `mod.rs`.

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
    instance::Instance,
    protocol::Request,
    run::Runner,
};
use pingone::{
    Client, Connection,
    id::{PopulationId, UserId},
    journal::Journal,
    policy::Policy,
    probe::{Answer, Question},
    secrets::{Mask, wipe},
    settings::{Limits, Settings},
    token::ClientAuthentication,
};

/// The media type of plain bodies.
pub const JSON: &str = "application/json";

/// How every name begins that a self-test makes; behind it stands what is different in each run.
const NAMES_BEGIN: &str = "pingone-xsoar-verify-";

/// What a self-test works with.
pub struct TestContext {
    runner: RefCell<Runner>,
    params: Map<String, Value>,
    env: Env,
    connection: Connection,
    limits: Limits,
    /// Grows with the passwords that are made up.
    mask: RefCell<Mask>,
    prefix: String,
    population: OnceCell<PopulationId>,
    made: RefCell<Vec<Made>>,
    /// How many things may exist whose ids never came.
    unsure: Cell<usize>,
    stopped: Cell<bool>,
    stop: Notify,
    patience: Duration,
}

/// Something that has to be deleted in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Made {
    kind: Kind,
    id: String,
}

/// What a self-test makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A user.
    User,
    /// A group.
    Group,
}

impl Kind {
    const ALL: [Self; 2] = [Self::User, Self::Group];

    /// The collection's name in paths and in answers.
    fn collection(self) -> &'static str {
        match self {
            Self::User => "users",
            Self::Group => "groups",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::User => "username",
            Self::Group => "name",
        }
    }
}

/// Whose something is, by what PingOne says of it.
enum Owner {
    /// This run made it.
    ThisRun,
    /// Somebody else.
    Another,
    /// It is not there.
    Nobody,
    /// PingOne does not say.
    Unknown,
}

/// How the deleting went.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CleanedUp {
    /// What was made, or may have been, is gone.
    pub gone: usize,
    /// What could not be deleted, or of which it is not known.
    pub left: usize,
    /// Whether PingOne could be asked if anything else of this run is there.
    pub searched: bool,
}

impl CleanedUp {
    /// Whether nothing is left behind for sure.
    pub fn is_complete(&self) -> bool {
        self.left == 0 && self.searched
    }
}

impl TestContext {
    /// Checks the parameters; nothing is sent yet.
    pub fn new(
        params: Map<String, Value>,
        population: Option<PopulationId>,
        patience: Duration,
        env: Env,
    ) -> Result<Self> {
        let Instance {
            settings,
            limits,
            mask,
            policy,
            ..
        } = Instance::read(&params, &Map::new(), false, &env)?;
        ensure!(
            !policy.forbids_anything(),
            "The self-test creates, changes and deletes users and groups, which this instance restricts ('Read only', 'Protected users' or 'Protected groups'). Give it parameters without these three, of a trial environment."
        );
        let [first, second, third, fourth, ..] = random()?;
        let cx = Self {
            runner: RefCell::new(Runner::live(env.clone())),
            params,
            connection: Connection::live(settings, &env.network())?,
            env,
            limits,
            mask: RefCell::new(mask),
            prefix: format!("{NAMES_BEGIN}{first:02x}{second:02x}{third:02x}{fourth:02x}"),
            population: OnceCell::new(),
            made: RefCell::default(),
            unsure: Cell::new(0),
            stopped: Cell::new(false),
            stop: Notify::new(),
            patience,
        };
        if let Some(population) = population {
            // The cell is new, so it takes the value.
            let _ = cx.population.set(population);
        }
        Ok(cx)
    }

    /// Where and as whom.
    pub fn settings(&self) -> &Settings {
        self.connection.settings()
    }

    /// The date and time.
    pub fn now(&self) -> Timestamp {
        self.connection.now()
    }

    /// A date and time so many seconds from now, as PingOne writes it.
    pub fn in_seconds(&self, seconds: i64) -> String {
        let at = self.now().as_second() + seconds;
        Timestamp::from_second(at).unwrap_or_default().to_string()
    }

    /// How the name of everything begins that this run makes.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// How long to wait for something to show in the audit trail.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// How the worker application proved who it is, if a token came since this was last asked.
    pub async fn authentication(&self) -> Option<ClientAuthentication> {
        let token = self.connection.take_unsaved_token().await?;
        Some(token.client_authentication)
    }

    /// Lets the running step or probe end at its next call.
    pub fn stop(&self) {
        self.stopped.set(true);
        self.stop.notify_waiters();
    }

    fn go_on(&self) -> Result<(), VerifyError> {
        if self.stopped.get() {
            return Err(VerifyError::Interrupted);
        }
        Ok(())
    }

    /// Waits, unless somebody wants the self-test to end.
    pub async fn pause(&self, duration: Duration) -> Result<(), VerifyError> {
        self.go_on()?;
        // That nobody stops it in this time is what is waited for.
        let _ = tokio::time::timeout(duration, self.stop.notified()).await;
        self.go_on()
    }

    /// Carries out a command as if XSOAR's server had sent it. An error entry is an error.
    pub async fn command(&self, command: &str, args: Value) -> Result<Note, VerifyError> {
        self.go_on()?;
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
        let mut answer = Err(VerifyError::Skipped("the command gave no entry"));
        // A note comes first; an error after it tells what did not work.
        for entry in entries {
            match entry {
                Entry::Note(note) => answer = Ok(note),
                Entry::Error(failure) => return Err(VerifyError::Command(failure.contents)),
            }
        }
        answer
    }

    /// Asks PingOne directly; a refusal is an answer too.
    pub async fn ask(&self, question: Question<'_>) -> Result<Answer, VerifyError> {
        self.go_on()?;
        Ok(self.ask_anyway(&self.connection, question).await?)
    }

    /// Asks another environment of the same PingOne, with the same worker application.
    pub async fn ask_environment(&self, id: &str) -> Result<Answer, VerifyError> {
        self.go_on()?;
        let mut settings = self.settings().clone();
        if let Ok(mut path) = settings.api.path_segments_mut() {
            path.pop().push(id);
        }
        let connection = Connection::live(settings, &self.env.network())
            .map_err(|_| VerifyError::Skipped("no second connection could be prepared"))?;
        Ok(self.ask_anyway(&connection, get(&[])).await?)
    }

    async fn ask_anyway(
        &self,
        connection: &Connection,
        question: Question<'_>,
    ) -> Result<Answer, pingone::Error> {
        let journal = Journal::buffered();
        journal.set_mask(self.mask.borrow().clone());
        // Each call has a command's time of its own.
        let policy = Policy::default();
        let client = Client::new(connection, self.limits, policy, &journal, Rc::default());
        client.probe(question).await
    }

    /// Reads something that has to be there.
    pub async fn read(&self, path: &[&str]) -> Result<Answer, VerifyError> {
        self.need("reading back", get(path)).await
    }

    /// Asks for something that has to succeed, or nothing further makes sense.
    pub async fn need(
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

    /// The population for the throwaway users: the one that was given, else the default one.
    pub async fn population(&self) -> Result<PopulationId, VerifyError> {
        if let Some(population) = self.population.get() {
            return Ok(*population);
        }
        let answer = self
            .need("reading the populations", get(&["populations"]))
            .await?;
        let default = answer
            .items("populations")
            .iter()
            .find(|population| population["default"] == true)
            .and_then(|population| population["id"].as_str()?.parse().ok())
            .ok_or(VerifyError::Skipped(
                "PingOne names no default population: give one with --population",
            ))?;
        Ok(*self.population.get_or_init(|| default))
    }

    /// Creates a throwaway user directly: `suffix` ends its name, `more` is sent beside name and population.
    /// PingOne's refusal is an answer.
    pub async fn try_user(&self, suffix: &str, more: Value) -> Result<Answer, VerifyError> {
        let mut body = json!({
            "population": {"id": self.population().await?.to_string()},
            "username": format!("{}-{suffix}", self.prefix),
        });
        if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        self.try_making(Kind::User, body).await
    }

    /// Creates a throwaway user that has to come into being; gives its id.
    pub async fn user(&self, suffix: &str) -> Result<String, VerifyError> {
        let answer = self.try_user(suffix, Value::Null).await?;
        made_id(answer, "creating a throwaway user")
    }

    /// Creates a throwaway group; gives its id and name.
    pub async fn group(&self, suffix: &str) -> Result<(String, String), VerifyError> {
        let name = format!("{}-{suffix}", self.prefix);
        let answer = self.try_making(Kind::Group, json!({"name": name})).await?;
        Ok((made_id(answer, "creating a throwaway group")?, name))
    }

    async fn try_making(&self, kind: Kind, body: Value) -> Result<Answer, VerifyError> {
        self.go_on()?;
        self.about_to_make();
        let answer = self.ask(post(&[kind.collection()], JSON, body)).await?;
        if let Some(id) = answer.text("/id").filter(|_| answer.is_success()) {
            self.made(kind, id).await?;
        } else if (400..500).contains(&answer.status) {
            self.nothing_unknown();
        }
        Ok(answer)
    }

    /// Notes that something is about to be made: the clean-up looks for it by its name if its id never comes.
    pub fn about_to_make(&self) {
        self.unsure.set(self.unsure.get() + 1);
    }

    /// Notes that it is known what came of the last of what was about to be made.
    fn nothing_unknown(&self) {
        self.unsure.set(self.unsure.get().saturating_sub(1));
    }

    /// Notes that something was made that was about to be. The answer to a creation may name anything, and what it
    /// names is changed and deleted from now on; so it has to be read back as this run's own. If it is not, the
    /// clean-up looks for what was made by its name.
    pub async fn made(&self, kind: Kind, id: &str) -> Result<(), VerifyError> {
        self.go_on()?;
        let why = match self.owner(kind, id).await {
            Owner::ThisRun => {
                self.note(kind, id);
                self.nothing_unknown();
                return Ok(());
            }
            Owner::Another => {
                "PingOne's answer to a creation names something else, which is left alone"
            }
            Owner::Nobody | Owner::Unknown => "what was created could not be read back",
        };
        Err(VerifyError::Different(why.to_owned()))
    }

    /// Whose something is: this run's if it can be read under its id and is called as this run's things are.
    async fn owner(&self, kind: Kind, id: &str) -> Owner {
        if id.parse::<UserId>().is_err() {
            return Owner::Another;
        }
        let path = [kind.collection(), id];
        match self.ask_anyway(&self.connection, get(&path)).await {
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

    /// The name of something that is called as this run's things are.
    fn own_name<'a>(&self, kind: Kind, item: &'a Value) -> Option<&'a str> {
        let name = item.get(kind.name())?.as_str()?;
        let start = name.get(..self.prefix.len())?;
        start.eq_ignore_ascii_case(&self.prefix).then_some(name)
    }

    fn note(&self, kind: Kind, id: &str) {
        let made = Made {
            kind,
            id: id.to_owned(),
        };
        let mut list = self.made.borrow_mut();
        if !list.contains(&made) {
            list.push(made);
        }
    }

    /// Deletes everything that this run made. What was under way when the run was interrupted is found by its
    /// name; nothing is deleted whose name does not begin as this run's names do.
    pub async fn clean_up(&self) -> CleanedUp {
        let mut cleaned = CleanedUp {
            searched: true,
            ..CleanedUp::default()
        };
        let mut tried = 0;
        // A second time for what came into being while the first was looking.
        for _ in 0..2 {
            if self.unsure.get() > 0 {
                cleaned.searched = true;
                for kind in Kind::ALL {
                    cleaned.searched &= self.search(kind).await;
                }
            }
            let made: Vec<Made> = self.made.borrow().iter().skip(tried).cloned().collect();
            tried += made.len();
            for made in made {
                if self.delete(&made).await {
                    cleaned.gone += 1;
                } else {
                    cleaned.left += 1;
                }
            }
        }
        cleaned
    }

    /// Deletes one thing, after another look at whose it is; false if it may still be there.
    async fn delete(&self, made: &Made) -> bool {
        match self.owner(made.kind, &made.id).await {
            Owner::ThisRun => {}
            Owner::Nobody => return true,
            Owner::Another | Owner::Unknown => return false,
        }
        let path = [made.kind.collection(), made.id.as_str()];
        let question = Question {
            method: Method::DELETE,
            ..get(&path)
        };
        let answer = self.ask_anyway(&self.connection, question).await;
        answer.is_ok_and(|answer| answer.is_success() || answer.status == 404)
    }

    /// What is to be said if the clean-up itself is broken off: that all may still be there.
    pub fn nothing_deleted(&self) -> CleanedUp {
        CleanedUp {
            gone: 0,
            left: self.made.borrow().len(),
            searched: self.unsure.get() == 0,
        }
    }

    /// Notes what else of this run is there; false if PingOne did not say.
    async fn search(&self, kind: Kind) -> bool {
        let filter = format!("{} sw \"{}\"", kind.name(), self.prefix);
        let (path, query) = ([kind.collection()], [("filter", filter.as_str())]);
        let question = Question {
            query: &query,
            ..get(&path)
        };
        match self.ask_anyway(&self.connection, question).await {
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

    /// A password that no one knows, and that any answer is cleared of.
    pub fn password(&self) -> Result<String, VerifyError> {
        const CHARACTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
        // Every kind of character that policies ask for; no character twice in a row.
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

fn made_id(answer: Answer, purpose: &'static str) -> Result<String, VerifyError> {
    match answer.text("/id").filter(|_| answer.is_success()) {
        Some(id) => Ok(id.to_owned()),
        None => Err(VerifyError::Refused {
            purpose,
            answer: Box::new(answer),
        }),
    }
}

/// Bytes by chance.
fn random() -> Result<[u8; 16], VerifyError> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| VerifyError::Skipped("this machine gives no random numbers"))?;
    Ok(bytes)
}

/// An id that nothing has.
pub fn unused_id() -> Result<String, VerifyError> {
    let id = uuid::Builder::from_random_bytes(random()?).into_uuid();
    Ok(id.hyphenated().to_string())
}

/// Reads.
pub fn get<'a>(path: &'a [&'a str]) -> Question<'a> {
    Question {
        method: Method::GET,
        path,
        query: &[],
        content_type: None,
        body: None,
    }
}

/// An operation that the media type chooses, without a body.
pub fn operation<'a>(path: &'a [&'a str], content_type: &'static str) -> Question<'a> {
    Question {
        method: Method::POST,
        content_type: Some(content_type),
        ..get(path)
    }
}

/// An operation, or a creation, with a body.
pub fn post<'a>(path: &'a [&'a str], content_type: &'static str, body: Value) -> Question<'a> {
    Question {
        body: Some(body),
        ..operation(path, content_type)
    }
}

/// Replaces.
pub fn put<'a>(path: &'a [&'a str], content_type: &'static str, body: Value) -> Question<'a> {
    Question {
        method: Method::PUT,
        ..post(path, content_type, body)
    }
}

/// Changes.
pub fn patch<'a>(path: &'a [&'a str], content_type: &'static str, body: Value) -> Question<'a> {
    Question {
        method: Method::PATCH,
        ..post(path, content_type, body)
    }
}
