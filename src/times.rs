//! Parses times as people write them in arguments: a point in time (`2026-03-01T12:00:00Z`, `2026-03-01`, `yesterday`,
//! `3 days ago`, `in 2 hours`, a Unix timestamp) or a duration (`4 hours`). Pure. Times without a time zone are UTC.
//! Ambiguous ones are rejected.

use anyhow::{Context as _, Result, anyhow};
use jiff::{Span, Timestamp, civil::DateTime, tz::TimeZone};

/// A time that is usually in the past: a bare duration counts back from `now`, so that `3 days` means `3 days ago`.
pub fn parse_timestamp(argument: &str, text: &str, now: Timestamp) -> Result<Timestamp> {
    let example = "\"yesterday\" or \"3 hours ago\"";
    read(text, now, |span| -span).with_context(|| invalid_time(argument, text, example))
}

/// A time that is usually in the future: a bare duration counts from `now`, so that `4 hours` means `in 4 hours`.
pub fn parse_future(argument: &str, text: &str, now: Timestamp) -> Result<Timestamp> {
    let example = "\"tomorrow\" or \"in 4 hours\"";
    read(text, now, |span| span).with_context(|| invalid_time(argument, text, example))
}

fn invalid_time(argument: &str, text: &str, examples: &str) -> String {
    format!(
        "'{text}' is not a valid time for '{argument}'. Use 2026-03-01T12:00:00Z, 2026-03-01, {examples}. Times without a time zone are UTC."
    )
}

/// Parses a time; `direction` gives a bare duration its sign.
fn read(text: &str, now: Timestamp, direction: fn(Span) -> Span) -> Option<Timestamp> {
    let text = text.trim();
    named_day(text, now)
        .or_else(|| unix_time(text))
        .or_else(|| date_time(text))
        .or_else(|| relative(text, now, direction))
}

fn named_day(text: &str, now: Timestamp) -> Option<Timestamp> {
    let days = match text.to_ascii_lowercase().as_str() {
        "now" => return Some(now),
        "yesterday" => -1,
        "today" => 0,
        "tomorrow" => 1,
        _ => return None,
    };
    let midnight = now.to_zoned_datetime(TimeZone::UTC).start_of_day().ok()?;
    add(midnight.timestamp(), Span::new().try_days(days).ok()?).ok()
}

