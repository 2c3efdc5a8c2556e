//! The last run: what XSOAR's server keeps for an instance from one fetch to the next. `session.rs` reads it before the
//! fetch and stores the next one after the answer.

use std::cell::RefCell;

use serde_json::{Map, Value};

/// The last run of a fetch, and what replaces it.
#[derive(Default)]
pub struct LastRun {
    stored: Map<String, Value>,
    next: RefCell<Option<Map<String, Value>>>,
}

impl LastRun {
    /// What the previous fetch left; empty before the first one.
    pub fn new(stored: Map<String, Value>) -> Self {
        Self {
            stored,
            next: RefCell::default(),
        }
    }

    /// What the previous fetch left.
    pub fn stored(&self) -> &Map<String, Value> {
        &self.stored
    }

    /// Sets what the next fetch will find, provided that the answer is delivered.
    pub fn set_next(&self, next: Map<String, Value>) {
        self.next.replace(Some(next));
    }

    /// What to store, if this fetch set anything.
    pub fn take_next(&self) -> Option<Map<String, Value>> {
        self.next.take()
    }
}
