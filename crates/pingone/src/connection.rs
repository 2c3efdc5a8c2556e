//! What outlives a command: HTTP connections and the access token, for one set of settings.

use std::rc::Rc;

use jiff::Timestamp;
use tokio::sync::Mutex;

use super::{
    clock::Clock,
    http::Http,
    recorder::Recorder,
    settings::Settings,
    tape::Tape,
    token::{StoredToken, TokenState},
    transport::Transport,
};
use crate::network_env::NetworkEnv;

/// HTTP connections and the access token, for one set of settings.
pub struct Connection {
    pub(crate) settings: Settings,
    fingerprint: String,
    pub(crate) transport: Transport,
    pub(crate) clock: Clock,
    /// Locked while a token is being requested, so that concurrent calls request it once.
    pub(crate) token: Mutex<TokenState>,
}

impl Connection {
    /// A connection over the network; nothing is sent yet.
    pub fn live(settings: Settings, env: &NetworkEnv) -> anyhow::Result<Self> {
        let transport = Transport::Live(Http::new(&settings, env)?);
        Ok(Self::new(settings, transport, Clock::real()))
    }

    /// Like [`Connection::live`], with a clock that starts at `date` and that waits between attempts move forward at
    /// once: for tests.
    pub fn with_simulated_waits(
        settings: Settings,
        env: &NetworkEnv,
        date: Timestamp,
    ) -> anyhow::Result<Self> {
        let transport = Transport::Live(Http::new(&settings, env)?);
        Ok(Self::new(settings, transport, Clock::simulated_waits(date)))
    }

    /// A connection over the network that records every exchange.
    pub fn record(
        settings: Settings,
        env: &NetworkEnv,
        recorder: Rc<Recorder>,
    ) -> anyhow::Result<Self> {
        let transport = Transport::Record(Http::new(&settings, env)?, recorder);
        Ok(Self::new(settings, transport, Clock::recording()))
    }

    /// A connection that replays a recording.
    pub fn replay(settings: Settings, tape: Rc<Tape>) -> Self {
        let recorded = Rc::clone(&tape);
        let clock = Clock::replay(move || recorded.time());
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
        }
    }

    /// The settings that it was made for.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The date and time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Called when a command begins: a recording notes the time.
    pub(crate) fn begin(&self) -> Timestamp {
        let now = self.clock.now();
        self.transport.begin(now);
        now
    }

    /// Whether the next call will have to request a token.
    pub async fn needs_token(&self) -> bool {
        self.token.lock().await.usable(self.clock.now()).is_none()
    }

    /// Adopts a token stored by another process if it belongs to these settings.
    pub async fn restore_token(&self, stored: StoredToken) {
        let now = self.clock.now();
        let mut state = self.token.lock().await;
        state.restore(stored, &self.fingerprint, now);
    }

    /// The token to store, if PingOne issued one since the last call of this function.
    pub async fn take_unsaved_token(&self) -> Option<StoredToken> {
        self.token
            .lock()
            .await
            .take_unsaved(self.fingerprint.clone())
    }
}
