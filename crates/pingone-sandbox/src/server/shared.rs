//! What the server and its handle both see: the store, the faults, the calls so far.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::fault::Fault;
use crate::model::store::Store;
use crate::server::calls::Call;

/// How many calls are remembered; older ones are forgotten first.
const MAX_LOGGED_CALLS: usize = 100_000;

/// What the server and its handle both see.
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

    // A handler that panicked has ended its connection; the others go on.
    pub(crate) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Remembers a call; its status is settled when it is answered.
    pub(crate) fn log(&self, call: Call) -> u64 {
        let number = self.calls_seen.fetch_add(1, Ordering::Relaxed);
        let mut calls = self.call_log();
        if calls.len() >= MAX_LOGGED_CALLS {
            calls.pop_front();
        }
        calls.push_back((number, call));
        number
    }

    /// Says how a remembered call ended.
    pub(crate) fn set_status(&self, number: u64, status: u16) {
        let mut calls = self.call_log();
        // The latest are the likeliest; one that was cleared away meanwhile is not there.
        if let Some((_, call)) = calls.iter_mut().rev().find(|(one, _)| *one == number) {
            call.status = status;
        }
    }
}

/// Counts a request as being answered for as long as it lives.
pub(crate) struct InFlight<'a>(&'a Shared);

impl<'a> InFlight<'a> {
    /// One more is being answered.
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
