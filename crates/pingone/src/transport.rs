//! Sends one request and returns one answer: live, live while recording, or from a recording. What a request means,
//! whether it is retried and which token it carries is decided elsewhere. `http.rs` is the live half, `tape.rs` the
//! recorded one, and `recorder.rs` makes what `tape.rs` plays.

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
    /// The network, recording every exchange.
    Record(Http, Rc<Recorder>),
    /// A recording.
    Replay(Rc<Tape>),
}

impl Transport {
    /// Sends `request` and reads the whole answer within `timeout` and `budget`. Also returns the duration that a
    /// virtual clock has to count.
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

    /// Called when a command begins.
    pub fn begin(&self, now: Timestamp) {
        if let Self::Record(_, recorder) = self {
            recorder.begin(now);
        }
    }

    /// Waits for the current call to end if calls must be made one at a time; they are until the returned guard is
    /// dropped.
    pub async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self {
            Self::Record(_, recorder) => Some(recorder.turn().await),
            Self::Live(_) | Self::Replay(_) => None,
        }
    }
}
