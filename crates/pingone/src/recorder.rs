//! Collects the exchanges of a recording. They are kept with every secret in them, in memory only; whoever writes them
//! to a file removes the secrets first.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard};

use super::{
    tape::{Exchange, RecordedFailure, RecordedRequest, RecordedResponse},
    wire::{HttpRequest, NoAnswer, Reply},
};
use crate::secrets::Mask;

/// The exchanges so far.
#[derive(Default)]
pub struct Recorder {
    exchanges: RefCell<Vec<Exchange>>,
    /// When the current command began.
    began: Cell<Option<Timestamp>>,
    turn: Mutex<()>,
}

impl Recorder {
    /// Waits until no other call is in flight, including its token, attempts and waits. A recording makes concurrent
    /// calls one at a time, as its replay does; otherwise, of two calls that meet an expired token, one would request
    /// a new one in the recording and the other in the replay.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Called when a command begins.
    pub fn begin(&self, now: Timestamp) {
        self.began.set(Some(now));
    }

    /// Records an exchange and returns the duration that its replay will count.
    pub fn note(
        &self,
        request: &HttpRequest,
        result: &Result<Reply, NoAnswer>,
        took: Duration,
    ) -> Duration {
        // Messages are never more precise than a tenth of a second.
        let tenths = (took.as_secs_f64() * 10.0).round();
        let exchange = Exchange {
            at: self.began.get(),
            request: RecordedRequest::of(request, &Mask::default()),
            response: result.as_ref().ok().map(RecordedResponse::of),
            failure: result.as_ref().err().map(RecordedFailure::from_no_answer),
            seconds: (tenths > 0.0).then_some(tenths / 10.0),
        };
        let took = exchange.took();
        self.exchanges.borrow_mut().push(exchange);
        took
    }

    /// Takes the exchanges since the last call of this function.
    pub fn take(&self) -> Vec<Exchange> {
        self.exchanges.take()
    }
}
