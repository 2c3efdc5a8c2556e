//! The step of a containment that takes a user out of its groups: which it can leave, which it cannot and why.

use std::iter;

use anyhow::Result;

use super::steps::{NotAll, Record, StepOutcome, StepResult, explain};
use pingone::{
    Client,
    groups::{DIRECT, INDIRECT, Membership},
    id::{GroupId, UserId},
};

const NESTED: &str = "The user is in it by an indirect membership (a nested group or a group filter), which cannot be removed from the user.";
const BY_FILTER: &str =
    "The user is in it by the group's filter, which cannot be removed from the user.";
const STILL_A_MEMBER: &str =
    "PingOne answered that there is nothing to remove, but the user is still in the group.";

/// Takes the user out of the groups that it was put into, or of those of them that are in `only`. The record gets
/// those that were left, and those that may have been.
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
        unconfirmed_ids: Vec::new(),
    };
    let (_, mut memberships) = pingone.direct_groups(user).await?;
    if !only.is_empty() {
        let listed: Vec<GroupId> = memberships.iter().map(|listed| listed.group).collect();
        memberships.retain(|membership| only.contains(&membership.group));
        for group in only.iter().filter(|group| !listed.contains(group)) {
            memberships.extend(leaving.not_listed(*group).await);
        }
    }
    for membership in &memberships {
        leaving.leave(membership).await;
    }
    leaving.result(record)
}

/// What came of leaving groups so far.
struct Leaving<'a> {
    pingone: &'a Client<'a>,
    user: UserId,
    /// The groups that are to be left; all if there are none.
    only: &'a [GroupId],
    left: Vec<GroupId>,
    /// Those whose filter decides who is in them.
    dynamic: Vec<String>,
    /// Those that were surely not left, and why.
    failed: Vec<String>,
    /// Those that may have been left, and why that is not known.
    unconfirmed: Vec<String>,
    unconfirmed_ids: Vec<GroupId>,
}

impl Leaving<'_> {
    /// A group that the list of the user's groups does not have: its membership, if it can be left.
    async fn not_listed(&mut self, group: GroupId) -> Option<Membership> {
        match self.pingone.read_membership(self.user, group).await {
            Ok(membership) if membership.as_ref().is_some_and(is_nested) => {
                self.failed.push(format!("{group}: {NESTED}"));
                None
            }
            Ok(membership) => membership,
            Err(error) => {
                let explained = explain(&error.into());
                self.failed.push(format!("{group}: {explained}"));
                None
            }
        }
    }

    async fn leave(&mut self, membership: &Membership) {
        let group = membership.group;
        if membership.is_dynamic == Some(true) {
            self.stay(membership);
            return;
        }
        match self.pingone.remove_from_group(self.user, group).await {
            Ok(()) => self.left.push(group),
            Err(error) if error.status() == Some(404) => self.after_404(membership, &error).await,
            Err(error) => {
                // PingOne refuses so where a filter decides. Asked only if the list did not tell.
                if error.status() == Some(400)
                    && membership.is_dynamic.is_none()
                    && matches!(self.pingone.is_dynamic_group(group).await, Ok(true))
                {
                    self.stay(membership);
                    return;
                }
                let is_unconfirmed = error.may_have_changed();
                let told = told(membership, &explain(&error.into()));
                if is_unconfirmed {
                    self.unconfirmed_ids.push(group);
                    self.unconfirmed.push(told);
                } else {
                    self.failed.push(told);
                }
            }
        }
    }

    /// A dynamic group cannot be left. That one was asked for by id and stays is a failure.
    fn stay(&mut self, membership: &Membership) {
        let group = membership.group;
        if self.only.contains(&group) {
            self.failed.push(format!("{group}: {BY_FILTER}"));
            return;
        }
        self.dynamic.push(match &membership.name {
            Some(name) => format!("{name} ({group})"),
            None => group.to_string(),
        });
    }

    /// PingOne has nothing to remove: gone already, or never touched?
    async fn after_404(&mut self, membership: &Membership, error: &pingone::Error) {
        let group = membership.group;
        // That the membership is gone now is the doing of an earlier try that got no answer.
        let was_tried = error.attempts.outcome_unknown;
        match self.pingone.read_membership(self.user, group).await {
            Ok(None) if was_tried => self.left.push(group),
            Ok(None) => {}
            Ok(Some(_)) => self.failed.push(told(membership, STILL_A_MEMBER)),
            Err(error) => {
                let told = told(membership, &explain(&error.into()));
                if was_tried {
                    self.unconfirmed_ids.push(group);
                    self.unconfirmed.push(told);
                } else {
                    self.failed.push(told);
                }
            }
        }
    }

    fn result(self, record: &mut Record) -> Result<StepResult> {
        let ids = |groups: &[GroupId]| groups.iter().map(ToString::to_string).collect();
        record.left_groups = ids(&self.left);
        record.unconfirmed_groups = ids(&self.unconfirmed_ids);
        let dynamic = (!self.dynamic.is_empty()).then(|| {
            let groups = self.dynamic.join(", ");
            format!("stays in dynamic groups, whose filters decide who is in them: {groups}")
        });
        let left = self.left.len();
        if !self.failed.is_empty() || !self.unconfirmed.is_empty() {
            let parts = [
                ("not left", self.failed),
                ("may have been left", self.unconfirmed),
            ];
            let parts = parts.into_iter().filter(|(_, groups)| !groups.is_empty());
            let parts = parts.map(|(how, groups)| format!("{how}: {}", groups.join("; ")));
            let told = iter::once(format!("groups left: {left}"))
                .chain(parts)
                .chain(dynamic);
            return Err(NotAll(told.collect::<Vec<_>>().join("; ")).into());
        }
        Ok(match (left, dynamic) {
            (0, Some(dynamic)) => StepResult::new(StepOutcome::NotApplicable, dynamic),
            (0, None) => StepResult::new(StepOutcome::Already, "is in none of them"),
            (left, dynamic) => {
                StepResult::new(StepOutcome::Done, format!("{left} left")).leaving_alone(dynamic)
            }
        })
    }
}

fn is_nested(membership: &Membership) -> bool {
    membership.kind.as_deref() == Some(INDIRECT)
}

/// Which group it is about, and what of it. Whether a membership of unknown kind can be left at all only PingOne
/// knows.
fn told(membership: &Membership, what: &str) -> String {
    let group = membership.group;
    match membership.kind.as_deref() {
        Some(DIRECT) => format!("{group}: {what}"),
        _ => format!("{group} (kind unknown): {what}"),
    }
}
