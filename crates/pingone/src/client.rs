//! One call to PingOne: with a token, within the command's time, tried again where that is right, its answer
//! decoded. Which calls there are is not known here, nor how bytes travel.

use std::{cell::RefCell, rc::Rc, time::Duration};

use jiff::Timestamp;
use reqwest::{Method, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::{
    authenticate::Refused,
    changes::{Change, ChangeState, Changes},
    clock::Clock,
    error::{Error, Problem, Refusal, TOO_MUCH, Tries},
    http::Http,
    id::UserId,
    policy::{Cleared, Policy, Touches},
    recorder::Recorder,
    retry::{self, Outcome, Repeat},
    server_clock::ServerClock,
    settings::{Limits, Settings},
    tape::Tape,
    token::{StoredToken, TokenState},
    transport::{Authorization, HttpRequest, Reply, Transport},
};
use crate::{
    journal::{Journal, Level},
    memory::{Budget, Exhausted, Held, Unread},
    secrets::{Mask, wipe},
    surroundings::Surroundings,
};

/// What outlives a command: connections and the token, under one set of settings.
pub struct Connection {
    pub(super) settings: Settings,
    fingerprint: String,
    transport: Transport,
    pub(super) clock: Clock,
    /// Held while a token is asked for, so that calls at the same time ask once.
    pub(super) token: Mutex<TokenState>,
    changes: Changes,
}

impl Connection {
    /// A connection over the network; nothing is sent yet.
    pub fn live(settings: Settings, surroundings: &Surroundings) -> anyhow::Result<Self> {
        let transport = Transport::Live(Http::new(&settings, surroundings)?);
        Ok(Self::new(settings, transport, Clock::real()))
    }

    /// The same with a clock that begins at `date` and is put forward instead of waiting between tries: for tests.
    pub fn without_waits(
        settings: Settings,
        surroundings: &Surroundings,
        date: Timestamp,
    ) -> anyhow::Result<Self> {
        let transport = Transport::Live(Http::new(&settings, surroundings)?);
        Ok(Self::new(settings, transport, Clock::put_forward(date)))
    }

    /// A connection over the network that records what is sent and comes back.
    pub fn record(
        settings: Settings,
        surroundings: &Surroundings,
        recorder: Rc<Recorder>,
    ) -> anyhow::Result<Self> {
        let transport = Transport::Record(Http::new(&settings, surroundings)?, recorder);
        Ok(Self::new(settings, transport, Clock::recording()))
    }

    /// A connection to a recording.
    pub fn replay(settings: Settings, tape: Rc<Tape>) -> Self {
        let clock = Clock::replay(Rc::clone(&tape));
        Self::new(settings, Transport::Replay(tape), clock)
    }

    fn new(settings: Settings, transport: Transport, clock: Clock) -> Self {
        let fingerprint = settings.fingerprint();
        Self {
            settings,
            fingerprint,
            transport,
            clock,
            token: Mutex::default(),
            changes: Changes::default(),
        }
    }

    /// The settings it was made for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A command begins: what an earlier one changed does not count any more.
    pub fn forget_changes(&self) {
        self.changes.clear();
    }

    /// What the command under way, or the last one, sent to change something.
    pub fn changes(&self) -> Vec<Change> {
        self.changes.all()
    }

    /// The date and time.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// A command begins. When: also a recording has to know.
    fn begin(&self) -> Timestamp {
        let now = self.clock.now();
        self.transport.begin(now);
        now
    }

    /// Whether a call would need a new token.
    pub async fn wants_token(&self) -> bool {
        self.token.lock().await.usable(self.clock.now()).is_none()
    }

    /// Takes over a token that another process stored, if it belongs to these settings.
    pub async fn restore_token(&self, stored: StoredToken) {
        let now = self.clock.now();
        let mut state = self.token.lock().await;
        state.restore(stored, &self.fingerprint, now);
    }

    /// The token, if it came from PingOne since the last call of this function.
    pub async fn fresh_token(&self) -> Option<StoredToken> {
        self.token.lock().await.take_fresh(self.fingerprint.clone())
    }
}

/// The client of one command: a connection, the command's time, and its log, which knows the secrets that its
/// answers must not show.
pub struct Client<'a> {
    pub(super) connection: &'a Connection,
    limits: Limits,
    began: Duration,
    now: Timestamp,
    pub(super) journal: &'a Journal,
    pub(super) policy: Policy,
    pub(super) cleared: RefCell<Cleared>,
    pub(super) server_clock: ServerClock,
    /// With `only_plan`: the changes that would have been sent, and whom each would have changed.
    plan: RefCell<Option<Vec<(Touches, String)>>>,
    /// Why no further call is made: PingOne definitely refuses the credentials, or a token that it just gave.
    pub(super) refused: RefCell<Option<Refused>>,
    budget: Budget,
}

