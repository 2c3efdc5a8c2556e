//! Groups and their members. <https://developer.pingidentity.com/pingone-api/platform/users/group-membership.html>

use std::rc::Rc;

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    call::{Effect, JSON, List, Path, Read, Write},
    filter,
    id::{GroupId, UserId, kind_of, read_id},
    memory::Reservation,
    secrets::Mask,
};

/// A group found by a look-up.
#[derive(Debug)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// Its name; not unique.
    pub name: String,
}

/// The membership of a user, or of a nested group, in a group.
#[derive(Debug)]
pub struct Membership {
    /// The group's id, which is also that of the membership.
    pub group: GroupId,
    /// The group's name, if the answer has it.
    pub name: Option<String>,
    /// The name as PingOne sent it, for display.
    pub shown_name: Value,
    /// `DIRECT`, or `INDIRECT` through a nested group.
    pub kind: Option<String>,
    /// Whether a filter decides the group's membership, if the answer shows the group: nobody can be removed from such
    /// a group. <https://developer.pingidentity.com/pingone-api/platform/groups.html>
    pub is_dynamic: Option<bool>,
    /// The memory reserved for the list that it came in.
    _reservation: Rc<Reservation>,
}

/// A membership of the user's own, also one that a group's filter decides.
pub const DIRECT: &str = "DIRECT";
/// A membership through a nested group.
pub const INDIRECT: &str = "INDIRECT";

const GROUPS: &str = "groups";
const MEMBER_OF_GROUPS: &str = "memberOfGroups";
/// The name of the list in the answer to `GET …/memberOfGroups`.
const MEMBERSHIPS: &str = "groupMemberships";

/// The groups of the environment.
pub(crate) fn groups() -> List {
    List::at(Path::of(&[GROUPS]), GROUPS)
}

/// The groups with this name. PingOne's answers must be compared again, as with users.
pub(crate) fn named(name: &str) -> List {
    groups().query(&[("filter", &filter::equals("name", name))])
}

/// A group.
pub(crate) fn group(id: GroupId) -> Read {
    Read::at(Path::of(&[GROUPS, &id.to_string()]))
}

/// Every group that the user is in, including through other groups.
pub(crate) fn of_user(user: UserId) -> List {
    List::at(user_groups(user), MEMBERSHIPS).query(&[EXPAND_GROUP])
}

/// The groups that the user is a direct member of. That PingOne applies this filter here is documented but has not
/// been seen.
pub(crate) fn direct_of_user(user: UserId) -> List {
    let is_direct = filter::equals("type", DIRECT);
    List::at(user_groups(user), MEMBERSHIPS).query(&[EXPAND_GROUP, ("filter", &is_direct)])
}

/// The groups in which a group is nested. <https://developer.pingidentity.com/pingone-api/platform/groups.html>
pub(crate) fn parents(group: GroupId) -> List {
    let path = Path::of(&[GROUPS, &group.to_string(), MEMBER_OF_GROUPS]);
    List::at(path, MEMBERSHIPS)
}

/// The user's membership in a group.
pub(crate) fn membership(user: UserId, group: GroupId) -> Read {
    Read::at(membership_path(user, group))
}

/// Adds the user to a group. PingOne refuses a repeated add with `UNIQUENESS_VIOLATION`.
pub(crate) fn add(user: UserId, group: GroupId) -> Write {
    Write::bare(
        Method::POST,
        user_groups(user),
        Effect::Membership(user, group),
    )
    .with_body(JSON, json!({"id": group.to_string()}))
}

/// Removes the user from a group; 404 unless the user is a direct member.
pub(crate) fn remove(user: UserId, group: GroupId) -> Write {
    Write::delete(
        membership_path(user, group),
        Effect::Membership(user, group),
    )
}

/// Makes PingOne include the group with each membership.
const EXPAND_GROUP: (&str, &str) = ("expand", "group");

fn user_groups(user: UserId) -> Path {
    Path::of_user(user, &[MEMBER_OF_GROUPS])
}

fn membership_path(user: UserId, group: GroupId) -> Path {
    Path::of_user(user, &[MEMBER_OF_GROUPS, &group.to_string()])
}

impl Group {
    /// Decodes a group.
    pub(crate) fn read(raw: &Value, mask: &Mask) -> Result<Self, String> {
        let text = |member| raw.get(member).and_then(Value::as_str);
        let id = text("id").and_then(|id| id.parse().ok());
        Ok(Self {
            id: id.ok_or("a group in it has no id")?,
            name: mask.text(text("name").unwrap_or_default()),
        })
    }
}

/// The name of a group, not masked: for comparison only. `None` if the answer is about another group or has no name.
pub(crate) fn name_of(raw: &Value, group: GroupId) -> Option<String> {
    let text = |member| raw.get(member).and_then(Value::as_str);
    let is_this = text("id").and_then(|id| id.parse().ok()) == Some(group);
    let name = text("name").filter(|name| is_this && !name.is_empty());
    name.map(str::to_owned)
}

/// Whether a filter decides the membership of the group in this answer, if it includes the group.
fn is_dynamic(membership: &Value) -> Option<bool> {
    membership.pointer("/_embedded/group").map(has_filter)
}

/// Whether a filter decides the group's membership.
pub(crate) fn has_filter(group: &Value) -> bool {
    match group.get("userFilter") {
        None | Some(Value::Null) => false,
        Some(Value::String(filter)) => !filter.is_empty(),
        Some(_) => true,
    }
}

impl Membership {
    /// Decodes a membership. Nothing in it is masked.
    pub(crate) fn read(raw: &Value, reservation: &Rc<Reservation>) -> Result<Self, String> {
        let group = read_id(raw, "a membership")?;
        let kind = match raw.get("type") {
            None | Some(Value::Null) => None,
            Some(Value::String(kind)) => Some(kind.clone()),
            Some(other) => {
                let there = kind_of(other);
                return Err(format!(
                    "a membership in it has no usable type, but {there}"
                ));
            }
        };
        let name = |pointer| raw.pointer(pointer).filter(|name| !name.is_null());
        let name = name("/name").or_else(|| name("/_embedded/group/name"));
        Ok(Self {
            group,
            name: name.and_then(Value::as_str).map(str::to_owned),
            shown_name: name.cloned().unwrap_or_default(),
            kind,
            is_dynamic: is_dynamic(raw),
            _reservation: Rc::clone(reservation),
        })
    }

    /// Masks it for display.
    pub(crate) fn masked(self, mask: &Mask) -> Self {
        Self {
            name: self.name.map(|name| mask.text(&name)),
            shown_name: mask.value(self.shown_name),
            kind: self.kind.map(|kind| mask.text(&kind)),
            ..self
        }
    }
}
