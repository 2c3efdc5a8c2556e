//! PingOne's own clock, as the `Date` headers of its answers show it. Whether something at PingOne is older than a
//! request, or has expired, must not be judged by this machine's clock, which may be minutes off.

use std::{cell::Cell, fmt, time::Duration};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

use super::wire::Reply;

/// `Date` has whole seconds, so it is late by up to this much.
const DATE_RESOLUTION: SignedDuration = SignedDuration::from_secs(1);
/// How far the clocks of PingOne's own hosts may differ.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(2);
/// A clock that is wrong by less than this invalidates nothing that we sign.
const TOLERATED_CLOCK_ERROR: SignedDuration = SignedDuration::from_mins(1);

/// The latest `Date`, and when it arrived by the clock that measures the command's time.
#[derive(Default)]
pub(super) struct ServerClock(Cell<Option<(Timestamp, Duration)>>);

impl ServerClock {
    /// Reads the `Date` of an answer; an answer without one changes nothing. Only for answers of PingOne's API: the
    /// host that issues tokens may have another clock.
    pub(super) fn update(&self, reply: &Reply, received: Duration) {
        if let Some(date) = date_of(reply) {
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

/// The `Date` of an answer.
fn date_of(reply: &Reply) -> Option<Timestamp> {
    let date = reply.date.as_deref()?.trim();
    // RFC 9110 takes its preferred date format from RFC 2822.
    rfc2822::DateTimeParser::new().parse_timestamp(date).ok()
}

/// How far this machine's clock is ahead of PingOne's, or behind it if negative. Small differences do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockError(SignedDuration);

impl ClockError {
    /// Compares the `Date` of an answer with this machine's date when the request was sent. `took` is the time until
    /// the answer came, during which PingOne may have written it at any moment.
    pub(super) fn read(reply: &Reply, sent: Timestamp, took: Duration) -> Option<Self> {
        let least = sent.duration_since(date_of(reply)?);
        let most = least.checked_add(SignedDuration::try_from(took).ok()?)?;
        let error = least.max(most.min(SignedDuration::ZERO));
        (error.abs() > TOLERATED_CLOCK_ERROR).then_some(Self(error))
    }
}

impl fmt::Display for ClockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.as_mins().unsigned_abs();
        let (count, unit) = match minutes {
            0..120 => (minutes, "minute"),
            120..2880 => (minutes / 60, "hour"),
            _ => (minutes / 1440, "day"),
        };
        let plural = if count == 1 { "" } else { "s" };
        let direction = if self.0.is_negative() {
            "behind"
        } else {
            "ahead of"
        };
        write!(
            f,
            "This machine's clock is {count} {unit}{plural} {direction} PingOne's."
        )
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

    #[test]
    fn only_a_wrong_clock_is_an_error() {
        let reply = dated(Some("Wed, 04 Mar 2026 10:00:00 GMT"));
        for (sent, took, told) in [
            ("2026-03-04T10:00:00Z", 0, None),
            ("2026-03-04T10:01:00Z", 0, None),
            ("2026-03-04T09:59:00Z", 0, None),
            ("2026-03-04T10:01:01Z", 0, Some("1 minute ahead of")),
            ("2026-03-04T09:55:50Z", 0, Some("4 minutes behind")),
            // PingOne may have written the date right at the end.
            ("2026-03-04T09:55:50Z", 200, None),
            ("2026-03-04T09:55:50Z", 100, Some("2 minutes behind")),
            ("2026-03-04T10:04:10Z", 200, Some("4 minutes ahead of")),
            ("2026-03-04T11:59:59Z", 0, Some("119 minutes ahead of")),
            ("2026-03-04T09:00:00+02:00", 0, Some("3 hours behind")),
            ("1970-01-01T00:00:00Z", 0, Some("20516 days behind")),
        ] {
            let took = Duration::from_secs(took);
            let error = ClockError::read(&reply, sent.parse().expect("a time"), took);
            let told = told.map(|told| format!("This machine's clock is {told} PingOne's."));
            assert_eq!(error.map(|error| error.to_string()), told, "{sent}");
        }
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(ClockError::read(&dated(None), now, Duration::ZERO), None);
    }
}
