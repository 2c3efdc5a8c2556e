//! PingOne's ids. Each resource has its own type, so that a group's id cannot be taken for a user's, and
//! each is a UUID, so that no text from outside can change the path of a URL.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Length of a UUID with its hyphens; other spellings (braces, `urn:uuid:`) are refused.
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
}

#[cfg(test)]
mod tests {
    use super::*;

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
