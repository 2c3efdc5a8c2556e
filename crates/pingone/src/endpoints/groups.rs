//! Groups and who is in them.
//! <https://developer.pingidentity.com/pingone-api/platform/users/group-membership.html>

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
    _reservation: Rc<Reservation>,
}

/// The kind of membership that was given to the user itself. That by a group's filter has it too.
pub const DIRECT: &str = "DIRECT";
/// The kind of membership that comes from a nested group.
pub const INDIRECT: &str = "INDIRECT";

const GROUPS: &str = "groups";
const MEMBER_OF_GROUPS: &str = "memberOfGroups";
/// What `GET …/memberOfGroups` calls its list.
const MEMBERSHIPS: &str = "groupMemberships";

/// The groups of the environment.
pub(crate) fn groups() -> List {
    List::at(Path::of(&[GROUPS]), GROUPS)
}

/// The groups of this name; PingOne's answers have to be compared again, as with users.
pub(crate) fn named(name: &str) -> List {
    groups().query(&[("filter", &filter::equals("name", name))])
}

/// A group.
pub(crate) fn group(id: GroupId) -> Read {
    Read::at(Path::of(&[GROUPS, &id.to_string()]))
}

/// Every group that the user is in, also by other groups.
pub(crate) fn of_user(user: UserId) -> List {
    List::at(user_groups(user), MEMBERSHIPS).query(&[EXPAND_GROUP])
}

/// The groups that the user itself was put into. That PingOne heeds this filter here is documented but was not seen.
pub(crate) fn direct_of_user(user: UserId) -> List {
    let is_direct = filter::equals("type", DIRECT);
    List::at(user_groups(user), MEMBERSHIPS).query(&[EXPAND_GROUP, ("filter", &is_direct)])
}

/// The groups in which a group is nested.
/// <https://developer.pingidentity.com/pingone-api/platform/groups.html>
pub(crate) fn parents(group: GroupId) -> List {
    let path = Path::of(&[GROUPS, &group.to_string(), MEMBER_OF_GROUPS]);
    List::at(path, MEMBERSHIPS)
}

/// The user's membership in a group.
pub(crate) fn membership(user: UserId, group: GroupId) -> Read {
    Read::at(membership_path(user, group))
}

/// Puts the user into a group. Doing it again is refused with `UNIQUENESS_VIOLATION`.
pub(crate) fn add(user: UserId, group: GroupId) -> Write {
    Write::bare(
        Method::POST,
        user_groups(user),
        Effect::Membership(user, group),
    )
    .with_body(JSON, json!({"id": group.to_string()}))
}

/// Takes the user out of a group; 404 if it is not in it by itself.
pub(crate) fn remove(user: UserId, group: GroupId) -> Write {
    Write::delete(
        membership_path(user, group),
        Effect::Membership(user, group),
    )
}

/// Has PingOne show the group with each membership.
const EXPAND_GROUP: (&str, &str) = ("expand", "group");

fn user_groups(user: UserId) -> Path {
    Path::of_user(user, &[MEMBER_OF_GROUPS])
}

fn membership_path(user: UserId, group: GroupId) -> Path {
    Path::of_user(user, &[MEMBER_OF_GROUPS, &group.to_string()])
}

impl Group {
    /// Reads a group out of an answer.
    pub(crate) fn read(raw: &Value, mask: &Mask) -> Result<Self, String> {
        let text = |member| raw.get(member).and_then(Value::as_str);
        let id = text("id").and_then(|id| id.parse().ok());
        Ok(Self {
            id: id.ok_or("a group in it has no id")?,
            name: mask.text(text("name").unwrap_or_default()),
        })
    }
}

/// The name of a group, not masked: for comparing only. `None` if the answer is not about this group or has no name in
/// it.
pub(crate) fn name_of(raw: &Value, group: GroupId) -> Option<String> {
    let text = |member| raw.get(member).and_then(Value::as_str);
    let is_this = text("id").and_then(|id| id.parse().ok()) == Some(group);
    let name = text("name").filter(|name| is_this && !name.is_empty());
    name.map(str::to_owned)
}

/// Whether a filter decides who is in the group of a membership, if PingOne shows the group with it.
fn is_dynamic(membership: &Value) -> Option<bool> {
    membership.pointer("/_embedded/group").map(has_filter)
}

/// Whether a filter decides who is in the group.
pub(crate) fn has_filter(group: &Value) -> bool {
    match group.get("userFilter") {
        None | Some(Value::Null) => false,
        Some(Value::String(filter)) => !filter.is_empty(),
        Some(_) => true,
    }
}

impl Membership {
    /// Reads a membership out of an answer. Nothing of it is masked.
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

    /// The same to be shown.
    pub(crate) fn masked(self, mask: &Mask) -> Self {
        Self {
            name: self.name.map(|name| mask.text(&name)),
            shown_name: mask.value(self.shown_name),
            kind: self.kind.map(|kind| mask.text(&kind)),
            ..self
        }
    }
}
