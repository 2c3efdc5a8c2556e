//! Entries of the audit trail: who did what to whom.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The id and name by which the console acts. It is no application of the environment.
pub(crate) const CONSOLE: &str = "adminui";

/// The application that made a request.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// One entry of the audit trail.
#[derive(Clone, Debug)]
pub(crate) struct Activity {
    pub(crate) sequence: u64,
    pub(crate) id: String,
    pub(crate) correlation_id: String,
    pub(crate) at: Timestamp,
    pub(crate) action: String,
    pub(crate) client: Option<Actor>,
    pub(crate) user: Option<Subject>,
    pub(crate) resources: Vec<Subject>,
    pub(crate) failed: bool,
    pub(crate) description: String,
    pub(crate) remote_ip: Option<String>,
    pub(crate) user_agent: Option<String>,
    /// Changes to how it is rendered: members are merged, and `null` removes one.
    pub(crate) details: Map<String, Value>,
}

/// A user, group or other resource in an activity.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) population: Option<String>,
    pub(crate) href: String,
}

/// `USER.LOCKED` becomes `User Locked`.
pub(crate) fn humanize(action: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        format!("{first}{}", rest.to_lowercase())
    };
    action
        .split(['.', '_'])
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn action_types_become_words() {
        assert_eq!(
            humanize("MEMBER_OF_GROUP.CREATED"),
            "Member Of Group Created"
        );
    }
}
