//! State shared by the server and its handle: the store, faults and the log of calls.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::model::fault::Fault;
use crate::model::store::Store;
use crate::render::state::state;
use crate::server::calls::Call;

/// The maximum length of the log; the oldest calls are dropped first.
const MAX_LOGGED_CALLS: usize = 100_000;

/// State shared by the server and its handle.
#[derive(Debug)]
pub(crate) struct Shared {
    store: Mutex<Store>,
    faults: Mutex<Vec<Fault>>,
    calls: Mutex<VecDeque<(u64, Call)>>,
    calls_seen: AtomicU64,
    in_flight: AtomicUsize,
    max_in_flight: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store: Mutex::new(store),
            faults: Mutex::default(),
            calls: Mutex::default(),
            calls_seen: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            max_in_flight: AtomicUsize::new(0),
        }
    }

    // A handler that panics closes its connection; the others go on.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state as JSON.
    pub(crate) fn state(&self) -> Value {
        let mut store = self.store();
        let now = store.clock.now();
        store.end_pushes(now);
        state(&store)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Vec<Fault>> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.call_log()
            .iter()
            .map(|(_, call)| call.clone())
            .collect()
    }

    pub(crate) fn clear_calls(&self) {
        self.call_log().clear();
        self.max_in_flight
            .store(self.in_flight.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    pub(crate) fn max_in_flight(&self) -> usize {
        self.max_in_flight.load(Ordering::Relaxed)
    }

    fn call_log(&self) -> MutexGuard<'_, VecDeque<(u64, Call)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs a call and returns its number; the status follows with the response.
    pub(crate) fn log(&self, call: Call) -> u64 {
        let number = self.calls_seen.fetch_add(1, Ordering::Relaxed);
        let mut calls = self.call_log();
        if calls.len() >= MAX_LOGGED_CALLS {
            calls.pop_front();
        }
        calls.push_back((number, call));
        number
    }

    /// Sets the status of a logged call.
    pub(crate) fn set_status(&self, number: u64, status: u16) {
        let mut calls = self.call_log();
        // Search from the end, where it usually is. It may have been cleared meanwhile.
        if let Some((_, call)) = calls.iter_mut().rev().find(|(one, _)| *one == number) {
            call.status = status;
        }
    }
}

/// Counts a request as in flight while it lives.
pub(crate) struct InFlight<'a>(&'a Shared);

impl<'a> InFlight<'a> {
    /// Counts one more request.
    pub(crate) fn enter(shared: &'a Shared) -> Self {
        let now = shared.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        shared.max_in_flight.fetch_max(now, Ordering::Relaxed);
        Self(shared)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