/// A call, before it has a token.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) content_type: Option<&'static str>,
    pub(super) body: Option<Zeroizing<Vec<u8>>>,
    pub(super) repeat: Repeat,
    pub(super) touches: Touches,
    /// How texts name it, if not by its own address.
    pub(super) called: Option<String>,
}

impl Call {
    /// Reads something.
    pub(super) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            content_type: None,
            body: None,
            repeat: Repeat::Safe,
            touches: Touches::Nothing,
            called: None,
        }
    }

    /// Reads on at an address that PingOne gave.
    pub(super) fn get_further(url: Url, called: &str) -> Self {
        Self {
            called: Some(format!("{called} (a further page)")),
            ..Self::get(url)
        }
    }

    /// Deletes something.
    pub(super) fn delete(url: Url, touches: Touches) -> Self {
        Self {
            method: Method::DELETE,
            touches,
            ..Self::get(url)
        }
    }

    /// An operation that PingOne chooses by the media type alone.
    pub(super) fn operation(url: Url, content_type: &'static str, touches: Touches) -> Self {
        Self {
            touches,
            method: Method::POST,
            content_type: Some(content_type),
            ..Self::get(url)
        }
    }

    /// Sends `body` as the media type says.
    pub(super) fn with_body(
        method: Method,
        url: Url,
        content_type: &'static str,
        body: Value,
        touches: Touches,
    ) -> Self {
        let bytes = Some(Zeroizing::new(body.to_string().into_bytes()));
        // A new password may have been in it.
        wipe(body);
        Self {
            method,
            content_type: Some(content_type),
            body: bytes,
            touches,
            ..Self::get(url)
        }
    }
}

/// The media type of plain bodies.
pub(super) const JSON: &str = "application/json";

impl<'a> Client<'a> {
    /// A client for one command, whose time begins now.
    pub fn new(
        connection: &'a Connection,
        limits: Limits,
        policy: Policy,
        journal: &'a Journal,
    ) -> Self {
        Self {
            connection,
            limits,
            began: connection.clock.elapsed(),
            now: connection.begin(),
            journal,
            policy,
            cleared: RefCell::default(),
            server_clock: ServerClock::default(),
            plan: RefCell::default(),
            refused: RefCell::default(),
            budget: Budget::of_a_command(),
        }
    }

    /// What the command may still use of memory.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The secrets that are known so far.
    pub fn mask(&self) -> Rc<Mask> {
        self.journal.mask()
    }

    /// From now on changes are noted, not sent; PingOne is taken to say that they were made.
    pub fn only_plan(&self) {
        self.plan.replace(Some(Vec::new()));
    }

    /// Whether changes are only noted.
    pub fn only_plans(&self) -> bool {
        self.plan.borrow().is_some()
    }

    /// The changes of a user that were noted since the last call, each once. Several users may be planned for
    /// at the same time.
    pub fn take_plan(&self, user: UserId) -> Vec<String> {
        let mut plan = self.plan.borrow_mut();
        let Some(plan) = plan.as_mut() else {
            return Vec::new();
        };
        let (taken, others) = std::mem::take(plan)
            .into_iter()
            .partition(|(touches, _)| touches.user() == Some(user));
        *plan = others;
        let taken: Vec<(Touches, String)> = taken;
        taken.into_iter().map(|(_, described)| described).collect()
    }

    /// The date and time at which the command began; the same throughout, so that its parts agree.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Reads the environment itself: every role may.
    pub async fn read_environment(&self) -> Result<(), Error> {
        self.call_json(Call::get(self.url(&[], ""))).await.map(drop)
    }

    /// The address of something in the environment. Each part is one path segment, encoded as such.
    pub(super) fn url(&self, path: &[&str], query: &str) -> Url {
        let mut url = self.connection.settings.api.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        url
    }

    /// Makes the call with a token; an answer that is no success is an error.
    pub(super) async fn call(&self, call: Call) -> Result<Reply, Error> {
        let operation = call.content_type;
        let (reply, tries) = self.exchange(call).await?;
        if reply.is_success() {
            return Ok(reply);
        }
        let problem = Problem::Refused(Refusal {
            operation,
            ..Refusal::read(&reply, &self.mask())
        });
        Err(Error {
            problem: Box::new(problem),
            tries,
        })
    }

