//! The step of a containment that removes a user from its groups: which it can leave, which it cannot, and why.

use anyhow::Result;

use super::{
    phrases::{Named, tell_apart},
    steps::{
        Detail, Direction, Group, GroupChanges, GroupFailure, PartialGroups, Reason, Record,
        StepOutcome, StepResult,
    },
};
use pingone::{
    Client,
    groups::{DIRECT, INDIRECT, Membership},
    id::{GroupId, UserId},
};

const NESTED: Reason = Reason::Known(
    "the membership is indirect (by a nested group or a group filter) and cannot be removed from the user",
);
const BY_FILTER: Reason = Reason::Known(
    "the group's filter decides who is a member, so the user cannot be removed from it",
);
const STILL_A_MEMBER: Reason = Reason::Known(
    "PingOne answered that there is nothing to remove, but the user is still in the group",
);

/// Removes the user from the groups that it is a direct member of, or from those of them that are in `only`. The record
/// gets the groups that were left, and those that may have been.
pub(super) async fn leave_groups(
    pingone: &Client<'_>,
    user: UserId,
    only: &[GroupId],
    record: &mut Record,
) -> Result<StepResult> {
    let mut leaving = Leaving {
        pingone,
        user,
        only,
        left: Vec::new(),
        dynamic: Vec::new(),
        failed: Vec::new(),
        unconfirmed: Vec::new(),
    };
    let (_, mut memberships) = pingone.direct_groups(user).await?;
    tell_apart_groups(&mut memberships);
    if !only.is_empty() {
        let listed: Vec<GroupId> = memberships.iter().map(|listed| listed.group).collect();
        memberships.retain(|membership| only.contains(&membership.group));
        for group in only.iter().filter(|group| !listed.contains(group)) {
            memberships.extend(leaving.unlisted(*group).await);
        }
    }
    for membership in &memberships {
        leaving.leave(membership).await;
    }
    record.left(&leaving.left);
    let unconfirmed = leaving.unconfirmed.iter();
    let unconfirmed = unconfirmed.map(|failure| failure.group.id.to_string());
    record.unconfirmed_groups = unconfirmed.collect();
    leaving.result()
}

/// The groups that were left so far, and those that were not.
struct Leaving<'a> {
    pingone: &'a Client<'a>,
    user: UserId,
    /// The groups to leave; all if empty.
    only: &'a [GroupId],
    left: Vec<Group>,
    /// Those whose filter decides who is a member.
    dynamic: Vec<Group>,
    /// Those that certainly were not left.
    failed: Vec<GroupFailure>,
    /// Those that may have been left.
    unconfirmed: Vec<GroupFailure>,
}

impl Leaving<'_> {
    /// The membership in a group that is missing in the list of the user's groups, if it can be left.
    async fn unlisted(&mut self, id: GroupId) -> Option<Membership> {
        let reason = match self.pingone.read_membership(self.user, id).await {
            Ok(Some(membership)) if membership.kind.as_deref() == Some(INDIRECT) => {
                let group = group(&membership);
                self.failed.push(GroupFailure::new(group, NESTED));
                return None;
            }
            Ok(membership) => return membership,
            Err(error) => Reason::PingOne(error),
        };
        let group = Named::by_id(id);
        self.failed.push(GroupFailure::new(group, reason));
        None
    }

    async fn leave(&mut self, membership: &Membership) {
        let id = membership.group;
        if membership.is_dynamic == Some(true) {
            self.stay(membership);
            return;
        }
        match self.pingone.remove_from_group(self.user, id).await {
            Ok(()) => self.left.push(group(membership)),
            Err(error) if error.status() == Some(404) => self.after_404(membership, &error).await,
            Err(error) => {
                // PingOne refuses like this where a filter decides. The group is read only if the list did not say.
                if error.status() == Some(400)
                    && membership.is_dynamic.is_none()
                    && matches!(self.pingone.is_dynamic_group(id).await, Ok(true))
                {
                    self.stay(membership);
                    return;
                }
                let is_unconfirmed = error.may_have_changed();
                let failure = failure(membership, Reason::PingOne(error));
                if is_unconfirmed {
                    self.unconfirmed.push(failure);
                } else {
                    self.failed.push(failure);
                }
            }
        }
    }

    /// A dynamic group cannot be left. That is a failure only if the group was named.
    fn stay(&mut self, membership: &Membership) {
        let group = group(membership);
        if self.only.contains(&group.id) {
            self.failed.push(GroupFailure::new(group, BY_FILTER));
        } else {
            self.dynamic.push(group);
        }
    }

    /// PingOne has nothing to remove: was the group left already, or is the user still in it?
    async fn after_404(&mut self, membership: &Membership, error: &pingone::Error) {
        // If an earlier attempt got no answer, that is the one that removed the membership.
        let was_tried = error.attempts.outcome_unknown;
        let id = membership.group;
        match self.pingone.read_membership(self.user, id).await {
            Ok(None) if was_tried => self.left.push(group(membership)),
            Ok(None) => {}
            Ok(Some(_)) => self.failed.push(failure(membership, STILL_A_MEMBER)),
            Err(error) => {
                let failure = failure(membership, Reason::PingOne(error));
                if was_tried {
                    self.unconfirmed.push(failure);
                } else {
                    self.failed.push(failure);
                }
            }
        }
    }

    fn result(self) -> Result<StepResult> {
        let Self {
            left,
            dynamic,
            failed,
            unconfirmed,
            ..
        } = self;
        if !failed.is_empty() || !unconfirmed.is_empty() {
            return Err(PartialGroups {
                direction: Direction::Leave,
                done: left,
                failed,
                unconfirmed,
                dynamic,
            }
            .into());
        }
        let outcome = match (left.is_empty(), dynamic.is_empty()) {
            (false, _) => StepOutcome::Done,
            (true, true) => StepOutcome::Already,
            (true, false) => StepOutcome::NotApplicable,
        };
        let groups = GroupChanges {
            changed: left,
            dynamic,
            ..GroupChanges::default()
        };
        Ok(StepResult::new(outcome, Detail::Groups(groups)))
    }
}

fn tell_apart_groups(memberships: &mut [Membership]) {
    let mut groups: Vec<Group> = memberships.iter().map(group).collect();
    tell_apart(&mut groups);
    for (membership, group) in memberships.iter_mut().zip(groups) {
        membership.name = group.name;
    }
}

fn group(membership: &Membership) -> Group {
    Named {
        id: membership.group,
        name: membership.name.clone(),
    }
}

/// Only PingOne knows whether a membership of unknown type can be left at all, so the failure mentions it.
fn failure(membership: &Membership, reason: Reason) -> GroupFailure {
    GroupFailure {
        is_type_unknown: membership.kind.as_deref() != Some(DIRECT),
        ..GroupFailure::new(group(membership), reason)
    }
}
