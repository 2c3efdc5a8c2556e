//! Puts a user into a group.

use serde_json::Value;

use pingone::{
    Client,
    id::{GroupId, UserId},
};

/// What came of adding a user to a group.
pub enum Joined {
    /// It was added; with PingOne's answer.
    Now(Option<Value>),
    /// It was in it.
    Already,
}

/// Adds a user to a group.
pub async fn join(
    pingone: &Client<'_>,
    user: UserId,
    group: GroupId,
) -> Result<Joined, pingone::Error> {
    match pingone.add_to_group(user, group).await {
        Ok(raw) => Ok(Joined::Now(raw)),
        // The same code could stand for something else that has to be unique; so it is looked at.
        Err(error) if error.has_code("UNIQUENESS_VIOLATION") => {
            match pingone.read_membership(user, group).await? {
                // An earlier try got no answer; that the user is in the group now is its doing.
                Some(_) if error.attempts.outcome_unknown => Ok(Joined::Now(None)),
                Some(_) => Ok(Joined::Already),
                None => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}
