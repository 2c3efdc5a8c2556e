//! Searching the audit trail: the conditions, and whom an activity is about.

use std::cell::Cell;

use jiff::Timestamp;

use pingone::{
    activities::{Condition, MAX_SPAN, newest::ActivityQuery},
    activity::{Activity, Party},
    id::UserId,
};

/// The type of a user's membership in a group.
const MEMBERSHIP: &str = "MEMBER_OF_GROUP";

/// What PingOne records when a sign-on fails, whatever the result's status: it is `SUCCESS` for some of them. `OTP.INVALID`
/// is in older lists only.
pub const FAILED_SIGN_ONS: [&str; 9] = [
    "PASSWORD.CHECK_FAILED",
    "USER.ACCESS_DENIED",
    "OTP.CHECK_FAILED",
    "OTP.CHECK_INVALID",
    "OTP.INVALID",
    "ASSERTION.CHECK_FAILED",
    "DEVICE_PAYLOAD.CHECK_INVALID",
    "DEVICE.FRAUD_REPORTED",
    "USER.KERBEROS_FAILED",
];

/// A search of the audit trail. All conditions must hold.
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
    /// Whether an activity met all conditions but for `ip`, because it has no address.
    pub lacks_address: Cell<bool>,
}

impl ActivitySearch {
    /// The query for PingOne. It takes one condition beside the time, so this is the narrowest one. A user's activities
    /// are those by the user, those on the user, such as an administrator's, and those on the user's memberships, which
    /// can be told from those of other users here alone.
    pub fn query(&self) -> ActivityQuery {
        let conditions = match (&self.user, &self.client) {
            (Some(user), _) => {
                let mut conditions = vec![
                    Condition::Actor(*user),
                    Condition::Resource(user.to_string()),
                ];
                let mut actions = self.actions.iter();
                if self.actions.is_empty() || actions.any(|action| action.starts_with(MEMBERSHIP)) {
                    conditions.push(Condition::ResourceType(MEMBERSHIP.to_owned()));
                }
                conditions
            }
            (None, Some(client)) => vec![Condition::Client(client.clone())],
            (None, None) if self.actions.is_empty() => Vec::new(),
            (None, None) => vec![Condition::Actions(self.actions.clone())],
        };
        ActivityQuery {
            from: self.from,
            to: self.to,
            conditions,
        }
    }

    /// Whether an activity meets all conditions.
    pub fn matches(&self, activity: &Activity) -> bool {
        let client = activity.client().and_then(|client| client.id);
        let is_wanted = self.user.is_none_or(|user| activity.concerns(user))
            && self.client.as_ref().is_none_or(|wanted| {
                client.is_some_and(|client| client.eq_ignore_ascii_case(wanted))
            })
            && (self.actions.is_empty()
                || self.actions.iter().any(|action| activity.is_action(action)));
        match (&self.ip, activity.ip()) {
            (Some(ip), Some(found)) => is_wanted && ip == found,
            (Some(_), None) => {
                self.lacks_address
                    .set(self.lacks_address.get() || is_wanted);
                false
            }
            (None, _) => is_wanted,
        }
    }

    /// Whether it reaches back further than PingOne keeps activities at hand.
    pub fn needs_restore(&self, now: Timestamp) -> bool {
        now.duration_since(self.from) > MAX_SPAN
    }
}

/// The users who signed on or tried to: the acting user, or, if none acted, those who were acted on.
pub fn users(activity: &Activity) -> Vec<Party<'_>> {
    match activity.actor() {
        Some(user) => vec![user],
        None => activity.subjects(),
    }
}

/// The same, by id where PingOne gives no name; one empty text if it gives neither.
pub fn user_labels(activity: &Activity) -> Vec<&str> {
    let labels = users(activity).into_iter();
    let labels: Vec<&str> = labels.filter_map(|user| user.name.or(user.id)).collect();
    if labels.is_empty() { vec![""] } else { labels }
}
