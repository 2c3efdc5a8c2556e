//! Times in a seed: absolute, or relative to the sandbox's start.

use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::model::clock::after;

/// A point in time: RFC 3339, or relative to the sandbox's start as in `-3d`, `-90m`, `+4h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpec(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    At(Timestamp),
    Before(Duration),
    After(Duration),
}

impl TimeSpec {
    /// Parses an absolute or relative time.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let relative = |rest: &str| -> anyhow::Result<Duration> {
            let unit = rest.chars().last().unwrap_or_default();
            let seconds = match unit {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                _ => anyhow::bail!("{}", invalid_time(text)),
            };
            let count: u64 = rest[..rest.len() - 1]
                .parse()
                .with_context(|| invalid_time(text))?;
            Ok(Duration::from_secs(count.saturating_mul(seconds)))
        };
        if let Some(rest) = text.strip_prefix('-') {
            Ok(Self(Kind::Before(relative(rest)?)))
        } else if let Some(rest) = text.strip_prefix('+') {
            Ok(Self(Kind::After(relative(rest)?)))
        } else {
            let at = text.parse().with_context(|| invalid_time(text))?;
            Ok(Self(Kind::At(at)))
        }
    }

    /// The absolute time for a sandbox started at `start`.
    pub(crate) fn resolve(self, start: Timestamp) -> Timestamp {
        match self.0 {
            Kind::At(at) => at,
            Kind::After(by) => after(start, by),
            Kind::Before(by) => start.checked_sub(by).unwrap_or(Timestamp::MIN),
        }
    }
}

impl<'de> Deserialize<'de> for TimeSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn invalid_time(text: &str) -> String {
    format!("'{text}' is not a valid time. Use 2026-03-01T12:00:00Z, -3d, -90m or +4h")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_specs_are_absolute_or_relative() {
        let start: Timestamp = "2026-03-04T10:00:00Z".parse().expect("valid");
        let resolved = |text: &str| {
            TimeSpec::parse(text)
                .expect("valid")
                .resolve(start)
                .to_string()
        };
        assert_eq!(resolved("-3d"), "2026-03-01T10:00:00Z");
        assert_eq!(resolved("+90m"), "2026-03-04T11:30:00Z");
        assert_eq!(
            resolved("2021-09-03T18:04:03.916Z"),
            "2021-09-03T18:04:03.916Z"
        );
        for wrong in ["", "-", "-3", "3d", "-x d", "yesterday", "+3é"] {
            assert!(TimeSpec::parse(wrong).is_err(), "{wrong}");
        }
    }
}
