//! PingOne's own clock, as the `Date` headers of its answers show it. Whether something at PingOne is older than a
//! request, or has expired, must not be judged by this machine's clock, which may be minutes off.

use std::{cell::Cell, time::Duration};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use super::wire::Reply;

/// `Date` has whole seconds, so it is late by up to this much.
const DATE_RESOLUTION: SignedDuration = SignedDuration::from_secs(1);
/// How far the clocks of PingOne's own hosts may differ.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);

/// The latest `Date`, and when it arrived by the clock that measures the command's time.
#[derive(Default)]
pub(super) struct ServerClock(Cell<Option<(Timestamp, Duration)>>);

impl ServerClock {
    /// Reads the `Date` of an answer; an answer without one changes nothing. Only for answers of PingOne's API: the
    /// host that issues tokens may have another clock.
    pub(super) fn update(&self, reply: &Reply, received: Duration) {
        let date = reply.date.as_deref().map(str::trim);
        // RFC 9110 takes its preferred date format from RFC 2822.
        let date = date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
        if let Some(date) = date {
            self.0.set(Some((date, received)));
        }
    }

    /// Whether something that PingOne dates `time` happened after `moment`. `None` if no answer had a `Date`.
    pub(super) fn came_after(&self, moment: Moment, time: Timestamp) -> Option<bool> {
        let moment = self.earliest(moment.0)?;
        Some(time.duration_since(moment) >= -MAX_CLOCK_SKEW)
    }

    /// PingOne's time at `moment`; `None` if no answer had a `Date`.
    pub(super) fn at(&self, moment: Moment) -> Option<Timestamp> {
        self.earliest(moment.0)?.checked_add(DATE_RESOLUTION).ok()
    }

    /// PingOne's time at `moment`, or a little earlier: the answer took a while to arrive.
    fn earliest(&self, moment: Duration) -> Option<Timestamp> {
        let (date, received) = self.0.get()?;
        let signed = |duration| SignedDuration::try_from(duration).ok();
        date.checked_add(signed(moment)?.checked_sub(signed(received)?)?)
            .ok()
    }
}

/// A moment of the current command, to be compared with times that PingOne reports.
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
    fn moments_are_measured_from_the_latest_date() {
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
            // Neither a missing nor an invalid date discards what is known.
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
