//! The failure of a change that made a user a member of a protected group.

use crate::invocation::Invocation;

/// The sentence about a user who was `done` something, such as `activated`, and thereby became a member of `groups`: a
/// dynamic group takes in every user that its filter matches, and only PingOne knows what the filter looks at.
pub fn became_protected(
    cx: &Invocation<'_>,
    username: &str,
    done: &str,
    groups: Result<Vec<String>, pingone::Error>,
) -> Vec<String> {
    match groups {
        Ok(groups) if groups.is_empty() => Vec::new(),
        Ok(groups) => vec![format!(
            "The user {username} was {done} and is now a member of {}, which the instance setting 'Protected groups' protects: a group with a filter takes in every user that the filter matches. The change remains, and this instance can no longer change the user. Check in PingOne whether the user belongs there.",
            groups.join(", ")
        )],
        Err(error) => vec![format!(
            "The user {username} was {done}, but it is not known whether the user is now in one of the 'Protected groups'. Check in PingOne.\n{}",
            cx.explain(&error.into())
        )],
    }
}
