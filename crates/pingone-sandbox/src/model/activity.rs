//! An entry of the audit trail: who did what to whom.

use jiff::Timestamp;

/// Who makes a request: a worker application.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Something that happened.
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
}

/// A thing in an activity.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) population: Option<String>,
    pub(crate) href: String,
}

/// `USER.LOCKED` as `User Locked`.
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
    fn actions_read_as_words() {
        assert_eq!(
            humanize("MEMBER_OF_GROUP.CREATED"),
            "Member Of Group Created"
        );
    }
}