/// Seconds or milliseconds, told apart by the number of digits. Nobody means 1970 by `7` or `2026`, and reading it so
/// would make every device count as new.
fn unix_time(text: &str) -> Option<Timestamp> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = text.parse().ok()?;
    match text.len() {
        10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// A date, optionally with a time of day and an offset. jiff's civil types silently skip an offset or time zone, so they
/// only get a plain date and time.
fn date_time(text: &str) -> Option<Timestamp> {
    if text.contains('[') {
        return None;
    }
    if let Ok(timestamp) = text.parse() {
        return Some(timestamp);
    }
    let (date, time) = text.split_at_checked("2026-03-01".len())?;
    let is_plain = |text: &str, separators: &str| {
        text.chars()
            .all(|c| c.is_ascii_digit() || separators.contains(c))
    };
    if !is_plain(date, "-") || !is_plain(time, "tT :.,") {
        return None;
    }
    let civil: DateTime = text.parse().ok()?;
    let zoned = civil.to_zoned_datetime(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

/// A duration from now. `18:00` means a time of day to people, but 18 hours to jiff.
fn relative(text: &str, now: Timestamp, direction: fn(Span) -> Span) -> Option<Timestamp> {
    if text.starts_with('+') || text.contains(':') {
        return None;
    }
    let (ahead, text) = match text.split_at_checked(3) {
        Some((word, rest)) if word.eq_ignore_ascii_case("in ") => (true, rest.trim_start()),
        _ => (false, text),
    };
    let span: Span = text.parse().ok()?;
    let span = match (ahead, span.is_negative()) {
        (true, true) => return None,
        (true, false) | (false, true) => span,
        (false, false) => direction(span),
    };
    add(now, span).ok()
}

/// A positive duration.
pub fn parse_duration(argument: &str, text: &str) -> Result<Span> {
    let wrong = || {
        anyhow!(
            "'{text}' is not a valid duration for '{argument}'. Use \"4 hours\" or \"30 minutes\"."
        )
    };
    if text.contains(':') {
        return Err(wrong());
    }
    let span: Span = text.trim().parse().map_err(|_| wrong())?;
    if span.is_positive() {
        Ok(span)
    } else {
        Err(wrong())
    }
}

/// `now` plus a duration, with days of 24 hours.
pub fn add(now: Timestamp, span: Span) -> Result<Timestamp> {
    Ok(now
        .to_zoned_datetime(TimeZone::UTC)
        .checked_add(span)?
        .timestamp())
}

#[cfg(test)]
mod tests {
    use pingone::times::to_rfc3339_millis;

    use super::*;

    fn now() -> Timestamp {
        "2026-03-04T10:00:00Z".parse().expect("a time")
    }

    #[test]
    fn past_times() {
        for (text, expected) in [
            ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"),
            ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00.000Z"),
            ("2026-03-01T12:00:00+0200", "2026-03-01T10:00:00.000Z"),
            ("2026-03-01T12:00:00+02", "2026-03-01T10:00:00.000Z"),
            ("2026-03-01T12:00-0530", "2026-03-01T17:30:00.000Z"),
            ("2026-03-01 12:00:00.5z", "2026-03-01T12:00:00.500Z"),
            ("2026-03-01t12:00:00z", "2026-03-01T12:00:00.000Z"),
            ("2026-03-01T12:00:00", "2026-03-01T12:00:00.000Z"),
            ("2026-03-01T12:00:00.250", "2026-03-01T12:00:00.250Z"),
            ("2026-03-01t12:00", "2026-03-01T12:00:00.000Z"),
            (" 2026-03-01 12:00 ", "2026-03-01T12:00:00.000Z"),
            ("2026-03-01", "2026-03-01T00:00:00.000Z"),
            ("2024-02-29T23:59", "2024-02-29T23:59:00.000Z"),
            ("now", "2026-03-04T10:00:00.000Z"),
            ("today", "2026-03-04T00:00:00.000Z"),
            ("Yesterday", "2026-03-03T00:00:00.000Z"),
            ("TOMORROW", "2026-03-05T00:00:00.000Z"),
            ("3 days ago", "2026-03-01T10:00:00.000Z"),
            ("3 days", "2026-03-01T10:00:00.000Z"),
            ("-3 days", "2026-03-01T10:00:00.000Z"),
            ("1 week 2 hours ago", "2026-02-25T08:00:00.000Z"),
            ("in 90 minutes", "2026-03-04T11:30:00.000Z"),
            ("In 90 minutes", "2026-03-04T11:30:00.000Z"),
            ("1772618400", "2026-03-04T10:00:00.000Z"),
            ("1772618400000", "2026-03-04T10:00:00.000Z"),
        ] {
            assert_eq!(
                parse_timestamp("from", text, now())
                    .map(to_rfc3339_millis)
                    .unwrap_or_default(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn future_times() {
        for (text, expected) in [
            ("4 hours", "2026-03-04T14:00:00.000Z"),
            ("in 4 hours", "2026-03-04T14:00:00.000Z"),
            ("4 hours ago", "2026-03-04T06:00:00.000Z"),
            ("-4 hours", "2026-03-04T06:00:00.000Z"),
            ("tomorrow", "2026-03-05T00:00:00.000Z"),
            ("2030-03-05T18:00:00", "2030-03-05T18:00:00.000Z"),
            ("2030-03-05T18:00:00-08:00", "2030-03-06T02:00:00.000Z"),
        ] {
            assert_eq!(
                parse_future("until", text, now())
                    .map(to_rfc3339_millis)
                    .unwrap_or_default(),
                expected,
                "{text}"
            );
        }
    }

    /// Anything ambiguous is rejected: a wrong guess would lock an account for the wrong time or delete the wrong devices.
    #[test]
    fn invalid_times() {
        for text in [
            "",
            "tomorow",
            "in",
            "five days",
            "in 3 days ago",
            "+3 days",
            "2026-13-01",
            "2026-02-29",
            "2026-02-30T12:00",
            "2026-03-01T24:00",
            "2026-03-01T12:60",
            "2026-03-01T12:00 +02:00",
            "2026-03-01T12:00+2",
            "2026-03-01T12:00+26:00",
            "2026-03-01T12:00+",
            "2026-03-01+02:00",
            "2026-03-01Z",
            "2026-03-01T",
            "2026-03-01T12:00 UTC",
            "2026-03-01T12:00 CET",
            "2026-03-01T12:00 pm",
            "2026-03-01T12:00[Europe/Paris]",
            "2026-03-01T12:00+01:00[America/New_York]",
            "2026-03-01T12:00:00;",
            "2026-03",
            "01/03/2026",
            "12:00",
            "12:00:00",
            "1 day 12:00:00",
            "7",
            "2026",
            "-1772618400",
            "202603011200",
            "99999999999999999999",
            "400000 years ago",
            "9999-12-31T23:59:59-10:00",
        ] {
            for read in [parse_timestamp, parse_future] {
                let error = read("from", text, now()).map(to_rfc3339_millis);
                let error = error.expect_err(text).to_string();
                let says = format!("'{text}' is not a valid time for 'from'. Use ");
                assert!(error.starts_with(&says), "{error}");
            }
        }
    }

    #[test]
    fn durations() {
        assert_eq!(
            parse_duration("duration", "4 hours")
                .and_then(|span| add(now(), span))
                .map(to_rfc3339_millis)
                .unwrap_or_default(),
            "2026-03-04T14:00:00.000Z"
        );
        for text in [
            "",
            "4",
            "0 hours",
            "4 hours ago",
            "-4 hours",
            "soon",
            "18:00:00",
            "2030-03-05",
        ] {
            assert!(parse_duration("duration", text).is_err(), "{text}");
        }
    }
}
