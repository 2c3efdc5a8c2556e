//! Times as people write them in arguments: a moment (`2026-03-01T12:00:00Z`, `2026-03-01`, `yesterday`, `3 days
//! ago`, `in 2 hours`, seconds since 1970) or a span (`4 hours`). Pure. A time without a zone is UTC; what could be
//! read in two ways is refused.

use anyhow::{Context as _, Result, anyhow};
use jiff::{Span, Timestamp, civil::DateTime, tz::TimeZone};

/// A moment, usually a past one: a span by itself is one before `now`, so that `3 days` means `3 days ago`.
pub fn parse_timestamp(argument: &str, text: &str, now: Timestamp) -> Result<Timestamp> {
    let example = "\"yesterday\" or \"3 hours ago\"";
    read(text, now, |span| -span).with_context(|| not_a_time(argument, text, example))
}

/// A moment, usually one to come: a span by itself begins `now`, so that `4 hours` means `in 4 hours`.
pub fn parse_future(argument: &str, text: &str, now: Timestamp) -> Result<Timestamp> {
    let example = "\"tomorrow\" or \"in 4 hours\"";
    read(text, now, |span| span).with_context(|| not_a_time(argument, text, example))
}

fn not_a_time(argument: &str, text: &str, examples: &str) -> String {
    format!(
        "The argument '{argument}' is not a valid time: '{text}'. Use 2026-03-01T12:00:00Z, 2026-03-01, {examples}; without a zone it is UTC."
    )
}

/// What `text` means; `aimed` gives a span its direction where the text does not.
fn read(text: &str, now: Timestamp, aimed: fn(Span) -> Span) -> Option<Timestamp> {
    let text = text.trim();
    day(text, now)
        .or_else(|| since_1970(text))
        .or_else(|| written_out(text))
        .or_else(|| relative(text, now, aimed))
}

fn day(text: &str, now: Timestamp) -> Option<Timestamp> {
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

/// Seconds or milliseconds, by the number of digits: `7` or `2026` is no time that anybody means, and taken for one
/// shortly after 1970 it would make every device a new one.
fn since_1970(text: &str) -> Option<Timestamp> {
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

/// A date, with or without a time of day and an offset. jiff's civil types skip an offset or a zone's name that they
/// do not want, so nothing but a plain date and time is given to them.
fn written_out(text: &str) -> Option<Timestamp> {
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

/// A span from now. `18:00` is a time of day to people, and 18 hours to jiff.
fn relative(text: &str, now: Timestamp, aimed: fn(Span) -> Span) -> Option<Timestamp> {
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
        (false, false) => aimed(span),
    };
    add(now, span).ok()
}

/// A span of time, longer than zero.
pub fn parse_duration(argument: &str, text: &str) -> Result<Span> {
    let wrong = || {
        anyhow!(
            "The argument '{argument}' is not a valid span of time: '{text}'. Use \"4 hours\" or \"30 minutes\"."
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

/// `now` and a span, with days of 24 hours.
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
    fn moments() {
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
    fn moments_ahead() {
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

    /// What cannot be read for sure is refused: a wrong guess locks for the wrong time or deletes the wrong devices.
    #[test]
    fn what_is_not_a_time() {
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
                let says = format!("The argument 'from' is not a valid time: '{text}'. Use ");
                assert!(error.starts_with(&says), "{error}");
            }
        }
    }

    #[test]
    fn spans() {
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
