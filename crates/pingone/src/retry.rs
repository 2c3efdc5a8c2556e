//! Whether and when a call is retried. Pure: no clock, no sleeping, no network.
//!
//! Ping asks clients to retry after 408, 429, 500, 502, 503 and 504, with growing waits and jitter, to obey
//! `Retry-After`, and never to retry other 4xx.
//! <https://developer.pingidentity.com/pingone-api/platform/working-with-pingone-apis/retry-best-practices.html>

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};

/// What sending the same call twice would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The same as sending it once: reads, and writes that set a state.
    Safe,
    /// The same as sending it once, for a user enabled a moment ago: PingOne may refuse to lock or unlock with 415 for
    /// a while (seen by Ping's Terraform provider, which calls it a race).
    SafeOnceEnabled,
    /// Possibly something twice: creating a user, checking a password (which counts towards a lockout).
    OnlyIfUnsent,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    /// PingOne answered with this status, and perhaps with how long to wait.
    Status(u16, Option<Duration>),
    /// There was no answer.
    NoAnswer {
        /// Whether another attempt can end differently; an untrusted certificate stays untrusted.
        transient: bool,
        /// Whether PingOne may have received the request.
        reached: bool,
    },
}

impl Outcome {
    /// Whether PingOne may have carried out the request without confirming it.
    pub fn unknown(self) -> bool {
        match self {
            Self::Status(status, _) => leaves_outcome_unknown(status),
            Self::NoAnswer { reached, .. } => reached,
        }
    }
}

/// Whether PingOne may have carried out a request that it answered with this status.
pub fn leaves_outcome_unknown(status: u16) -> bool {
    matches!(status, 408 | 500..=599)
}

/// The first wait, before jitter; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait, unless PingOne asks for a longer one.
const MAX_WAIT: Duration = Duration::from_secs(16);

/// The attempt that was just made, and what limits the next one.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// How many attempts may follow the first.
    pub retries: u32,
    /// What is left of the command's time; a wait that would use it up is not started.
    pub remaining: Duration,
    /// From 0 to 1.
    pub jitter: f64,
}

/// How long to wait before the next attempt; `None` to stop.
pub fn backoff(outcome: Outcome, repeat: Repeat, attempt: Attempt) -> Option<Duration> {
    let Attempt {
        number,
        retries,
        remaining,
        jitter,
    } = attempt;
    let is_safe = repeat != Repeat::OnlyIfUnsent;
    let (again, asked) = match outcome {
        // PingOne turned the request away: nothing was done.
        Outcome::Status(429, asked) => (true, asked),
        Outcome::Status(408 | 500 | 502 | 503 | 504, asked) => (is_safe, asked),
        Outcome::Status(415, asked) => (repeat == Repeat::SafeOnceEnabled, asked),
        Outcome::Status(..) => (false, None),
        Outcome::NoAnswer { transient, reached } => (transient && (is_safe || !reached), None),
    };
    if !again || number > retries {
        return None;
    }
    let grown = FIRST_WAIT
        .saturating_mul(1 << (number - 1).min(16))
        .min(MAX_WAIT);
    let chosen = grown / 2 + grown.mul_f64(jitter.clamp(0.0, 1.0) / 2.0);
    // `Retry-After` wins; jitter spreads the clients out.
    let wait = asked.map_or(chosen, |asked| {
        asked + FIRST_WAIT.mul_f64(jitter.clamp(0.0, 1.0))
    });
    (wait < remaining).then_some(wait)
}

