//! Time as the client sees it: real, or virtual during a replay, where waiting takes no time and there is no jitter,
//! so that a recorded case gives the same text on every run. A recording counts time the way its replay will;
//! otherwise the two would report different durations.

use std::{
    cell::Cell,
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use jiff::Timestamp;

/// Real, partly simulated or virtual time.
pub(super) enum Clock {
    /// The machine's clock.
    Real {
        /// When the clock was started.
        started: Instant,
    },
    /// Real time, except that a wait moves the clock forward at once instead of waiting: for tests.
    SimulatedWaits {
        /// When the clock was started.
        started: Instant,
        /// The date at that moment.
        date: Timestamp,
        /// How far waits have moved the clock forward.
        by: Cell<Duration>,
    },
    /// Virtual time: only waits and the reported duration of calls move it.
    Virtual {
        /// Time counted so far.
        passed: Cell<Duration>,
        /// Whether waits really wait: a recording waits, a replay does not.
        waits: bool,
        /// Supplies the date in a replay: that of the recording.
        date: Option<Box<dyn Fn() -> Timestamp>>,
    },
}

/// A stopwatch on the machine's clock, for durations that no replay sees.
#[derive(Clone, Copy)]
pub(super) struct Moment(Instant);

impl Moment {
    /// Starts it.
    pub(super) fn now() -> Self {
        Self(Instant::now())
    }

    /// Time since it was started.
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

    /// A clock that starts at `date` and that waits move forward.
    pub(super) fn simulated_waits(date: Timestamp) -> Self {
        Self::SimulatedWaits {
            started: Instant::now(),
            date,
            by: Cell::default(),
        }
    }

    /// A clock for making a recording.
    pub(super) fn recording() -> Self {
        Self::Virtual {
            passed: Cell::new(Duration::ZERO),
            waits: true,
            date: None,
        }
    }

    /// A clock for replaying a recording.
    pub(super) fn replay(date: impl Fn() -> Timestamp + 'static) -> Self {
        Self::Virtual {
            passed: Cell::new(Duration::ZERO),
            waits: false,
            date: Some(Box::new(date)),
        }
    }

    /// Time since the clock was made; never goes back.
    pub(super) fn elapsed(&self) -> Duration {
        match self {
            Self::Real { started } => started.elapsed(),
            Self::SimulatedWaits { started, by, .. } => started.elapsed() + by.get(),
            Self::Virtual { passed, .. } => passed.get(),
        }
    }

    /// Counts the duration of a call, unless the machine's clock measures it anyway.
    pub(super) fn advance(&self, duration: Duration) {
        if let Self::Virtual { passed, .. } = self {
            passed.set(passed.get() + duration);
        }
    }

    /// The current date and time, or that of the recording.
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

    /// A random number from 0 up to but excluding 1, which keeps clients from retrying in step. The keys of a hash map
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
