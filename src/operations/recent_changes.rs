//! What the audit trail says about a user's devices and linked accounts: which devices somebody else paired, and which
//! accounts were linked, within the last week.

use jiff::SignedDuration;
use serde_json::Value;

use pingone::{
    Client, Error,
    activities::{Condition, MAX_PAGE_SIZE, Span},
    activity::Activity,
    id::UserId,
};

/// How far back the audit trail is read, in days.
pub const DAYS: i64 = 7;
/// How much of it is read: more than most users have in a week, and few enough calls of ten that PingOne allows in a
/// second.
const MAX_PAGES: usize = 3;

/// The types of a pairing. A device that needs no activation may have the first one alone.
const PAIRINGS: [&str; 2] = ["DEVICE.CREATED", "DEVICE.ACTIVATED"];
const LINK: &str = "ACCOUNT.LINKED";

/// The activities that concern a user's devices and linked accounts.
pub struct RecentChanges {
    /// Pairings by somebody other than the user.
    pub pairings: Vec<Activity>,
    /// Links.
    pub links: Vec<Activity>,
    /// Whether there was more to read.
    pub more: bool,
}

/// Reads them.
pub async fn recent_changes(pingone: &Client<'_>, user: UserId) -> Result<RecentChanges, Error> {
    let to = pingone.now_at_pingone();
    let from = to - SignedDuration::from_hours(DAYS * 24);
    let condition = Condition::Resource(user.to_string());
    let mut pages = pingone.activity_pages(Span { from, to }, Some(&condition), MAX_PAGE_SIZE);
    let mut found = RecentChanges {
        pairings: Vec::new(),
        links: Vec::new(),
        more: false,
    };
    let mut read = 0;
    while let Some(page) = pages.next().await? {
        if read == MAX_PAGES {
            found.more = true;
            break;
        }
        read += 1;
        let is_link = |activity: &Activity| activity.is_action(LINK);
        let kept = page.keep(|activity| {
            is_done(activity) && (is_link(activity) || is_pairing_by_another(activity, user))
        });
        let (links, pairings) = kept.into_iter().partition::<Vec<_>, _>(is_link);
        found.links.extend(links);
        found.pairings.extend(pairings);
    }
    Ok(found)
}

/// Whether it is not recorded as a failure.
fn is_done(activity: &Activity) -> bool {
    let failed = |status: &str| status.eq_ignore_ascii_case("FAILURE");
    !activity.status().is_some_and(failed)
}

fn is_pairing_by_another(activity: &Activity, user: UserId) -> bool {
    let actor = activity.actor().and_then(|actor| actor.id);
    PAIRINGS.iter().any(|action| activity.is_action(action))
        && actor.is_some_and(|actor| actor.parse().ok() != Some(user))
}

/// The first of the activities on a device or linked account.
pub fn on<'a>(activities: &'a [Activity], item: &Value) -> Option<&'a Activity> {
    let mut activities = activities.iter();
    activities.find(|activity| is_on(activity, item))
}

/// Those on none of the devices or linked accounts.
pub fn on_none<'a>(activities: &'a [Activity], items: &[Value]) -> Vec<&'a Activity> {
    let activities = activities.iter();
    let is_on_none = |activity: &&Activity| !items.iter().any(|item| is_on(activity, item));
    activities.filter(is_on_none).collect()
}

/// Whether the item is among what was acted on.
fn is_on(activity: &Activity, item: &Value) -> bool {
    let id = item.get("id").and_then(Value::as_str);
    id.is_some() && activity.resources().any(|resource| resource.id == id)
}
