//! Groups and who is in them.
//! <https://developer.pingidentity.com/pingone-api/platform/users/group-membership.html>

use std::rc::Rc;

use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::{
    client::{Call, Client, JSON, unusable},
    error::Error,
    filter,
    id::{GroupId, UserId, kind_of, read_id},
    names::{closest, likeness},
    pages::{Paging, Part},
    policy::Touches,
};
use crate::memory::Held;

/// A group as a look-up finds it.
#[derive(Debug)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name; not unique.
    pub name: String,
}

/// The membership of a user, or of a group, in a group.
#[derive(Debug)]
pub struct Membership {
    /// The group's id: that of the membership itself.
    pub group: GroupId,
    /// The group's name, if PingOne told it.
    pub name: Option<String>,
    /// The same as it came, for showing.
    pub shown_name: Value,
    /// `DIRECT`, or `INDIRECT` by a nested group.
    pub kind: Option<String>,
    /// Whether the group has a filter that decides who is in it, if PingOne showed the group: nobody can be taken
    /// out of such a group. <https://developer.pingidentity.com/pingone-api/platform/groups.html>
    pub is_dynamic: Option<bool>,
    /// The share of the command's memory that the list has in which it came.
    _held: Rc<Held>,
}

/// The kind of membership that was given to the user itself. That by a group's filter has it too.
pub const DIRECT: &str = "DIRECT";
/// The kind of membership that comes from a nested group.
pub const INDIRECT: &str = "INDIRECT";

const GROUPS: &str = "groups";
const MEMBER_OF_GROUPS: &str = "memberOfGroups";
/// What `GET …/memberOfGroups` calls its list.
const MEMBERSHIPS: &str = "groupMemberships";

