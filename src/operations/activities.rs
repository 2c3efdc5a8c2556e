//! Searching the audit log, and reading an activity: its source, its users, its resources.

use jiff::Timestamp;
use serde_json::Value;

use pingone::{activities::newest::ActivityQuery, id::UserId};

/// A search of the audit log. All conditions must hold.
pub struct ActivitySearch {
    /// Recorded at or after.
    pub from: Timestamp,
    /// Recorded before.
    pub to: Timestamp,
    /// By or on this user.
    pub user: Option<UserId>,
    /// Of one of these types, in capitals as PingOne has them; of any type if empty.
    pub actions: Vec<String>,
    /// By this client (application).
    pub client: Option<String>,
    /// From this IP address.
    pub ip: Option<String>,
}

impl ActivitySearch {
    /// The query for PingOne. It takes one condition beside the time, so this is the narrowest one. A user's activities
    /// are both those by the user and those on the user, such as an administrator's.
    pub fn query(&self) -> ActivityQuery {
        let conditions = match (&self.user, &self.client) {
            (Some(user), _) => ["actors.user.id", "resources.id"]
                .map(|attribute| (attribute, user.to_string()))
                .into(),
            (None, Some(client)) => vec![("actors.client.id", client.clone())],
            (None, None) => {
                let actions = self.actions.iter().cloned();
                actions.map(|action| ("action.type", action)).collect()
            }
        };
        ActivityQuery {
            from: self.from,
            to: self.to,
            conditions,
        }
    }

    /// Whether an activity meets all conditions.
    pub fn matches(&self, activity: &Value) -> bool {
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

/// The resources that an activity affected.
pub fn resources(activity: &Value) -> impl Iterator<Item = &Value> {
    let resources = activity.get("resources").and_then(Value::as_array);
    resources.into_iter().flatten()
}

/// An attribute of an activity's source.
#[derive(Clone, Copy)]
pub enum Source {
    /// The IP address.
    Ip,
    /// The country.
    Country,
    /// The browser or other user agent.
    UserAgent,
}

/// All attributes.
pub const SOURCES: [Source; 3] = [Source::Ip, Source::Country, Source::UserAgent];

/// Reads an attribute of the source. Where PingOne puts these is UNCONFIRMED, and not every action type has them, so
/// several places are tried.
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

/// The names of the users who signed on or tried to: the acting user, or, if an application acted, the users that it
/// acted on.
pub fn users(activity: &Value) -> Vec<&str> {
    subjects(activity, "name")
}

/// The same, by id where PingOne gives no name; one empty text if it gives neither.
pub fn user_labels(activity: &Value) -> Vec<&str> {
    let found = ["name", "id"].map(|member| subjects(activity, member));
    let found = found.into_iter().find(|labels| !labels.is_empty());
    found.unwrap_or_else(|| vec![""])
}

fn subjects<'a>(activity: &'a Value, member: &str) -> Vec<&'a str> {
    let text = |value: &'a Value| value.get(member).and_then(Value::as_str);
    match activity.pointer("/actors/user").and_then(text) {
        Some(user) => vec![user],
        None => resources(activity)
            .filter(|resource| resource.get("type").and_then(Value::as_str) == Some("USER"))
            .filter_map(text)
            .collect(),
    }
}
