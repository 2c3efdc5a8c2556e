//! Time as the client sees it: real, or that of a replay, in which waiting takes no time and jitter has no
//! part, so that a recorded case gives the same text on every run. A recording counts its time as its replay
//! will, or the two would tell different numbers.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// Real or counted time.
pub(super) enum Clock {
    /// The machine's.
    Real {
        /// When the process began to count.
        started: Instant,
    },
    /// One that begins at a date and is put forward by every wait instead of waiting: for tests.
    SimulatedWaits {
        /// When the process began to count.
        started: Instant,
        /// What the date was then.
        date: Timestamp,
        /// By how much it was put forward.
        by: Cell<Duration>,
    },
    /// Only waits and the time that calls are said to have taken move it.
    Virtual {
        /// What was counted so far.
        passed: Cell<Duration>,
        /// Whether waits are waited, too: a recording waits, a replay does not.
        waits: bool,
        /// Tells the date of a replay: that of its recording.
        date: Option<Box<dyn Fn() -> Timestamp>>,
    },
}

/// A moment of the machine's, for what no replay does.
#[derive(Clone, Copy)]
pub(super) struct Moment(Instant);

impl Moment {
    /// This one.
    pub(super) fn now() -> Self {
        Self(Instant::now())
    }

    /// Time passed since then.
    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

impl Clock {
    /// The machine's clock.
    pub(super) fn real() -> Self {
        Self::Real {
            started: Instant::now(),
        }
    }

    /// A clock that begins at `date` and that waits put forward.
    pub(super) fn simulated_waits(date: Timestamp) -> Self {
        Self::SimulatedWaits {
            started: Instant::now(),
            date,
            by: Cell::default(),
        }
    }

    /// A clock for a recording under way.
    pub(super) fn recording() -> Self {
        Self::Virtual {
            passed: Cell::new(Duration::ZERO),
            waits: true,
            date: None,
        }
    }

    /// A clock for recorded exchanges.
    pub(super) fn replay(date: impl Fn() -> Timestamp + 'static) -> Self {
        Self::Virtual {
            passed: Cell::new(Duration::ZERO),
            waits: false,
            date: Some(Box::new(date)),
        }
    }

    /// Time passed since the clock was made; never goes back.
    pub(super) fn elapsed(&self) -> Duration {
        match self {
            Self::Real { started } => started.elapsed(),
            Self::SimulatedWaits { started, by, .. } => started.elapsed() + by.get(),
            Self::Virtual { passed, .. } => passed.get(),
        }
    }

    /// Counts the time that a call took; the machine's clock knows it already.
    pub(super) fn advance(&self, duration: Duration) {
        if let Self::Virtual { passed, .. } = self {
            passed.set(passed.get() + duration);
        }
    }

    /// The date and time of day, or that at which the recording was made.
    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::Virtual {
                date: Some(date), ..
            } => date(),
            Self::SimulatedWaits { date, .. } => *date + self.elapsed(),
            Self::Real { .. } | Self::Virtual { .. } => Timestamp::now(),
        }
    }

    /// Waits.
    pub(super) async fn sleep(&self, duration: Duration) {
        match self {
            Self::SimulatedWaits { by, .. } => by.set(by.get() + duration),
            Self::Real { .. } | Self::Virtual { waits: true, .. } => {
                tokio::time::sleep(duration).await;
            }
            Self::Virtual { waits: false, .. } => {}
        }
        self.advance(duration);
    }

    /// A random number from 0 to 1 (excluded), which keeps clients from trying again in step. The keys of a hash map
    /// are random enough for that.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 of 64 random bits are plenty"
    )]
    pub(super) fn jitter(&self) -> f64 {
        match self {
            Self::Real { .. } | Self::SimulatedWaits { .. } => {
                (RandomState::new().hash_one(0) >> 11) as f64 / (1_u64 << 53) as f64
            }
            Self::Virtual { .. } => 0.0,
        }
    }
}
