//! Adds a user to a group.

use serde_json::Value;

use pingone::{
    Client,
    id::{GroupId, UserId},
};

/// The outcome of adding a user to a group.
pub enum JoinOutcome {
    /// The user was added; with PingOne's answer.
    Added(Option<Value>),
    /// The user was a member before.
    AlreadyMember,
}

/// Adds a user to a group.
pub async fn join(
    pingone: &Client<'_>,
    user: UserId,
    group: GroupId,
) -> Result<JoinOutcome, pingone::Error> {
    match pingone.add_to_group(user, group).await {
        Ok(raw) => Ok(JoinOutcome::Added(raw)),
        // The code can mean another uniqueness violation, so check the membership.
        Err(error) if error.has_code("UNIQUENESS_VIOLATION") => {
            match pingone.read_membership(user, group).await? {
                // An earlier attempt got no answer: it added the user.
                Some(_) if error.attempts.outcome_unknown => Ok(JoinOutcome::Added(None)),
                Some(_) => Ok(JoinOutcome::AlreadyMember),
                None => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}
