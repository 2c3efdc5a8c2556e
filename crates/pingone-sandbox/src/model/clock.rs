//! Time and ids: real by default, fixed if the seed says so.
//!
//! Nothing else in the sandbox reads the system clock or random numbers, so that a seed with
//! `clock` and `ids` gives the same responses in every run.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

/// A timestamp as PingOne writes it: RFC 3339 in UTC with milliseconds.
pub(crate) fn format_timestamp(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// A timestamp as HTTP writes it, in whole seconds.
pub(crate) fn http_date(instant: Timestamp) -> String {
    let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&instant);
    date.unwrap_or_default()
}

/// The sandbox's clock, which can be moved forward.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Timestamp,
    /// `None` if the clock is stopped.
    running_since: Option<Instant>,
    offset: Duration,
}

impl Clock {
    /// A clock stopped at `fixed`, or the real one.
    pub(crate) fn new(fixed: Option<Timestamp>) -> Self {
        Self {
            origin: fixed.unwrap_or_else(Timestamp::now),
            running_since: fixed.is_none().then(Instant::now),
            offset: Duration::ZERO,
        }
    }

    /// The current time in whole milliseconds.
    pub(crate) fn now(&self) -> Timestamp {
        let elapsed = self
            .running_since
            .map_or(Duration::ZERO, |start| start.elapsed());
        let now = after(self.origin, elapsed + self.offset);
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// Moves the clock forward.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.offset += by;
    }
}

/// `instant` plus a duration, saturating.
pub(crate) fn after(instant: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by)
        .ok()
        .and_then(|by| instant.checked_add(by).ok())
        .unwrap_or(Timestamp::MAX)
}

/// Whole seconds from `now` until `then`, rounded up; `None` if it has passed.
pub(crate) fn seconds_until(now: Timestamp, then: Timestamp) -> Option<i64> {
    let left = then.as_millisecond() - now.as_millisecond();
    (left > 0).then(|| (left + 999) / 1000)
}

/// Generates ids and tokens with splitmix64, which is good enough for throwaway data.
#[derive(Debug)]
pub(crate) struct IdGenerator {
    state: u64,
}

impl IdGenerator {
    /// With a `seed`, the same ids in every run; random ones otherwise.
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

    /// A new UUID in lowercase.
    pub(crate) fn uuid(&mut self) -> String {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_be_bytes());
        bytes[8..].copy_from_slice(&self.next().to_be_bytes());
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .hyphenated()
            .to_string()
    }

    /// A client secret.
    pub(crate) fn secret(&mut self) -> String {
        format!("{}{}", self.code(), self.uuid().replace('-', ""))
    }

    /// A one-time passcode of six digits.
    pub(crate) fn passcode(&mut self) -> String {
        format!("{:06}", self.next() % 1_000_000)
    }

    /// An eight-character recovery code, as in PingOne's emails.
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
    fn timestamps_have_milliseconds() {
        let instant: Timestamp = "2026-03-04T10:00:00Z".parse().expect("valid");
        assert_eq!(format_timestamp(instant), "2026-03-04T10:00:00.000Z");
        let instant: Timestamp = "2026-03-04T10:00:00.5129+02:00".parse().expect("valid");
        assert_eq!(format_timestamp(instant), "2026-03-04T08:00:00.512Z");
    }

    #[test]
    fn a_fixed_clock_moves_only_when_advanced() {
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
