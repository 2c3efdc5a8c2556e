//! What is asked of the audit trail, and where an activity says what it is about.

use jiff::Timestamp;
use serde_json::Value;

use pingone::{activities::Wanted, id::UserId};

/// Which activities are wanted.
pub struct Question {
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Of this user alone.
    pub user: Option<UserId>,
    /// Of these types alone, in PingOne's capitals.
    pub actions: Vec<String>,
    /// Of this client alone.
    pub client: Option<String>,
    /// From this address alone.
    pub ip: Option<String>,
}

impl Question {
    /// What PingOne is asked: the narrowest of the conditions. Of a user, both what it did and what was done to
    /// it, such as by an administrator.
    pub fn wanted(&self) -> Wanted {
        let conditions = match (&self.user, &self.client) {
            (Some(user), _) => ["actors.user.id", "resources.id"]
                .map(|of| (of, user.to_string()))
                .into(),
            (None, Some(client)) => vec![("actors.client.id", client.clone())],
            (None, None) => {
                let actions = self.actions.iter().cloned();
                actions.map(|action| ("action.type", action)).collect()
            }
        };
        Wanted {
            from: self.from,
            to: self.to,
            conditions,
        }
    }

    /// The other conditions, and those of PingOne once more.
    pub fn keeps(&self, activity: &Value) -> bool {
        let is = |pointer: &str, wanted: &str| {
            activity
                .pointer(pointer)
                .and_then(Value::as_str)
                .is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        };
        self.user.is_none_or(|user| {
            let user = user.to_string();
            let is_resource =
                |resource: &Value| resource.get("id").and_then(Value::as_str) == Some(&user);
            is("/actors/user/id", &user) || resources(activity).any(is_resource)
        }) && self
            .client
            .as_ref()
            .is_none_or(|client| is("/actors/client/id", client))
            && (self.actions.is_empty()
                || self.actions.iter().any(|action| is("/action/type", action)))
            && self
                .ip
                .as_ref()
                .is_none_or(|ip| source(activity, Source::Ip).and_then(Value::as_str) == Some(ip))
    }
}

/// What an activity was done to.
pub fn resources(activity: &Value) -> impl Iterator<Item = &Value> {
    let resources = activity.get("resources").and_then(Value::as_array);
    resources.into_iter().flatten()
}

/// Where an activity came from.
#[derive(Clone, Copy)]
pub enum Source {
    /// The address.
    Ip,
    /// The country.
    Country,
    /// The browser.
    UserAgent,
}

/// All of them.
pub const SOURCES: [Source; 3] = [Source::Ip, Source::Country, Source::UserAgent];

/// Where PingOne puts these is UNCONFIRMED, and not every action type has them; so some places are tried.
pub fn source(activity: &Value, what: Source) -> Option<&Value> {
    let places: &[&str] = match what {
        Source::Ip => &[
            "/source/ipAddress",
            "/source/remoteIp",
            "/internalCorrelation/remoteIp",
            "/remoteIp",
        ],
        Source::Country => &["/source/country", "/source/location/country"],
        Source::UserAgent => &["/source/userAgent", "/userAgent"],
    };
    let mut found = places.iter().filter_map(|place| activity.pointer(place));
    found.find(|found| !found.is_null())
}

/// Who tried to get in: where an application tried on a user's behalf, the user is what it was done to.
pub fn users(activity: &Value) -> Vec<&str> {
    match activity
        .pointer("/actors/user/name")
        .and_then(Value::as_str)
    {
        Some(user) => vec![user],
        None => resources(activity)
            .filter(|resource| resource.get("type").and_then(Value::as_str) == Some("USER"))
            .filter_map(|resource| resource.get("name").and_then(Value::as_str))
            .collect(),
    }
}
