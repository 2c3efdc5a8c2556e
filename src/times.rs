//! Times as people write them in arguments: a moment (`2026-03-01T12:00:00Z`, `2026-03-01`, `3 days ago`, `in 2
//! hours`, seconds since 1970) or a span (`4 hours`). Pure; everything is UTC.

use anyhow::{Context as _, Result, anyhow};
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

/// Numbers above this are milliseconds: XSOAR's own helper draws the line there.
const LARGEST_SECONDS: i64 = 2_000_000_000;

/// A moment. A bare span is one before `now`, as in `3 days`, since that is what XSOAR's own helper makes of it.
pub fn moment(argument: &str, text: &str, now: Timestamp) -> Result<Timestamp> {
    let text = text.trim();
    let wrong = || {
        anyhow!(
            "The argument '{argument}' is no time: expected such as 2026-03-01T12:00:00Z, 2026-03-01 or 3 days ago."
        )
    };
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp);
    }
    if let Ok(date) = text.parse::<Date>() {
        return Ok(date
            .to_zoned_datetime(TimeZone::UTC)
            .with_context(wrong)?
            .timestamp());
    }
    if let Ok(number) = text.parse::<i64>() {
        let timestamp = if number > LARGEST_SECONDS {
            Timestamp::from_millisecond(number)
        } else {
            Timestamp::from_second(number)
        };
        return timestamp.with_context(wrong);
    }
    if let Some(ahead) = text.strip_prefix("in ") {
        return moved(now, span(argument, ahead)?).with_context(wrong);
    }
    let span: Span = text.parse().map_err(|_| wrong())?;
    // `3 days ago` is negative already.
    moved(now, -span.abs()).with_context(wrong)
}

/// A span of time, more than none.
pub fn span(argument: &str, text: &str) -> Result<Span> {
    let wrong = || {
        anyhow!(
            "The argument '{argument}' is no span of time: expected such as 4 hours or 30 minutes."
        )
    };
    let span: Span = text.trim().parse().map_err(|_| wrong())?;
    if span.is_positive() {
        Ok(span)
    } else {
        Err(wrong())
    }
}

/// `now` and a span, with days of 24 hours.
pub fn moved(now: Timestamp, span: Span) -> Result<Timestamp> {
    Ok(now
        .to_zoned_datetime(TimeZone::UTC)
        .checked_add(span)?
        .timestamp())
}

/// As PingOne writes a time: milliseconds, `Z`.
pub fn written(timestamp: Timestamp) -> String {
    format!("{timestamp:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-03-04T10:00:00Z".parse().expect("a time")
    }

    #[test]
    fn moments() {
        for (text, expected) in [
            ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"),
            ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00.000Z"),
            ("2026-03-01", "2026-03-01T00:00:00.000Z"),
            ("3 days ago", "2026-03-01T10:00:00.000Z"),
            ("3 days", "2026-03-01T10:00:00.000Z"),
            ("1 week 2 hours ago", "2026-02-25T08:00:00.000Z"),
            ("in 90 minutes", "2026-03-04T11:30:00.000Z"),
            ("1772618400", "2026-03-04T10:00:00.000Z"),
            ("1772618400000", "2026-03-04T10:00:00.000Z"),
        ] {
            assert_eq!(
                moment("from", text, now()).map(written).unwrap_or_default(),
                expected,
                "{text}"
            );
        }
        for text in [
            "",
            "yesterday",
            "in",
            "five days",
            "2026-13-01",
            "99999999999999999999",
            "400000 years ago",
        ] {
            assert!(moment("from", text, now()).is_err(), "{text}");
        }
    }

    #[test]
    fn spans() {
        assert_eq!(
            span("duration", "4 hours")
                .and_then(|span| moved(now(), span))
                .map(written)
                .unwrap_or_default(),
            "2026-03-04T14:00:00.000Z"
        );
        for text in ["", "4", "0 hours", "4 hours ago", "-4 hours", "soon"] {
            assert!(span("duration", text).is_err(), "{text}");
        }
    }
}
