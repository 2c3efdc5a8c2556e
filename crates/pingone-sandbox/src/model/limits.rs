//! Rate limits: counts requests per window and says when to retry.
//!
//! PingOne counts per licence and rate group
//! (`developer.pingidentity.com/pingone-api/platform/rate-limiting.html`). Most limits are not
//! public, so the seed sets its own, by path.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::clock::{after, format_timestamp, seconds_until};
use crate::model::fault::glob_matches;
use crate::model::seed::RateLimit;
use crate::protocol::error::ApiError;

/// The limits and how much of each is used up.
#[derive(Debug)]
pub(crate) struct RateLimiter {
    windows: Vec<Window>,
}

#[derive(Debug)]
struct Window {
    rate: RateLimit,
    started: Option<Timestamp>,
    used: u32,
}

impl RateLimiter {
    pub(crate) fn new(rates: &[RateLimit]) -> Self {
        let windows = rates
            .iter()
            .map(|rate| Window {
                rate: rate.clone(),
                started: None,
                used: 0,
            })
            .collect();
        Self { windows }
    }

    /// Counts a request, and rejects it if a window is full.
    pub(crate) fn admit(&mut self, path: &str, now: Timestamp) -> Result<(), ApiError> {
        for window in &mut self.windows {
            if !glob_matches(&window.rate.path, path) {
                continue;
            }
            let length = Duration::from_secs(window.rate.seconds.max(1).into());
            let ends = match window.started.map(|started| after(started, length)) {
                Some(ends) if ends > now => ends,
                _ => {
                    window.started = Some(now);
                    window.used = 0;
                    after(now, length)
                }
            };
            if window.used >= window.rate.requests {
                let wait = seconds_until(now, ends).unwrap_or(1);
                return Err(ApiError::rate_limited(
                    window.rate.requests,
                    wait,
                    &format_timestamp(ends),
                ));
            }
            window.used += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_window_rejects_requests_until_it_ends() {
        let start: Timestamp = "2026-03-04T10:00:00Z".parse().expect("valid");
        let rate = RateLimit {
            path: "*/users*".to_owned(),
            requests: 2,
            seconds: 10,
        };
        let mut limiter = RateLimiter::new(&[rate]);
        let mut at = |path: &str, seconds| {
            limiter
                .admit(path, after(start, Duration::from_secs(seconds)))
                .is_ok()
        };
        assert!(at("/v1/users", 0) && at("/v1/users/x", 1));
        assert!(!at("/v1/users", 9));
        assert!(at("/v1/groups", 9), "another path is not counted");
        assert!(at("/v1/users", 10));
    }
}
