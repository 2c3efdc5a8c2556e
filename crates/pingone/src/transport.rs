//! Sends one request and brings one answer, live, live with a recording made, or from a recording. What a request means, whether it is
//! sent again and who may see a token is decided elsewhere; this file has no commands and no retries.
//! `http.rs` is the live half, `tape.rs` the recorded one, `recorder.rs` makes what `tape.rs` plays.

use std::{rc::Rc, time::Duration};

use jiff::Timestamp;
use tokio::sync::MutexGuard;

use super::{
    clock::Clock,
    http::Http,
    recorder::Recorder,
    tape::Tape,
    wire::{HttpRequest, NoAnswer, Reply},
};
use crate::{memory::Budget, secrets::Mask};

/// The way to PingOne.
pub enum Transport {
    /// The network.
    Live(Http),
    /// The network, and what is sent and comes back is recorded.
    Record(Http, Rc<Recorder>),
    /// A recording.
    Replay(Rc<Tape>),
}

impl Transport {
    /// Sends `request` and reads the whole answer within `timeout` and `budget`. Beside the answer, the time that a clock
    /// that only counts has to count for it.
    pub async fn send(
        &self,
        request: &HttpRequest,
        timeout: Duration,
        mask: &Mask,
        budget: &Budget,
    ) -> (Result<Reply, NoAnswer>, Duration) {
        match self {
            Self::Live(http) => {
                let result = http.send(request, timeout, mask, budget).await;
                (result, Duration::ZERO)
            }
            Self::Record(http, recorder) => {
                let clock = Clock::real();
                let result = http.send(request, timeout, mask, budget).await;
                let took = recorder.note(request, &result, clock.elapsed());
                (result, took)
            }
            Self::Replay(tape) => tape.answer(request, mask),
        }
    }

    /// A command begins.
    pub fn begin(&self, now: Timestamp) {
        if let Self::Record(_, recorder) = self {
            recorder.begin(now);
        }
    }

    /// Waits until no other call is under way, if calls have to be made one after the other; they are until
    /// what this gives is dropped.
    pub async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self {
            Self::Record(_, recorder) => Some(recorder.turn().await),
            Self::Live(_) | Self::Replay(_) => None,
        }
    }
}
