//! PingOne's own clock, as the `Date` headers of its answers show it. Whether something at PingOne is older than a
//! request, or has expired, must not be judged by the clock of this machine, which may be minutes off.

use std::{cell::Cell, time::Duration};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use super::wire::Reply;

/// `Date` has whole seconds: it is late by up to this much.
const DATE_RESOLUTION: SignedDuration = SignedDuration::from_secs(1);
/// How far the clocks of PingOne's own hosts may differ.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// The latest `Date`, and when it came by the clock that counts the command's time.
#[derive(Default)]
pub(super) struct ServerClock(Cell<Option<(Timestamp, Duration)>>);

impl ServerClock {
    /// Reads the `Date` of an answer; one without it changes nothing. Only PingOne's API is heard: the host that
    /// gives tokens may have another clock.
    pub(super) fn update(&self, reply: &Reply, received: Duration) {
        let date = reply.date.as_deref().map(str::trim);
        // RFC 9110 takes its usual form of a date from RFC 2822.
        let date = date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
        if let Some(date) = date {
            self.0.set(Some((date, received)));
        }
    }

    /// Whether what PingOne dates `time` came after `moment`. `None` where that cannot be told, since no answer had a
    /// `Date`.
    pub(super) fn came_after(&self, moment: Moment, time: Timestamp) -> Option<bool> {
        let moment = self.earliest(moment.0)?;
        Some(time.duration_since(moment) >= -MAX_CLOCK_SKEW)
    }

    /// What PingOne's clock shows at `moment`; `None` where no answer had a `Date`.
    pub(super) fn at(&self, moment: Moment) -> Option<Timestamp> {
        self.earliest(moment.0)?.checked_add(DATE_RESOLUTION).ok()
    }

    /// What PingOne's clock showed at `moment`, or a little less: the answer was on its way for a while.
    fn earliest(&self, moment: Duration) -> Option<Timestamp> {
        let (date, received) = self.0.get()?;
        let signed = |duration| SignedDuration::try_from(duration).ok();
        date.checked_add(signed(moment)?.checked_sub(signed(received)?)?)
            .ok()
    }
}

/// A moment of the command under way, to be compared with times that PingOne tells.
#[derive(Clone, Copy, Debug)]
pub struct Moment(pub(super) Duration);

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(date: Option<&str>) -> Reply {
        Reply {
            date: date.map(str::to_owned),
            ..Reply::default()
        }
    }

    #[test]
    fn a_moment_is_counted_from_the_latest_date() {
        let clock = ServerClock::default();
        assert_eq!(clock.earliest(Duration::ZERO), None);
        let at = |seconds| {
            let moment = clock.earliest(Duration::from_secs(seconds));
            moment.map(|moment| moment.to_string()).unwrap_or_default()
        };
        let date = Some("Wed, 04 Mar 2026 10:00:30 GMT");
        clock.update(&dated(date), Duration::from_secs(20));
        for _ in 0..2 {
            assert_eq!(at(20), "2026-03-04T10:00:30Z");
            assert_eq!(at(5), "2026-03-04T10:00:15Z");
            assert_eq!(at(25), "2026-03-04T10:00:35Z");
            // Neither an answer without a date nor nonsense makes what is known unknown.
            for date in [None, Some(""), Some("2026-03-04T10:00:30Z"), Some("soon")] {
                clock.update(&dated(date), Duration::from_secs(50));
            }
        }
        clock.update(
            &dated(Some(" Wed, 4 Mar 2026 11:00:00 +0000")),
            Duration::from_mins(1),
        );
        assert_eq!(at(60), "2026-03-04T11:00:00Z");
    }
}
