//! Group membership: direct, through a dynamic group's filter, and through nesting.

use serde_json::{Value, json};

use crate::model::store::{Group, Store, User};

/// A user's membership in a group.
#[derive(Debug)]
pub(crate) struct Membership<'a> {
    pub(crate) group: &'a Group,
    pub(crate) direct: bool,
}

impl Membership<'_> {
    /// `DIRECT` or `INDIRECT`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.direct { "DIRECT" } else { "INDIRECT" }
    }
}

/// Whether the user was added to the group or matches its filter. That a dynamic membership counts
/// as `DIRECT` is UNCONFIRMED.
pub(crate) fn is_direct(user: &User, group: &Group) -> bool {
    user.groups.contains(&group.id)
        || group
            .user_filter
            .as_ref()
            .is_some_and(|(_, filter)| filter.matches(&attribute_view(user)))
}

/// All of a user's groups, direct and inherited, in the order of the groups.
pub(crate) fn memberships<'a>(store: &'a Store, user: &User) -> Vec<Membership<'a>> {
    let mut reached: Vec<(&str, bool)> = store
        .groups
        .iter()
        .filter(|group| is_direct(user, group))
        .map(|group| (group.id.as_str(), true))
        .collect();
    let mut next = 0;
    while let Some((id, _)) = reached.get(next) {
        let parents = store
            .find_group(id)
            .map_or(&[][..], |group| &group.member_of);
        for parent in parents {
            if !reached.iter().any(|(known, _)| known == parent) {
                reached.push((parent, false));
            }
        }
        next += 1;
    }
    store
        .groups
        .iter()
        .filter_map(|group| {
            let (_, direct) = reached.iter().find(|(id, _)| *id == group.id)?;
            Some(Membership {
                group,
                direct: *direct,
            })
        })
        .collect()
}

/// The group and all groups it is nested in, at any depth.
pub(crate) fn ancestors(store: &Store, id: &str) -> Vec<String> {
    let mut reached = vec![id.to_owned()];
    let mut next = 0;
    while let Some(id) = reached.get(next) {
        let parents = store
            .find_group(id)
            .map_or(Vec::new(), |group| group.member_of.clone());
        for parent in parents {
            if !reached.contains(&parent) {
                reached.push(parent);
            }
        }
        next += 1;
    }
    reached
}

/// A user as a dynamic group's filter sees it: the profile and the few other filterable members.
pub(crate) fn attribute_view(user: &User) -> Value {
    let mut view = user.profile.clone();
    view.insert("enabled".to_owned(), user.enabled.into());
    view.insert("population".to_owned(), json!({ "id": user.population }));
    view.into()
}
