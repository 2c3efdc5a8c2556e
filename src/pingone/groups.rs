//! Groups and who is in them.
//! <https://developer.pingidentity.com/pingone-api/platform/users/group-membership.html>

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    client::{Call, Client, JSON, unusable},
    error::Error,
    filter,
    id::{GroupId, UserId},
    names::{closest, likeness},
    pages::{Paging, Part},
    policy::Touches,
};

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
    /// `DIRECT`, or `INDIRECT` by a nested group.
    pub kind: Option<String>,
    /// Whether the group has a filter that decides who is in it, if PingOne showed the group: nobody can be taken
    /// out of such a group. <https://developer.pingidentity.com/pingone-api/platform/groups.html>
    pub is_dynamic: Option<bool>,
}

/// The kind of membership that was given to the user itself. That by a group's filter has it too.
pub const DIRECT: &str = "DIRECT";
/// The kind of membership that comes from a nested group.
pub const INDIRECT: &str = "INDIRECT";

#[derive(Deserialize)]
struct MembershipItem {
    name: Option<String>,
    r#type: Option<String>,
    #[serde(rename = "_embedded")]
    embedded: Option<Embedded>,
}

#[derive(Deserialize)]
struct Embedded {
    group: Option<EmbeddedGroup>,
}

#[derive(Deserialize)]
struct EmbeddedGroup {
    name: Option<String>,
}

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
        let listed = self.list(url, GROUPS).await?.items.into_iter();
        let alike = listed.filter_map(|raw| {
            let likeness = likeness(name, raw.get("name")?.as_str()?)?;
            Some((likeness, raw))
        });
        let found = closest(alike.collect()).into_iter();
        found.map(|raw| self.group(&call, &raw)).collect()
    }

    /// The groups that the user itself was put into, and those of which PingOne does not say how the user came into
    /// them: PingOne's answer, and what it says.
    pub async fn direct_groups(&self, user: UserId) -> Result<(Value, Vec<Membership>), Error> {
        // That PingOne heeds this filter here is documented but was not seen; so the list is filtered again.
        let query = filter::query(&[
            ("expand", "group"),
            ("filter", &filter::equals("type", DIRECT)),
        ]);
        let mut url = self.user_url(user, &[MEMBER_OF_GROUPS]);
        url.set_query(Some(&query));
        let call = format!("GET {}", url.path());
        let listing = self.list(url, MEMBERSHIPS).await?;
        let memberships = listing
            .items
            .iter()
            .map(|raw| self.membership(&call, raw))
            .collect::<Result<Vec<_>, _>>()?;
        let direct = memberships
            .into_iter()
            .filter(|membership| membership.kind.as_deref() != Some(INDIRECT))
            .collect();
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
            Ok(raw) => self.membership(&described, &raw).map(Some),
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
        let listing = self.list(url, MEMBERSHIPS).await?;
        listing
            .items
            .iter()
            .map(|raw| {
                let text = |pointer| raw.pointer(pointer).and_then(Value::as_str);
                let group = text("/id").and_then(|id| id.parse().ok()).ok_or_else(|| {
                    // Nothing of it is quoted: it is not masked.
                    unusable(
                        &call,
                        false,
                        "a membership in it has another shape (its id is no UUID)",
                    )
                })?;
                let name = text("/name").or_else(|| text("/_embedded/group/name"));
                Ok(Membership {
                    group,
                    name: name.map(str::to_owned),
                    kind: text("/type").map(str::to_owned),
                    is_dynamic: is_dynamic(raw),
                })
            })
            .collect()
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

    fn membership(&self, call: &str, raw: &Value) -> Result<Membership, Error> {
        let wrong = |reason: &str| {
            unusable(
                call,
                false,
                &format!("a membership in it has another shape ({reason})"),
            )
        };
        let id = raw.get("id").and_then(Value::as_str);
        let group = id
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| wrong("its id is no UUID"))?;
        // Masked first: the error quotes what it could not read.
        let item = MembershipItem::deserialize(self.mask().value(raw.clone()))
            .map_err(|error| wrong(&error.to_string()))?;
        Ok(Membership {
            group,
            name: item.name.or_else(|| item.embedded?.group?.name),
            kind: item.r#type,
            is_dynamic: is_dynamic(raw),
        })
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