impl Client<'_> {
    /// The groups of this name, compared again as usernames are.
    pub async fn find_groups(&self, name: &str) -> Result<Vec<Group>, Error> {
        let url = self.url(
            &[GROUPS],
            &filter::query(&[("filter", &filter::equals("name", name))]),
        );
        let call = format!("GET {}", url.path());
        let listing = self.list(url, GROUPS).await?;
        let alike = listing.items.into_iter().filter_map(|raw| {
            let likeness = likeness(name, raw.get("name")?.as_str()?)?;
            Some((likeness, raw))
        });
        let found = closest(alike.collect()).into_iter();
        found.map(|raw| self.group(&call, &raw)).collect()
    }

    /// The groups that the user itself was put into, and those of which PingOne does not say how the user came into
    /// them: PingOne's answer, and what it says.
    pub async fn direct_groups(&self, user: UserId) -> Result<(Value, Vec<Membership>), Error> {
        let expand = ("expand", "group");
        let is_direct = filter::equals("type", DIRECT);
        let mut url = self.user_url(user, &[MEMBER_OF_GROUPS]);
        url.set_query(Some(&filter::query(&[expand, ("filter", &is_direct)])));
        let call = format!("GET {}", url.path());
        let listing = match self.list(url.clone(), MEMBERSHIPS).await {
            // That PingOne heeds this filter here is documented but was not seen; so the list is filtered again, and
            // read without it where PingOne refuses it.
            Err(error) if error.refuses_filter() => {
                url.set_query(Some(&filter::query(&[expand])));
                self.list(url, MEMBERSHIPS).await?
            }
            listing => listing?,
        };
        let (listing, held) = listing.split_held();
        let mut direct = Vec::new();
        for raw in &listing.items {
            let membership = membership(&call, raw, &held)?;
            if membership.kind.as_deref() != Some(INDIRECT) {
                direct.push(self.masked(membership));
            }
        }
        Ok((self.mask().value(listing.into_document()), direct))
    }

    /// The user's membership in a group; `None` if there is none.
    pub async fn read_membership(
        &self,
        user: UserId,
        group: GroupId,
    ) -> Result<Option<Membership>, Error> {
        let call = Call::get(self.membership_url(user, group));
        let described = format!("GET {}", call.url.path());
        match self.call_json(call).await {
            Ok(raw) => {
                let membership = membership(&described, &raw, &Rc::default())?;
                Ok(Some(self.masked(membership)))
            }
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every group that the user is in, also by other groups. Names are not masked: for comparing only.
    pub(super) async fn all_groups(&self, user: UserId) -> Result<Vec<Membership>, Error> {
        let mut url = self.user_url(user, &[MEMBER_OF_GROUPS]);
        url.set_query(Some("expand=group"));
        self.memberships(url).await
    }

    /// The groups in which a group is nested. Names are not masked: for comparing only.
    /// <https://developer.pingidentity.com/pingone-api/platform/groups.html>
    pub(super) async fn groups_above(&self, group: GroupId) -> Result<Vec<Membership>, Error> {
        let path = [GROUPS, &group.to_string(), MEMBER_OF_GROUPS];
        self.memberships(self.url(&path, "")).await
    }

    async fn memberships(&self, url: Url) -> Result<Vec<Membership>, Error> {
        let call = format!("GET {}", url.path());
        let (listing, held) = self.list(url, MEMBERSHIPS).await?.split_held();
        let items = listing.items.iter();
        items.map(|raw| membership(&call, raw, &held)).collect()
    }

    /// Whether there is such a group.
    pub async fn group_exists(&self, group: GroupId) -> Result<bool, Error> {
        Ok(self.read_group_raw(group).await?.is_some())
    }

    /// Whether a filter decides who is in the group.
    pub async fn is_dynamic_group(&self, group: GroupId) -> Result<bool, Error> {
        let raw = self.read_group_raw(group).await?;
        Ok(raw.as_ref().is_some_and(has_filter))
    }

    /// The name of a group, not masked: for comparing only. `None` if there is no such group, or if the answer is not
    /// about this group or has no name in it.
    pub(super) async fn group_name(&self, group: GroupId) -> Result<Option<String>, Error> {
        let raw = self.read_group_raw(group).await?.unwrap_or_default();
        let text = |member| raw.get(member).and_then(Value::as_str);
        let is_this = text("id").and_then(|id| id.parse().ok()) == Some(group);
        let name = text("name").filter(|name| is_this && !name.is_empty());
        Ok(name.map(str::to_owned))
    }

    async fn read_group_raw(&self, group: GroupId) -> Result<Option<Value>, Error> {
        let url = self.url(&[GROUPS, &group.to_string()], "");
        match self.call_json(Call::get(url)).await {
            Ok(raw) => Ok(Some(raw)),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn group(&self, call: &str, raw: &Value) -> Result<Group, Error> {
        let text = |member| raw.get(member).and_then(Value::as_str);
        let id = text("id").and_then(|id| id.parse().ok());
        Ok(Group {
            id: id.ok_or_else(|| unusable(call, false, "a group in it has no id"))?,
            name: self.mask().text(text("name").unwrap_or_default()),
        })
    }

    /// Groups that a filter finds; none is every group.
    pub async fn search_groups(
        &self,
        filter: Option<&str>,
        paging: &Paging,
    ) -> Result<Part, Error> {
        self.list_part(&[GROUPS], GROUPS, filter, paging).await
    }

    /// Puts the user into a group. Doing it again is refused with `UNIQUENESS_VIOLATION`.
    pub async fn add_to_group(&self, user: UserId, group: GroupId) -> Result<Option<Value>, Error> {
        let url = self.user_url(user, &[MEMBER_OF_GROUPS]);
        let body = json!({"id": group.to_string()});
        self.change(Call::with_body(
            Method::POST,
            url,
            JSON,
            body,
            Touches::Membership(user, group),
        ))
        .await
    }

    /// Takes the user out of a group; 404 if it is not in it by itself.
    pub async fn remove_from_group(&self, user: UserId, group: GroupId) -> Result<(), Error> {
        self.call_maybe_json(Call::delete(
            self.membership_url(user, group),
            Touches::Membership(user, group),
        ))
        .await
        .map(drop)
    }

    fn membership_url(&self, user: UserId, group: GroupId) -> Url {
        self.user_url(user, &[MEMBER_OF_GROUPS, &group.to_string()])
    }

    /// A membership to be shown.
    fn masked(&self, membership: Membership) -> Membership {
        let mask = self.mask();
        Membership {
            name: membership.name.map(|name| mask.text(&name)),
            shown_name: mask.value(membership.shown_name),
            kind: membership.kind.map(|kind| mask.text(&kind)),
            ..membership
        }
    }
}

/// Whether a filter decides who is in the group of a membership, if PingOne shows the group with it.
fn is_dynamic(membership: &Value) -> Option<bool> {
    membership.pointer("/_embedded/group").map(has_filter)
}

fn has_filter(group: &Value) -> bool {
    match group.get("userFilter") {
        None | Some(Value::Null) => false,
        Some(Value::String(filter)) => !filter.is_empty(),
        Some(_) => true,
    }
}

/// Reads a membership out of an answer. Nothing of it is masked.
fn membership(call: &str, raw: &Value, held: &Rc<Held>) -> Result<Membership, Error> {
    let wrong = |reason: &str| unusable(call, false, reason);
    let group = read_id(raw, "a membership").map_err(|reason| wrong(&reason))?;
    let kind = match raw.get("type") {
        None | Some(Value::Null) => None,
        Some(Value::String(kind)) => Some(kind.clone()),
        Some(other) => {
            let there = kind_of(other);
            return Err(wrong(&format!(
                "a membership in it has no usable type, but {there}"
            )));
        }
    };
    let name = |pointer| raw.pointer(pointer).filter(|name| !name.is_null());
    let name = name("/name").or_else(|| name("/_embedded/group/name"));
    Ok(Membership {
        group,
        name: name.and_then(Value::as_str).map(str::to_owned),
        shown_name: name.cloned().unwrap_or_default(),
        kind,
        is_dynamic: is_dynamic(raw),
        _held: Rc::clone(held),
    })
}
