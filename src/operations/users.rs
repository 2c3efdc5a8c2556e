//! Lists of users.

use serde_json::Value;

use pingone::{
    Client,
    filter::equals,
    id::{GroupId, UserId},
};

/// The filter for the members of a group. PingOne requires the form with brackets.
/// <https://developer.pingidentity.com/pingone-api/platform/users/group-membership/read-all-users-in-a-group.html>
pub fn in_group(group: GroupId) -> String {
    format!("memberOfGroups[{}]", equals("id", &group.to_string()))
}

/// The users with their ids. A user without a valid id is an error: PingOne's answer is unusable.
pub fn with_ids<'a>(
    pingone: &Client<'_>,
    users: &'a [Value],
) -> Result<Vec<(UserId, &'a Value)>, pingone::Error> {
    users
        .iter()
        .map(|raw| Ok((pingone.listed_user(raw)?, raw)))
        .collect()
}
