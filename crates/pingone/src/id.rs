//! PingOne's ids. Each kind of resource has its own type, so that a group's id cannot be taken for a user's, and each
//! is a UUID, so that no text from outside can change the path of a URL.

use std::{fmt, str::FromStr};

use serde_json::Value;
use uuid::Uuid;

/// Length of a UUID with hyphens; other notations (braces, `urn:uuid:`) are refused.
const HYPHENATED: usize = 36;

/// The text is not a UUID.
#[derive(Debug, thiserror::Error)]
#[error("not a UUID")]
pub struct NotAnId;

fn parse(text: &str) -> Result<Uuid, NotAnId> {
    if text.len() != HYPHENATED {
        return Err(NotAnId);
    }
    Uuid::try_parse(text).map_err(|_| NotAnId)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(Uuid);

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                parse(text).map(Self)
            }
        }

        /// Lower case, as PingOne writes it.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    )*};
}

ids! {
    /// Names an environment.
    EnvironmentId;
    /// Names a user.
    UserId;
    /// Names a group.
    GroupId;
    /// Names a population.
    PopulationId;
    /// Names a session.
    SessionId;
    /// Names a device.
    DeviceId;
    /// Names a device authentication.
    DeviceAuthenticationId;
    /// Names a device authentication policy.
    DevicePolicyId;
    /// Names a linked account.
    LinkedAccountId;
    /// Names a risk evaluation.
    RiskEvaluationId;
    /// Names an application.
    ApplicationId;
    /// Names a resource: an API whose scopes applications can ask for.
    ResourceId;
    /// Names an administrator role.
    RoleId;
    /// Names the assignment of a role.
    RoleAssignmentId;
    /// Names what a role is assigned for: an organization, environment, population or application.
    ScopeId;
}

/// Whoever can hold administrator roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A user.
    User(UserId),
    /// A group, whose members then hold the role.
    Group(GroupId),
    /// An application: what a worker application may do.
    Application(ApplicationId),
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Group(id) => id.fmt(f),
            Self::Application(id) => id.fmt(f),
        }
    }
}

impl From<UserId> for Principal {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl From<ApplicationId> for Principal {
    fn from(application: ApplicationId) -> Self {
        Self::Application(application)
    }
}

/// Reads a resource's id from an answer. The error says what stands in its place and quotes nothing, since nothing is
/// masked yet.
pub(super) fn read_id<T: FromStr>(raw: &Value, what: &str) -> Result<T, String> {
    let there = match raw.get("id") {
        None | Some(Value::Null) => return Err(format!("{what} in it has no id")),
        Some(Value::String(text)) => match text.parse() {
            Ok(id) => return Ok(id),
            Err(_) => "text that is not a UUID",
        },
        Some(other) => kind_of(other),
    };
    Err(format!("{what} in it has no usable id, but {there}"))
}

/// Describes the kind of a value.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn invalid_and_missing_ids_are_distinguished() {
        let read = |raw: Value| read_id::<UserId>(&raw, "a user");
        let id = "9bc53389-f806-47b6-9480-ab1e3c6269b5";
        assert_eq!(
            read(json!({"id": id})).map(|id| id.to_string()),
            Ok(id.to_owned())
        );
        for (raw, error) in [
            (json!({}), "a user in it has no id"),
            (json!({"id": null}), "a user in it has no id"),
            (json!([]), "a user in it has no id"),
            (
                json!({"id": 7}),
                "a user in it has no usable id, but a number",
            ),
            (
                json!({"id": [id]}),
                "a user in it has no usable id, but a list",
            ),
            (
                json!({"id": "7"}),
                "a user in it has no usable id, but text that is not a UUID",
            ),
        ] {
            assert_eq!(read(raw), Err(error.to_owned()));
        }
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id: UserId = "9BC53389-F806-47B6-9480-AB1E3C6269B5"
            .parse()
            .expect("a UUID in capitals");
        assert_eq!(id.to_string(), "9bc53389-f806-47b6-9480-ab1e3c6269b5");
        for text in [
            "",
            "../groups",
            "9bc53389f80647b69480ab1e3c6269b5",
            "{9bc53389-f806-47b6-9480-ab1e3c6269b5}",
            "urn:uuid:9bc53389-f806-47b6-9480-ab1e3c6269b5",
            "9bc53389-f806-47b6-9480-ab1e3c6269b5/",
            " 9bc53389-f806-47b6-9480-ab1e3c6269b5",
            "9bc53389-f806-47b6-9480-ab1e3c6269bg",
        ] {
            assert!(text.parse::<UserId>().is_err(), "{text}");
        }
    }
}
