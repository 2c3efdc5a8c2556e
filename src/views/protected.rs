//! What is to be told where a change made a user a member of a protected group.

use crate::invocation::Invocation;
use pingone::id::UserId;

/// The sentence for a user who was `done` something, which made it a member of `groups`: the filter of a dynamic group
/// takes in whom it matches, and what it looks at is known to PingOne alone.
pub fn joined(
    cx: &Invocation<'_>,
    user: UserId,
    done: &str,
    groups: Result<Vec<String>, pingone::Error>,
) -> Vec<String> {
    match groups {
        Ok(groups) if groups.is_empty() => Vec::new(),
        Ok(groups) => vec![format!(
            "The user {user} was {done}, and is now a member of {}, which 'Protected groups' in the instance's settings protects: a group with a filter takes in every user that the filter matches. The change was not taken back, and this instance cannot change the user any more: look in PingOne whether the user belongs there.",
            groups.join(", ")
        )],
        Err(error) => vec![format!(
            "The user {user} was {done}. Whether it is in one of the 'Protected groups' now is not known: look in PingOne.\n{}",
            cx.explain(&error.into())
        )],
    }
}
