//! The sandbox's time and its source of ids: real by default, fixed where a seed asks for it.
//!
//! Nothing else in the sandbox may read the system's clock or its randomness, so that a seed with
//! `clock` and `ids` gives the same answers in every run.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

/// An instant as PingOne writes it: RFC 3339 in UTC with milliseconds.
pub(crate) fn format_timestamp(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// An instant as HTTP writes it, in whole seconds.
pub(crate) fn http_date(instant: Timestamp) -> String {
    let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&instant);
    date.unwrap_or_default()
}

/// The sandbox's clock, which can be put forward.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Timestamp,
    /// `None` where the clock stands still.
    running_since: Option<Instant>,
    offset: Duration,
}

impl Clock {
    /// A clock that stands at `fixed`, or the real one.
    pub(crate) fn new(fixed: Option<Timestamp>) -> Self {
        Self {
            origin: fixed.unwrap_or_else(Timestamp::now),
            running_since: fixed.is_none().then(Instant::now),
            offset: Duration::ZERO,
        }
    }

    /// The current instant in whole milliseconds.
    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = self
            .running_since
            .map_or(Duration::ZERO, |start| start.elapsed());
        let now = after(self.origin, elapsed + self.offset);
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// Puts the clock forward.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.offset += by;
    }
}

/// `instant` plus a duration, at most the end of time.
pub(crate) fn after(instant: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| instant.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

/// The whole seconds from `now` until `then`, rounded up; none where it is past.
pub(crate) fn seconds_until(now: Timestamp, then: Timestamp) -> Option<i64> {
    let left = then.as_millisecond() - now.as_millisecond();
    (left > 0).then(|| (left + 999) / 1000)
}

/// Ids and tokens: splitmix64, which is plenty for data that is thrown away.
#[derive(Debug)]
pub(crate) struct IdGenerator {
    state: u64,
}

impl IdGenerator {
    /// The same ids in every run for the same `seed`; other ones in every run without.
    pub(crate) fn new(seed: Option<u64>) -> Self {
        Self {
            state: seed.unwrap_or_else(|| RandomState::new().hash_one(0_u8)),
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A new UUID in lower case.
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes());
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .hyphenated()
            .to_string()
    }

    /// A code of eight letters and digits, as PingOne mails it for a recovery.
    pub(crate) fn code(&mut self) -> String {
        const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
        let mut random = self.next();
        let count = LETTERS.len() as u64;
        (0..8)
            .map(|_| {
                let at = usize::try_from(random % count).unwrap_or_default();
                random /= count;
                char::from(LETTERS[at])
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_with_milliseconds() {
        let instant: Timestamp = "2026-03-04T10:00:00Z".parse().expect("valid");
        assert_eq!(format_timestamp(instant), "2026-03-04T10:00:00.000Z");
        let instant: Timestamp = "2026-03-04T10:00:00.5129+02:00".parse().expect("valid");
        assert_eq!(format_timestamp(instant), "2026-03-04T08:00:00.512Z");
    }

    #[test]
    fn a_fixed_clock_moves_only_when_told() {
        let start: Timestamp = "2026-03-04T10:00:00Z".parse().expect("valid");
        let mut clock = Clock::new(Some(start));
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_secs(90));
        assert_eq!(format_timestamp(clock.now()), "2026-03-04T10:01:30.000Z");
        assert_eq!(seconds_until(start, clock.now()), Some(90));
        assert_eq!(seconds_until(clock.now(), start), None);
    }

    #[test]
    fn seeded_ids_repeat() {
        assert_eq!(
            IdGenerator::new(Some(7)).uuid(),
            IdGenerator::new(Some(7)).uuid()
        );
        let mut ids = IdGenerator::new(None);
        assert_ne!(ids.uuid(), ids.uuid());
        assert_eq!(ids.uuid().len(), 36);
        assert_eq!(ids.code().len(), 8);
    }
}