    /// Makes the call with a token and gives the last answer, whatever it is. PingOne refusing the token is
    /// answered once with a new one.
    pub(super) async fn exchange(&self, call: Call) -> Result<(Reply, Tries), Error> {
        let Call {
            method,
            url,
            content_type,
            body,
            repeat,
            touches,
            called,
        } = call;
        // Boxed, since finding out may take calls of its own.
        if touches != Touches::Nothing {
            Box::pin(self.permit(touches)).await?;
        }
        if method != Method::GET
            && let Some(plan) = self.plan.borrow_mut().as_mut()
        {
            let body = body
                .as_deref()
                .map(|body| String::from_utf8_lossy(body))
                .unwrap_or_default();
            let described = [
                method.as_str(),
                url.path(),
                content_type.unwrap_or_default(),
                &self.mask().text(&body),
            ]
            .join(" ");
            let noted = (touches, described.trim_end().to_owned());
            if !plan.contains(&noted) {
                plan.push(noted);
            }
            let made = Reply {
                status: 204,
                ..Reply::default()
            };
            return Ok((made, Tries::default()));
        }
        let _turn = self.connection.transport.turn().await;
        let began = self.elapsed();
        let mut tries = Tries::default();
        let mut request = HttpRequest {
            method,
            url,
            authorization: Authorization::None,
            content_type,
            body,
            called,
        };
        let mut renewed = false;
        let problem = loop {
            // No token any more after an earlier try of a change: that try may have been carried out.
            let token = self.bearer().await.map_err(|mut error| {
                error.tries.outcome_unknown |= tries.outcome_unknown;
                error
            })?;
            request.authorization = Authorization::Bearer(token.clone());
            match self.attempts(&request, repeat, &mut tries).await {
                Ok(reply) => {
                    let received = self.elapsed();
                    if reply.is_success() {
                        self.server_clock.hear(&reply, received);
                    }
                    if self.gives_up_token(&reply, &token, renewed).await {
                        renewed = true;
                        continue;
                    }
                    tries.elapsed = received.saturating_sub(began);
                    return Ok((reply, tries));
                }
                Err(problem) => break problem,
            }
        };
        tries.elapsed = self.connection.clock.elapsed().saturating_sub(began);
        Err(Error {
            problem: Box::new(problem),
            tries,
        })
    }

    /// Makes the call and reads its answer, which has to be one JSON object: PingOne gives nothing else.
    pub(super) async fn call_json(&self, call: Call) -> Result<Value, Error> {
        let described = Described::of(&call);
        let (value, _, held) = self.call_sized_json(call).await?;
        held.pass_on()
            .map_err(|Exhausted| described.unusable(TOO_MUCH))?;
        Ok(value)
    }

    /// The same, with the number of bytes that it came in, and its share of the command's memory.
    pub(super) async fn call_sized_json(&self, call: Call) -> Result<(Value, usize, Held), Error> {
        let described = Described::of(&call);
        let reply = self.call(call).await?;
        let mut held = self.budget.hold();
        let value = described
            .json(&reply, &mut held)?
            .ok_or_else(|| described.unusable("it is empty"))?;
        Ok((value, reply.body.len(), held))
    }

    /// Makes the call; its answer may be empty. What is not empty has to be PingOne's: behind a success status
    /// that a gateway made up, nothing was changed.
    pub(super) async fn call_maybe_json(&self, call: Call) -> Result<Option<Value>, Error> {
        let described = Described::of(&call);
        let reply = self.call(call).await?;
        let mut held = self.budget.hold();
        let value = described.json(&reply, &mut held)?;
        held.pass_on()
            .map_err(|Exhausted| described.unusable(TOO_MUCH))?;
        Ok(value)
    }

    /// What PingOne says, with every secret masked.
    pub(super) async fn read(&self, call: Call) -> Result<Value, Error> {
        let raw = self.call_json(call).await?;
        Ok(self.mask().value(raw))
    }

    /// Changes something. What PingOne says, if anything, with every secret masked.
    pub(super) async fn change(&self, call: Call) -> Result<Option<Value>, Error> {
        let raw = self.call_maybe_json(call).await?;
        Ok(raw.map(|raw| self.mask().value(raw)))
    }

    /// The address of something that belongs to a user.
    pub(super) fn user_url(&self, user: UserId, rest: &[&str]) -> Url {
        let id = user.to_string();
        self.url(&[&["users", &id], rest].concat(), "")
    }

