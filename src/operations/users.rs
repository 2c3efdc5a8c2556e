//! The users of a list.

use serde_json::Value;

use pingone::{
    Client,
    filter::equals,
    id::{GroupId, UserId},
};

/// The condition that a user is in a group. PingOne wants the form with brackets.
/// <https://developer.pingidentity.com/pingone-api/platform/users/group-membership/read-all-users-in-a-group.html>
pub fn in_group(group: GroupId) -> String {
    format!("memberOfGroups[{}]", equals("id", &group.to_string()))
}

/// The users with their ids. One without an id is an answer of PingOne that cannot be used.
pub fn identified<'a>(
    pingone: &Client<'_>,
    users: &'a [Value],
) -> Result<Vec<(UserId, &'a Value)>, pingone::Error> {
    users
        .iter()
        .map(|raw| Ok((pingone.listed_user(raw)?, raw)))
        .collect()
}
