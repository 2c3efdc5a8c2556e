//! An error with its own advice, for callers who know more than PingOne's answer says.

/// PingOne's error, with advice that replaces the default for its kind.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Advised {
    /// What went wrong.
    pub error: pingone::Error,
    /// What to do about it.
    pub advice: &'static str,
}
