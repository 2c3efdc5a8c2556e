//! Who was seen at an address, as far as the audit trail tells. PingOne can neither search the trail nor sessions by
//! address, so the trail is read, newest first, up to a limit.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use jiff::{SignedDuration, Timestamp};

use super::find::{UserKey, UserRef, Wording};
use pingone::{
    Client, Error,
    activities::{MAX_PAGE_SIZE, MAX_SPAN, Span},
    activity::Activity,
    id::UserId,
};

/// How many activities are read: 20 calls or more, depending on PingOne's page size.
const MAX_READ: usize = 10_000;
/// The newest part of the trail, which is read first. Each further one is four times as long.
const FIRST_SPAN: SignedDuration = SignedDuration::from_hours(1);
const SPAN_FACTOR: i32 = 4;

/// Of how many users the sessions are read by default.
pub const MAX_USERS: usize = 50;

/// Who was seen at an address.
#[derive(Debug, Default)]
pub struct Sightings {
    /// How many activities came from the address.
    pub count: usize,
    /// The users, by id, with their names if the trail has them.
    pub users: BTreeMap<String, Option<String>>,
    /// The applications that acted without a user.
    pub applications: BTreeSet<String>,
    /// How many activities were read.
    pub read: usize,
    /// Where the trail was read in part only because of the limit: everything from here on was read.
    pub cut_at: Option<Timestamp>,
}

/// Reads the trail of the time from `from` to `to`.
pub async fn sightings(
    pingone: &Client<'_>,
    ip: IpAddr,
    from: Timestamp,
    mut to: Timestamp,
) -> Result<Sightings, Error> {
    let mut found = Sightings::default();
    let mut length = FIRST_SPAN;
    while to > from {
        let start = to.saturating_sub(length).unwrap_or(from).max(from);
        let span = Span { from: start, to };
        let mut pages = pingone.activity_pages(span, None, MAX_PAGE_SIZE);
        while let Some(page) = pages.next().await? {
            if found.read >= MAX_READ {
                found.cut_at = Some(to);
                return Ok(found);
            }
            found.read += page.activities.len();
            for activity in &page.activities {
                found.add(activity, ip);
            }
            pingone.set_progress(format!("{} activities read", found.read));
        }
        to = start;
        length = (length * SPAN_FACTOR).min(MAX_SPAN);
    }
    Ok(found)
}

impl Sightings {
    /// The users, at most `max` of them.
    pub fn user_refs(&self, max: usize) -> Vec<UserRef> {
        let ids = self.users.keys().filter_map(|id| id.parse().ok());
        let users = ids.take(max).map(|id| UserRef {
            keys: vec![UserKey::Id(id)],
            wording: Wording::AnyKey,
        });
        users.collect()
    }

    /// Whoever acted: a user, or else an application and the users whom it is about, who may have signed on through it.
    fn add(&mut self, activity: &Activity, ip: IpAddr) {
        if activity.ip().and_then(|own| own.parse().ok()) != Some(ip) {
            return;
        }
        self.count += 1;
        let users = if let Some(actor) = activity.actor() {
            vec![actor]
        } else {
            let client = activity.client();
            let name = client.and_then(|client| client.name.or(client.id));
            self.applications.extend(name.map(str::to_owned));
            activity.subjects()
        };
        for user in users {
            let Some(id) = user.id.filter(|id| id.parse::<UserId>().is_ok()) else {
                continue;
            };
            let name = self.users.entry(id.to_owned()).or_default();
            if name.is_none() {
                *name = user.name.map(str::to_owned);
            }
        }
    }
}
