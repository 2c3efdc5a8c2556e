//! An error that brings its own advice, for a caller who knows more than PingOne's answer tells.

/// PingOne's error, and what to do about it instead of what is usually said.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Advised {
    /// What went wrong.
    pub error: pingone::Error,
    /// What to do about it.
    pub advice: &'static str,
}