/// Parses `Retry-After`: seconds, or an HTTP date (RFC 9110, section 10.2.3). A date in the past is no wait.
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that overflows means longer than any command has.
        return Some(Duration::from_secs(
            header.parse().unwrap_or(u64::from(u32::MAX)),
        ));
    }
    let date = rfc2822::DateTimeParser::new()
        .parse_timestamp(header)
        .ok()?;
    Some(Duration::try_from(date.duration_since(now).max(SignedDuration::ZERO)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const FIRST: Attempt = Attempt {
        number: 1,
        retries: 4,
        remaining: MINUTE,
        jitter: 0.5,
    };

    #[test]
    fn which_outcomes_are_retried() {
        let unsent = Outcome::NoAnswer {
            transient: true,
            reached: false,
        };
        let unknown = Outcome::NoAnswer {
            transient: true,
            reached: true,
        };
        let untrusted = Outcome::NoAnswer {
            transient: false,
            reached: false,
        };
        for (outcome, safe, only_if_unsent) in [
            (Outcome::Status(408, None), true, false),
            (Outcome::Status(429, None), true, true),
            (Outcome::Status(500, None), true, false),
            (Outcome::Status(502, None), true, false),
            (Outcome::Status(503, None), true, false),
            (Outcome::Status(504, None), true, false),
            (Outcome::Status(400, None), false, false),
            (Outcome::Status(401, None), false, false),
            (Outcome::Status(403, None), false, false),
            (Outcome::Status(404, None), false, false),
            (Outcome::Status(501, None), false, false),
            (Outcome::Status(302, None), false, false),
            (unsent, true, true),
            (unknown, true, false),
            (untrusted, false, false),
        ] {
            assert_eq!(
                backoff(outcome, Repeat::Safe, FIRST).is_some(),
                safe,
                "{outcome:?}"
            );
            assert_eq!(
                backoff(outcome, Repeat::OnlyIfUnsent, FIRST).is_some(),
                only_if_unsent,
                "{outcome:?}"
            );
            assert_eq!(
                backoff(outcome, Repeat::SafeOnceEnabled, FIRST).is_some(),
                safe,
                "{outcome:?}"
            );
        }
        let unsupported = Outcome::Status(415, None);
        for (repeat, again) in [
            (Repeat::Safe, false),
            (Repeat::OnlyIfUnsent, false),
            (Repeat::SafeOnceEnabled, true),
        ] {
            assert_eq!(
                backoff(unsupported, repeat, FIRST).is_some(),
                again,
                "{repeat:?}"
            );
        }
    }

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<_> = (1..7)
            .map(|attempt| {
                backoff(
                    Outcome::Status(503, None),
                    Repeat::Safe,
                    Attempt {
                        number: attempt,
                        jitter: 0.0,
                        ..FIRST
                    },
                )
            })
            .collect();
        let millis = |millis| Some(Duration::from_millis(millis));
        assert_eq!(
            waits,
            [
                millis(250),
                millis(500),
                millis(1000),
                millis(2000),
                None,
                None
            ]
        );
    }

    #[test]
    fn retry_after_wins_if_there_is_time_for_it() {
        let asked = Some(Duration::from_secs(7));
        assert_eq!(
            backoff(
                Outcome::Status(429, asked),
                Repeat::OnlyIfUnsent,
                Attempt {
                    jitter: 0.0,
                    ..FIRST
                }
            ),
            asked
        );
        assert_eq!(
            backoff(
                Outcome::Status(429, asked),
                Repeat::OnlyIfUnsent,
                Attempt {
                    remaining: Duration::from_secs(7),
                    jitter: 0.0,
                    ..FIRST
                }
            ),
            None
        );
    }

    #[test]
    fn both_forms_of_retry_after_are_parsed() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().expect("a time");
        assert_eq!(retry_after("120", now), Some(Duration::from_mins(2)));
        assert_eq!(retry_after(" 0 ", now), Some(Duration::ZERO));
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:00 GMT", now),
            Some(Duration::ZERO)
        );
        assert_eq!(
            retry_after("99999999999999999999999", now),
            Some(Duration::from_secs(u64::from(u32::MAX)))
        );
        for nonsense in ["", "soon", "-1", "1.5", "2026-11-06T08:49:37Z"] {
            assert_eq!(retry_after(nonsense, now), None, "{nonsense}");
        }
    }

    proptest! {
        #[test]
        fn no_wait_outlasts_the_command(
            status in 400u16..600, attempt in 1u32..100, seconds in any::<u64>(), remaining in any::<u32>(), jitter in any::<f64>()
        ) {
            let remaining = Duration::from_millis(remaining.into());
            let asked = (seconds % 3 == 0).then(|| Duration::from_secs(seconds.min(u64::from(u32::MAX))));
            if let Some(wait) = backoff(Outcome::Status(status, asked), Repeat::Safe, Attempt { number: attempt, retries: 1000, remaining, jitter }) {
                prop_assert!(wait < remaining);
            }
        }

        #[test]
        fn any_header_is_read_without_panic(header in any::<String>()) {
            let _ = retry_after(&header, Timestamp::UNIX_EPOCH);
        }
    }
}
