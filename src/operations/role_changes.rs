//! Removes administrator roles from a user, group or application, and assigns those that a containment removed again.
//! A role that comes through a group, or that the worker application may not assign, cannot be removed: that is told,
//! and no failure.

use anyhow::{Error, Result, bail};

use super::{
    change::{
        Change, Details, KeptRole, PartialSuccess, Role, Roles, Verb, changed_by,
        for_each_best_effort,
    },
    phrases::{Named, counted, list, tell_apart},
    roles::{RoleNames, role_names},
    steps::{StepOutcome, StepResult},
};
use crate::advice::Advised;
use pingone::{
    Client,
    id::{Principal, RoleAssignmentId},
    names::same,
    roles::{Grant, RoleAssignment},
};

const REMOVE: Verb = Verb {
    base: "remove",
    past: "removed",
};

const ASSIGN: Verb = Verb {
    base: "assign",
    past: "assigned",
};

/// <https://developer.pingidentity.com/pingone-api/platform/roles.html>
const MAY_NOT_ASSIGN: &str = "A worker application can only assign and remove roles that its own roles may assign. Environment Admin takes a worker application with Environment Admin, and Organization Admin one with Organization Admin.";

/// Which roles to remove.
pub enum WantedRoles {
    /// All of them.
    All,
    /// These assignments, and all assignments of the roles with these names.
    These(Vec<RoleAssignmentId>, Vec<String>),
}

/// Removes the wanted roles, then lists them again to verify that none is left.
pub async fn remove_roles(
    pingone: &Client<'_>,
    principal: Principal,
    wanted: &WantedRoles,
) -> Result<Change> {
    let (assignments, names) =
        tokio::join!(pingone.role_assignments(principal), role_names(pingone));
    let (listed, mut names) = (assignments?, names);
    let (assignments, not_found) = select(listed, wanted, &mut names)?;
    let (kept, removable): (Vec<_>, Vec<_>) = assignments
        .into_iter()
        .partition(|assignment| assignment.read_only || assignment.through.is_some());
    names
        .read_places(pingone, kept.iter().chain(&removable))
        .await;
    let mut roles = Roles {
        kept: kept.iter().map(|kept| kept_role(kept, &names)).collect(),
        not_found,
        ..Roles::default()
    };
    let wanted: Vec<Role> = named(&removable, &names)?;
    let work = async |id| pingone.remove_role_assignment(principal, id).await;
    let failures = for_each_best_effort(&wanted, &mut roles.removed, work).await;
    let grants = |removed: &[Role]| -> Vec<Grant> {
        let ids: Vec<_> = removed.iter().map(|role| Some(role.id)).collect();
        let removed = removable.iter().filter(|one| ids.contains(&one.id));
        removed.filter_map(|one| one.grant.clone()).collect()
    };
    roles.grants = grants(&roles.removed);
    if let Some(failures) = failures {
        roles.unconfirmed_grants = grants(&failures.unconfirmed);
        let rest = format!("; {}", failures.summary(REMOVE));
        roles.unconfirmed = failures.unconfirmed;
        let partial = partial(roles, &rest);
        return Err(with_advice(partial, failures.error));
    }
    if !pingone.is_dry_run() && !wanted.is_empty() {
        let now = pingone.role_assignments(principal).await;
        let now = match now {
            Ok(now) => now,
            Err(error) => return Err(partial(roles, ", then failed").with_cause(error)),
        };
        let still = |role: &Role| now.iter().any(|one| one.id == Some(role.id));
        roles.removed.retain(|role| !still(role));
        roles.grants = grants(&roles.removed);
        // One that PingOne called gone may be there as well.
        let left: Vec<Role> = wanted.into_iter().filter(still).collect();
        if !left.is_empty() {
            let still = format!(", but PingOne still lists {}.", list(&left));
            return Err(partial(roles, &still).into());
        }
    }
    Ok(Change {
        changed: !roles.removed.is_empty(),
        verified: true,
        details: Details::Roles(roles),
    })
}

/// The wanted assignments, and what was asked for in vain.
fn select(
    listed: Vec<RoleAssignment>,
    wanted: &WantedRoles,
    names: &mut RoleNames,
) -> Result<(Vec<RoleAssignment>, Vec<String>)> {
    let WantedRoles::These(ids, roles) = wanted else {
        return Ok((listed, Vec::new()));
    };
    let is_role = |assignment: &RoleAssignment, role: &str| {
        let name = names.of(assignment).and_then(|name| name.as_str());
        name.is_some_and(|name| same(name, role))
    };
    let lacks_id = |id: &&RoleAssignmentId| !listed.iter().any(|one| one.id == Some(**id));
    let missing: Vec<String> = ids
        .iter()
        .filter(lacks_id)
        .map(ToString::to_string)
        .collect();
    let lacks_role = |role: &&String| !listed.iter().any(|one| is_role(one, role));
    let unnamed: Vec<String> = roles.iter().filter(lacks_role).cloned().collect();
    let some_unnamed = listed
        .iter()
        .any(|assignment| names.of(assignment).is_none());
    let is_wanted = |one: &RoleAssignment| {
        one.id.is_some_and(|id| ids.contains(&id)) || roles.iter().any(|role| is_role(one, role))
    };
    let selected: Vec<bool> = listed.iter().map(is_wanted).collect();
    if !unnamed.is_empty() && some_unnamed && !names.unread.is_empty() {
        let (list, error) = names.unread.swap_remove(0);
        return Err(error.context(format!("The names of {list} are not available")));
    }
    let selected = listed.into_iter().zip(selected);
    let selected = selected.filter_map(|(one, is_wanted)| is_wanted.then_some(one));
    Ok((selected.collect(), [missing, unnamed].concat()))
}