    /// Sends until there is an answer that is not worth another try, or no time or try is left.
    pub(super) async fn attempts(
        &self,
        request: &HttpRequest,
        repeat: Repeat,
        tries: &mut Tries,
    ) -> Result<Reply, Problem> {
        let Connection {
            settings,
            clock,
            transport,
            changes,
            ..
        } = self.connection;
        let is_change = request.method != Method::GET && request.url != settings.token_url;
        let mut tried = 0;
        loop {
            let remaining = self.remaining();
            if remaining.is_zero() {
                return Err(Problem::OutOfTime {
                    call: request.call(),
                    limit: self.limits.command,
                });
            }
            tried += 1;
            tries.count += 1;
            let mask = self.mask();
            let pending = is_change.then(|| changes.begin(request.call()));
            let sent = clock.elapsed();
            let (result, took) = transport
                .send(
                    request,
                    self.limits.request.min(remaining),
                    &mask,
                    &self.budget,
                )
                .await;
            clock.pass(took);
            self.journal.note_call(|| {
                let took = clock.elapsed().saturating_sub(sent).as_secs_f64();
                let outcome = match &result {
                    Ok(reply) => reply.status.to_string(),
                    Err(failure) => failure.to_string(),
                };
                format!("{}, try {tried}, {took:.3} s: {outcome}", request.call())
            });
            if let Some(pending) = pending {
                pending.end(match &result {
                    Ok(reply) => ChangeState::Answered(reply.status),
                    Err(failure) if failure.reached => ChangeState::Unanswered,
                    Err(_) => ChangeState::Unsent,
                });
            }
            let outcome = match &result {
                Ok(reply) => {
                    let asked = reply
                        .retry_after
                        .as_deref()
                        .and_then(|header| retry::retry_after(header, clock.now()));
                    Outcome::Status(reply.status, asked)
                }
                Err(failure) => Outcome::NoAnswer {
                    passing: failure.is_passing(),
                    reached: failure.reached,
                },
            };
            let wait = retry::wait(
                outcome,
                repeat,
                tried,
                self.limits.retries,
                self.remaining(),
                clock.chance(),
            );
            tries.outcome_unknown |= is_change && outcome.unknown();
            let Some(wait) = wait else {
                return result.map_err(Problem::NoAnswer);
            };
            let what = match &result {
                Ok(reply) => format!("{} answered {}", request.call(), reply.status),
                Err(failure) => failure.to_string(),
            };
            self.journal.note(
                Level::Info,
                format!("{what}; next try in {:.1} s", wait.as_secs_f64()),
            );
            clock.sleep(wait).await;
        }
    }

    /// Time passed on the clock that counts the command's time.
    pub(super) fn elapsed(&self) -> Duration {
        self.connection.clock.elapsed()
    }

    /// What is left of the command's time.
    fn remaining(&self) -> Duration {
        self.limits
            .command
            .saturating_sub(self.connection.clock.elapsed().saturating_sub(self.began))
    }

    /// Masks a secret from now on: a token, or a password that was made here.
    pub fn hide(&self, secret: &SecretString) {
        self.journal.hide(secret.expose_secret());
    }
}

/// What is said of a call when its answer cannot be used.
struct Described {
    call: String,
    change: bool,
}

impl Described {
    fn of(call: &Call) -> Self {
        Self {
            call: call
                .called
                .clone()
                .unwrap_or_else(|| format!("{} {}", call.method, call.url.path())),
            change: call.method != Method::GET,
        }
    }

    fn unusable(&self, reason: &str) -> Error {
        unusable(&self.call, self.change, reason)
    }

    fn json(&self, reply: &Reply, held: &mut Held) -> Result<Option<Value>, Error> {
        if reply.body.trim_ascii().is_empty() {
            return Ok(None);
        }
        check_content_type(reply).map_err(|reason| self.unusable(reason))?;
        match held.read(&reply.body) {
            Ok(object @ Value::Object(_)) => Ok(Some(object)),
            Ok(_) => Err(self.unusable("it is not a JSON object")),
            Err(Unread::Json(error)) => {
                Err(self.unusable(&format!("it is not valid JSON ({error})")))
            }
            Err(Unread::TooLarge) => Err(self.unusable(TOO_MUCH)),
        }
    }
}

/// Whether an answer says that it is JSON. One that says nothing may be.
pub(super) fn check_content_type(reply: &Reply) -> Result<(), &'static str> {
    let Some(content_type) = &reply.content_type else {
        return Ok(());
    };
    // PingOne says application/hal+json whatever is asked for.
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if essence == JSON || essence.ends_with("+json") {
        Ok(())
    } else {
        Err("it is not JSON by its content type; a proxy or gateway may have answered")
    }
}

/// An answer with a success status that makes no sense.
pub(super) fn unusable(call: &str, change: bool, reason: &str) -> Error {
    let problem = Problem::Answer {
        call: call.to_owned(),
        reason: reason.to_owned(),
        change,
    };
    Error {
        problem: Box::new(problem),
        tries: Tries::default(),
    }
}
