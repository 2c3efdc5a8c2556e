//! A user's password, its history, and the state derived from them.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::clock::after;
use crate::model::seed::PasswordPolicy;

/// A stored password. The sandbox never sees real ones, so it does not hash them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoredPassword {
    Plaintext(String),
    /// A hash computed elsewhere, as in `{SSHA512}…`; no password matches it.
    Hashed,
}

impl StoredPassword {
    /// Recognizes a hash by its scheme in braces.
    pub(crate) fn parse(value: &str) -> Self {
        let encoded = value
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'))
            .is_some_and(|(scheme, hash)| {
                !scheme.is_empty()
                    && !hash.is_empty()
                    && scheme
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
            });
        if encoded {
            Self::Hashed
        } else {
            Self::Plaintext(value.to_owned())
        }
    }
}

/// A user's password and its history.
#[derive(Clone, Debug, Default)]
pub(crate) struct Password {
    /// `None` if the user has no password.
    pub(crate) value: Option<StoredPassword>,
    /// Former passwords, oldest first.
    pub(crate) former: Vec<StoredPassword>,
    pub(crate) must_change: bool,
    pub(crate) changed_at: Option<Timestamp>,
    /// Consecutive failed checks.
    pub(crate) failures: u32,
    pub(crate) locked_out_at: Option<Timestamp>,
    pub(crate) recovery: Option<Recovery>,
}

/// A recovery code that was sent.
#[derive(Clone, Debug)]
pub(crate) struct Recovery {
    pub(crate) code: String,
    pub(crate) expires_at: Timestamp,
    pub(crate) failures: u32,
}

/// A lockout caused by failed checks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lockout {
    /// When it ends; `None` if only an administrator can end it.
    pub(crate) until: Option<Timestamp>,
}

impl Password {
    /// Sets a new password, which ends a lockout.
    pub(crate) fn set(
        &mut self,
        value: StoredPassword,
        must_change: bool,
        now: Timestamp,
        history: usize,
    ) {
        if let Some(former) = self.value.replace(value) {
            self.former.push(former);
            let surplus = self.former.len().saturating_sub(history);
            self.former.drain(..surplus);
        }
        self.must_change = must_change;
        self.changed_at = Some(now);
        self.lift_lockout();
        self.recovery = None;
    }

    /// Ends a lockout; returns whether there was one.
    pub(crate) fn lift_lockout(&mut self) -> bool {
        self.failures = 0;
        self.locked_out_at.take().is_some()
    }

    /// The lockout in effect at `now`.
    pub(crate) fn lockout(&self, policy: &PasswordPolicy, now: Timestamp) -> Option<Lockout> {
        let since = self.locked_out_at?;
        let Some(seconds) = policy.lockout_seconds else {
            return Some(Lockout { until: None });
        };
        let until = after(since, Duration::from_secs(seconds.into()));
        (until > now).then_some(Lockout { until: Some(until) })
    }

    /// The password's status; users of an `external` identity provider have none in PingOne.
    pub(crate) fn status(
        &self,
        policy: &PasswordPolicy,
        external: bool,
        now: Timestamp,
    ) -> &'static str {
        if external {
            return "EXTERNAL";
        }
        let expired = policy
            .max_age_days
            .zip(self.changed_at)
            .is_some_and(|(days, changed)| {
                after(changed, Duration::from_secs(u64::from(days) * 86_400)) <= now
            });
        if self.value.is_none() {
            "NO_PASSWORD"
        } else if self.lockout(policy, now).is_some() {
            "PASSWORD_LOCKED_OUT"
        } else if self.must_change {
            "MUST_CHANGE_PASSWORD"
        } else if expired {
            "PASSWORD_EXPIRED"
        } else {
            "OK"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_recognized_by_their_scheme() {
        assert_eq!(
            StoredPassword::parse("{SSHA512}abc="),
            StoredPassword::Hashed
        );
        for clear in ["plain", "{}x", "{SSHA512}", "{a b}c", "{unclosed"] {
            assert_eq!(
                StoredPassword::parse(clear),
                StoredPassword::Plaintext(clear.to_owned()),
                "{clear}"
            );
        }
    }
}