/// The roles by name, each of which PingOne must have given an id.
fn named(assignments: &[RoleAssignment], names: &RoleNames) -> Result<Vec<Role>> {
    let mut roles = Vec::new();
    for assignment in assignments {
        let Some(id) = assignment.id else {
            bail!("PingOne lists a role assignment without an id.")
        };
        let name = Some(role_name(assignment, names));
        roles.push(Named { id, name });
    }
    tell_apart(&mut roles);
    Ok(roles)
}

/// `Identity Data Admin (POPULATION Employees)`; without the scope if that is an environment.
fn role_name(assignment: &RoleAssignment, names: &RoleNames) -> String {
    let text = |pointer| {
        assignment
            .raw
            .pointer(pointer)
            .and_then(|text| text.as_str())
    };
    let role = names.of(assignment).and_then(|name| name.as_str());
    let role = role.or_else(|| text("/role/id")).unwrap_or("unknown role");
    match text("/scope/type") {
        None | Some("ENVIRONMENT") => role.to_owned(),
        Some(kind) => {
            let scope = names.of_scope(assignment).or_else(|| text("/scope/id"));
            format!("{role} ({kind} {})", scope.unwrap_or_default())
        }
    }
}

fn kept_role(assignment: &RoleAssignment, names: &RoleNames) -> KeptRole {
    KeptRole {
        role: role_name(assignment, names),
        through: assignment.through.map(|id| Named {
            id,
            name: names.of_group(assignment).map(str::to_owned),
        }),
    }
}

/// What was removed before something failed.
fn partial(roles: Roles, rest: &str) -> PartialSuccess {
    PartialSuccess {
        summary: roles.summary() + rest,
        changed: changed_by(&roles.removed, &roles.unconfirmed),
        details: Details::Roles(roles),
    }
}

/// What to do about a refusal depends on the role.
fn with_advice(partial: PartialSuccess, error: pingone::Error) -> Error {
    if error.status() != Some(403) {
        return partial.with_cause(error);
    }
    let advised = Error::from(Advised {
        error,
        advice: MAY_NOT_ASSIGN,
    });
    advised.context(partial)
}

/// Assigns roles again, each with the name that the record has for it.
pub(super) async fn assign_again(
    pingone: &Client<'_>,
    principal: Principal,
    roles: &[(Grant, String)],
) -> Result<StepResult> {
    let held = pingone.role_assignments(principal).await?;
    let is_held = |grant: &Grant| {
        let mut held = held.iter().filter(|one| one.through.is_none());
        held.any(|one| one.grant.as_ref() == Some(grant))
    };
    let (mut missing, mut already) = (Vec::new(), Vec::new());
    for (place, (grant, name)) in roles.iter().enumerate() {
        let to = if is_held(grant) {
            &mut already
        } else {
            &mut missing
        };
        to.push(Named {
            id: place,
            name: Some(name.clone()),
        });
    }
    let mut assigned = Vec::new();
    let assign = async |place: usize| {
        let assigned = pingone.assign_role(principal, &roles[place].0).await;
        assigned.map(|_| true)
    };
    if let Some(failures) = for_each_best_effort(&missing, &mut assigned, assign).await {
        let partial = PartialSuccess {
            summary: format!("{}; {}", summary(&assigned), failures.summary(ASSIGN)),
            changed: changed_by(&assigned, &failures.unconfirmed),
            details: Details::None,
        };
        return Err(with_advice(partial, failures.error));
    }
    let mut parts = Vec::new();
    if !assigned.is_empty() {
        parts.push(if pingone.is_dry_run() {
            let count = counted(assigned.len(), "role");
            format!("{count} would be assigned: {}", list(&assigned))
        } else {
            summary(&assigned)
        });
    }
    if !already.is_empty() {
        parts.push(format!("Already held: {}", list(&already)));
    }
    let outcome = if assigned.is_empty() {
        StepOutcome::Already
    } else {
        StepOutcome::Done
    };
    Ok(StepResult::text(outcome, parts.join(". ")))
}

/// `Assigned 1 role (Environment Admin)`.
fn summary(assigned: &[Named<usize>]) -> String {
    let count = counted(assigned.len(), "role");
    if assigned.is_empty() {
        format!("Assigned {count}")
    } else {
        format!("Assigned {count} ({})", list(assigned))
    }
}
