//! PingOne in memory, on loopback, for tests and for trying commands without a tenant.
//!
//! It holds what the commands touch and behaves as documented. Where a fact is not confirmed, the
//! code says UNCONFIRMED next to it. It proves nothing about a real tenant and is never part of a
//! shipped build (cargo feature `sandbox`).
//!
//! ```text
//! server     connections, faults, the sandbox's own URLs, the routes
//!   ▼
//! handlers   one file per resource
//!   ▼
//! render     users, groups, activities and pages as PingOne's JSON
//!   ▼
//! model      the data and its rules
//!   ▼
//! protocol   requests, replies, errors, the filter language
//! ```

mod protocol;

mod model;
mod render;

mod handlers;

mod server;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub use model::alternative::Alternative;
pub use model::fault::Fault;
pub use model::permission::Area;
pub use model::seed::{self, Seed};
pub use server::calls::Call;

use handlers::collector;
use model::seed::users::PushResponse;
use model::store::Store;
use server::shared::Shared;

/// A running sandbox. Dropping it stops the server and joins its thread.
#[derive(Debug)]
pub struct Sandbox {
    url: String,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on a free port of 127.0.0.1, in its own thread, so that it serves blocking
    /// and asynchronous tests alike.
    pub fn start(seed: Seed) -> anyhow::Result<Self> {
        Self::start_on(seed, 0)
    }

    /// Starts a sandbox on `port`; 0 picks a free one.
    pub fn start_on(seed: Seed, port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("listening on 127.0.0.1:{port}"))?;
        listener.set_nonblocking(true)?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared::new(Store::build(seed, url.clone())?));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("starting the sandbox's runtime")?;
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
                        return;
                    };
                    tokio::select! {
                        () = server::serve::serve(listener, served) => {}
                        _ = stopped => {}
                    }
                });
            })
            .context("starting the sandbox's thread")?;
        Ok(Self {
            url,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The base URL, `http://127.0.0.1:port`, for both `api_url` and `auth_url`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Instance parameters for the seed's first application.
    pub fn params(&self) -> Value {
        self.params_for(0)
    }

    /// Instance parameters for the application at `position`; null credentials if there is none.
    pub fn params_for(&self, position: usize) -> Value {
        let store = self.shared.store();
        let application = store.applications.get(position);
        json!({
            "environment_id": store.environment.id,
            "credentials": {
                "identifier": application.map(|one| &one.id),
                "password": application.map(|one| &one.secret),
            },
            "api_url": self.url,
            "auth_url": self.url,
            "xsiam_url": format!("{}/logs/v1/event", self.url),
            "xsiam_key": {"password": collector::KEY},
        })
    }

    /// The calls so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls()
    }

    /// Clears the log of calls.
    pub fn clear_calls(&self) {
        self.shared.clear_calls();
    }

    /// The highest number of requests in flight at once; use delays to make it visible.
    pub fn max_in_flight(&self) -> usize {
        self.shared.max_in_flight()
    }

    /// The state, as in `GET /sandbox/state`.
    pub fn state(&self) -> Value {
        self.shared.state()
    }

    /// The state of the user with this username or id.
    pub fn user(&self, name: &str) -> Option<Value> {
        let mut state = self.state();
        let users = state.get_mut("users")?.as_array_mut()?;
        let position = users
            .iter()
            .position(|user| user["username"] == name || user["id"] == name)?;
        Some(users.swap_remove(position))
    }

    /// Adds a fault. The first fault that matches a request applies.
    pub fn fault(&self, fault: Fault) {
        self.shared.faults().push(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.faults().clear();
    }

    /// Invalidates every access token.
    pub fn expire_tokens(&self) {
        self.shared.store().tokens.clear();
    }

    /// Decides how the user with this name or id responds to pushes, including those on their way.
    ///
    /// # Errors
    ///
    /// Fails if there is no such user.
    pub fn set_push_response(&self, user: &str, response: PushResponse) -> anyhow::Result<()> {
        self.shared
            .store()
            .set_push_response(user, response)
            .map_err(|_| anyhow::anyhow!("no user '{user}'"))
    }

    /// Moves the clock forward: locks, lockouts and tokens expire.
    pub fn advance(&self, by: Duration) {
        self.shared.store().clock.advance(by);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It stops at once. A panic in it has already failed its clients.
            let _ = thread.join();
        }
    }
}
