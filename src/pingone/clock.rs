//! Time as the client sees it: real, or that of a replay, in which waiting takes no time and chance has no
//! part, so that a recorded case gives the same text on every run.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    rc::Rc,
    time::{Duration, Instant},
};

use jiff::Timestamp;

use super::tape::Tape;

/// Real or recorded time.
pub(super) enum Clock {
    /// The machine's.
    Real {
        /// When the process began to count.
        started: Instant,
    },
    /// Only waiting moves it.
    Replay {
        /// What was waited so far.
        waited: Cell<Duration>,
        /// Knows the date.
        tape: Rc<Tape>,
    },
}

impl Clock {
    /// The machine's clock.
    pub(super) fn real() -> Self {
        Self::Real {
            started: Instant::now(),
        }
    }

    /// A clock for recorded exchanges.
    pub(super) fn replay(tape: Rc<Tape>) -> Self {
        Self::Replay {
            waited: Cell::new(Duration::ZERO),
            tape,
        }
    }

    /// Time passed since the clock was made; never goes back.
    pub(super) fn elapsed(&self) -> Duration {
        match self {
            Self::Real { started } => started.elapsed(),
            Self::Replay { waited, .. } => waited.get(),
        }
    }

    /// The date and time of day, or that at which the recording was made.
    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::Real { .. } => Timestamp::now(),
            Self::Replay { tape, .. } => tape.time(),
        }
    }

    /// Waits.
    pub(super) async fn sleep(&self, duration: Duration) {
        match self {
            Self::Real { .. } => tokio::time::sleep(duration).await,
            Self::Replay { waited, .. } => waited.set(waited.get() + duration),
        }
    }

    /// A number from 0 to 1 (excluded) by chance, to keep clients from trying again in step. The keys of a
    /// hash map are chance enough for that.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 of 64 bits of chance are plenty"
    )]
    pub(super) fn chance(&self) -> f64 {
        match self {
            Self::Real { .. } => {
                (RandomState::new().hash_one(0) >> 11) as f64 / (1_u64 << 53) as f64
            }
            Self::Replay { .. } => 0.0,
        }
    }
}
