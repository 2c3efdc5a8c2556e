//! What is sent and comes back while a recording is made. Exchanges are kept with every secret that is in them,
//! in memory only; whoever writes them down takes the secrets out first.

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
    /// When the command under way began.
    began: Cell<Option<Timestamp>>,
    turn: Mutex<()>,
}

impl Recorder {
    /// Waits until no other call is under way, with its token, its tries and its waits. Calls that would run at
    /// once run one after the other in a recording, as they do in its replay: or one of two that meet an ended
    /// token would ask for a new one here and the other there.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// A command begins.
    pub fn begin(&self, now: Timestamp) {
        self.began.set(Some(now));
    }

    /// Keeps an exchange and gives the time that its replay will count for it.
    pub fn note(
        &self,
        request: &HttpRequest,
        result: &Result<Reply, NoAnswer>,
        took: Duration,
    ) -> Duration {
        // A tenth of a second is as exact as any text of an answer is.
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

    /// The exchanges since the last call of this function.
    pub fn take(&self) -> Vec<Exchange> {
        self.exchanges.take()
    }
}
