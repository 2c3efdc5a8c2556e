//! The users who hold administrator roles, directly or through groups. PingOne has no such list: a user's roles are
//! read one user at a time, which also shows those that come through groups, however deeply these are nested.
//!
//! Where there are more users than may be asked about, those come first who are likely to be administrators: whoever
//! the audit trail names in administrative events, and the members of groups that carry roles.

use std::{cmp::Reverse, collections::HashMap};

use anyhow::Result;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::Value;

use super::{
    roles::{RoleNames, role_names},
    users::in_group,
};
use pingone::{
    Client, Error,
    activities::{Condition, MAX_PAGE_SIZE, MAX_SPAN, Span},
    activity::{Activity, Party},
    filter::{all, equals},
    id::{GroupId, PopulationId, Principal, UserId},
    memory,
    pages::{Paging, Part},
    roles::RoleAssignment,
};

/// Enough to hide network latency, and well below PingOne's rate limits.
const MAX_CONCURRENT: usize = 10;
/// How many groups are asked for their roles, in an environment with too many users.
const MAX_GROUPS: usize = 200;
/// PingOne's largest page of users.
const PAGE_SIZE: usize = 200;
/// When this many activities of the trail were read, no further page is.
const MAX_ACTIVITIES: usize = 2000;

/// Whom to look at.
pub struct AdministratorSearch {
    /// Only users of this population.
    pub population: Option<PopulationId>,
    /// How many users may be asked about. Each takes a call.
    pub max_users: usize,
}

/// The administrators that were found.
pub struct Administrators {
    /// Those granted a role last come first, then in PingOne's order.
    pub found: Vec<Administrator>,
    /// The names of their roles.
    pub names: RoleNames,
    /// How many users were asked about.
    pub checked: usize,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

/// A user with administrator roles.
pub struct Administrator {
    /// The user's id.
    pub id: UserId,
    /// The user.
    pub user: Value,
    /// The roles; at least one.
    pub roles: Vec<HeldRole>,
}

/// An administrator role that a user holds.
pub struct HeldRole {
    /// Its assignment.
    pub assignment: RoleAssignment,
    /// Who gave it and when, if that was in the last [`MAX_SPAN`].
    pub granted: Option<Granted>,
}

/// The creation of a role assignment.
#[derive(Clone)]
pub struct Granted {
    /// When, as PingOne wrote it.
    pub at: String,
    /// The user who gave it, or else the application.
    pub by: Option<String>,
}

/// What a search could not see.
pub enum Gap {
    /// There are more users than were asked about.
    Users,
    /// There are more groups than were asked about.
    Groups,
    /// The groups that carry roles, or their members, could not be read.
    GroupRoles(anyhow::Error),
    /// When roles were given could not be read.
    Trail(anyhow::Error),
    /// The roles of some users could not be read; with one of the reasons.
    Roles(usize, anyhow::Error),
}

/// Finds the administrators.
pub async fn administrators(
    pingone: &Client<'_>,
    search: &AdministratorSearch,
) -> Result<Administrators> {
    let population = search
        .population
        .map(|id| equals("population.id", &id.to_string()));
    let conditions: Vec<String> = population.into_iter().collect();
    let (users, mut names, trail) = tokio::join!(
        find_users(pingone, &conditions, search.max_users),
        role_names(pingone),
        trail(
            pingone,
            Condition::Actions(vec!["ROLE_ASSIGNMENT.CREATED".to_owned()])
        ),
    );
    let users = users?;
    let mut gaps = Vec::new();
    let grants = trail.unwrap_or_else(|error| {
        gaps.push(Gap::Trail(error.into()));
        Vec::new()
    });
    let grants = grants_by_assignment(&grants);
    let mut candidates = Candidates::new(search.max_users);
    if users.more {
        gaps.push(Gap::Users);
        likely(pingone, &conditions, &mut candidates, &mut gaps).await?;
    }
    for raw in users.items {
        candidates.add(pingone.listed_user(&raw)?, Some(raw));
    }
    let checked = candidates.users.len();
    let mut found = roles_of(pingone, candidates.users, &grants, &mut gaps).await?;
    found = with_users(pingone, found, search.population).await?;
    found.sort_by_key(|administrator| Reverse(administrator.granted_last()));
    let assignments = found.iter().flat_map(|administrator| &administrator.roles);
    let assignments = assignments.map(|role| &role.assignment);
    names.read_places(pingone, assignments).await;
    Ok(Administrators {
        found,
        names,
        checked,
        gaps,
    })
}

impl Administrator {
    /// When the newest of the roles was given, as far as the audit trail says.
    fn granted_last(&self) -> Option<Timestamp> {
        let granted = self.roles.iter().filter_map(|role| role.granted.as_ref());
        granted.filter_map(|granted| granted.at.parse().ok()).max()
    }
}

/// The users to ask about, without duplicates.
struct Candidates {
    max: usize,
    users: Vec<(UserId, Option<Value>)>,
}

impl Candidates {
    fn new(max: usize) -> Self {
        Self {
            max,
            users: Vec::new(),
        }
    }

    fn add(&mut self, id: UserId, user: Option<Value>) {
        if let Some((_, known)) = self.users.iter_mut().find(|(known, _)| *known == id) {
            if known.is_none() {
                *known = user;
            }
        } else if self.users.len() < self.max {
            self.users.push((id, user));
        }
    }
}

async fn find_users(
    pingone: &Client<'_>,
    conditions: &[String],
    limit: usize,
) -> Result<Part, Error> {
    let paging = Paging {
        limit: Some(limit),
        page_size: PAGE_SIZE,
        from: None,
    };
    let filter = all(conditions);
    pingone.search_users(filter.as_deref(), &paging).await
}

/// Adds whoever is likely to be an administrator.
async fn likely(
    pingone: &Client<'_>,
    conditions: &[String],
    candidates: &mut Candidates,
    gaps: &mut Vec<Gap>,
) -> Result<()> {
    let (trail, groups) = tokio::join!(
        trail(pingone, Condition::Tag("adminIdentityEvent".to_owned())),
        groups_with_roles(pingone),
    );
    // The trail was read before; if it cannot be read, that is said there.
    for activity in trail.iter().flatten() {
        let users = activity.resources().filter(Party::is_user);
        for user in users.chain(activity.actor()) {
            if let Some(id) = user.id.and_then(|id| id.parse().ok()) {
                candidates.add(id, None);
            }
        }
    }
    let members = match groups {
        Ok((groups, more)) => {
            if more {
                gaps.push(Gap::Groups);
            }
            members_of(pingone, conditions, groups, candidates.max).await
        }
        Err(error) => Err(error),
    };
    match members {
        Ok(members) => {
            for raw in members {
                candidates.add(pingone.listed_user(&raw)?, Some(raw));
            }
        }
        Err(error) => gaps.push(Gap::GroupRoles(error.into())),
    }
    Ok(())
}

/// The groups that carry roles, and whether there are more groups than were asked about.
async fn groups_with_roles(pingone: &Client<'_>) -> Result<(Vec<GroupId>, bool), Error> {
    let paging = Paging {
        limit: Some(MAX_GROUPS),
        page_size: PAGE_SIZE,
        from: None,
    };
    let part = pingone.search_groups(None, &paging).await?;
    let ids = part.items.iter().filter_map(|group| {
        let id = group.get("id").and_then(Value::as_str);
        id?.parse::<GroupId>().ok()
    });
    let groups = stream::iter(ids).map(|group| async move {
        let roles = pingone.role_assignments(Principal::Group(group)).await?;
        Ok((!roles.is_empty()).then_some(group))
    });
    let groups: Vec<Result<Option<GroupId>, Error>> =
        groups.buffered(MAX_CONCURRENT).collect().await;
    let groups = groups.into_iter().filter_map(Result::transpose);
    Ok((groups.collect::<Result<_, Error>>()?, part.more))
}

/// The members of groups, `limit` of each at most.
async fn members_of(
    pingone: &Client<'_>,
    conditions: &[String],
    groups: Vec<GroupId>,
    limit: usize,
) -> Result<Vec<Value>, Error> {
    let parts = stream::iter(groups).map(|group| async move {
        let mut conditions = conditions.to_vec();
        conditions.push(in_group(group));
        find_users(pingone, &conditions, limit).await
    });
    let parts: Vec<Result<Part, Error>> = parts.buffered(MAX_CONCURRENT).collect().await;
    let mut members = Vec::new();
    for part in parts {
        members.extend(part?.items);
    }
    Ok(members)
}

/// The activities that meet the condition, as far back as one query reaches.
async fn trail(pingone: &Client<'_>, condition: Condition) -> Result<Vec<Activity>, Error> {
    let to = pingone.now();
    let from = to.saturating_sub(MAX_SPAN).unwrap_or(to);
    let mut pages = pingone.activity_pages(Span { from, to }, Some(&condition), MAX_PAGE_SIZE);
    let mut found = Vec::new();
    while found.len() < MAX_ACTIVITIES
        && let Some(page) = pages.next().await?
    {
        found.extend(page.keep(|_| true));
    }
    Ok(found)
}

/// The creation of role assignments by their ids, which are at the end of the resource's address.
fn grants_by_assignment(activities: &[Activity]) -> HashMap<String, Granted> {
    let mut grants = HashMap::new();
    for activity in activities {
        let at = activity.raw().get("recordedAt").and_then(Value::as_str);
        let Some(at) = at else {
            continue;
        };
        let by = [activity.actor(), activity.client()];
        let by = by.into_iter().flatten().find_map(|party| party.name);
        for resource in activity.resources() {
            let href = resource
                .href
                .and_then(|href| href.rsplit_once("/roleAssignments/"));
            if let Some((_, id)) = href {
                let granted = Granted {
                    at: at.to_owned(),
                    by: by.map(str::to_owned),
                };
                grants.insert(id.to_lowercase(), granted);
            }
        }
    }
    grants
}

/// The users who hold roles. Without the user where only the id is known.
async fn roles_of(
    pingone: &Client<'_>,
    users: Vec<(UserId, Option<Value>)>,
    grants: &HashMap<String, Granted>,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<Administrator>> {
    let total = users.len();
    let mut reads = stream::iter(users)
        .map(|(id, user)| async move { (id, user, pingone.role_assignments(id).await) })
        .buffered(MAX_CONCURRENT);
    let (mut found, mut failed, mut done) = (Vec::new(), 0, 0);
    let mut reason = None;
    while let Some((id, user, roles)) = reads.next().await {
        done += 1;
        pingone.set_progress(format!("{done} of {total} users"));
        match roles {
            Ok(roles) if roles.is_empty() => {}
            Ok(roles) => {
                let roles: Vec<HeldRole> = roles
                    .into_iter()
                    .map(|assignment| held(assignment, grants))
                    .collect();
                let weight = |role: &HeldRole| memory::ROW + memory::weight(&role.assignment.raw);
                pingone.budget().spend(roles.iter().map(weight).sum());
                let user = user.unwrap_or_default();
                found.push(Administrator { id, user, roles });
            }
            // The trail still names users who were deleted.
            Err(error) if error.status() == Some(404) && user.is_none() => {}
            // Nothing but refusals: the rest would be refused as well.
            Err(error) if failed + 1 == done && done > MAX_CONCURRENT => return Err(error.into()),
            Err(error) => {
                failed += 1;
                reason.get_or_insert(error);
            }
        }
    }
    match reason {
        Some(error) if failed == total => return Err(error.into()),
        Some(error) => gaps.push(Gap::Roles(failed, error.into())),
        None => {}
    }
    Ok(found)
}

fn held(assignment: RoleAssignment, grants: &HashMap<String, Granted>) -> HeldRole {
    let id = assignment.id.map(|id| id.to_string());
    let granted = id.and_then(|id| grants.get(&id)).cloned();
    HeldRole {
        assignment,
        granted,
    }
}

/// Reads the users of whom only the id is known, and leaves out those of other populations.
async fn with_users(
    pingone: &Client<'_>,
    found: Vec<Administrator>,
    population: Option<PopulationId>,
) -> Result<Vec<Administrator>> {
    let population = population.map(|id| id.to_string());
    let read = stream::iter(found).map(|mut administrator| async move {
        if administrator.user.is_null() {
            match pingone.read_user(administrator.id).await {
                Ok(user) => administrator.user = user.raw,
                // Deleted a moment ago.
                Err(error) if error.status() == Some(404) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(administrator))
    });
    let read: Vec<Result<Option<Administrator>, Error>> =
        read.buffered(MAX_CONCURRENT).collect().await;
    let read = read.into_iter().filter_map(Result::transpose);
    let mut users = read.collect::<Result<Vec<_>, Error>>()?;
    users.retain(|administrator| {
        let of = administrator.user.pointer("/population/id");
        let of = of.and_then(Value::as_str);
        population.is_none() || of == population.as_deref()
    });
    Ok(users)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_grant_is_found_by_the_address_of_its_assignment() {
        let created = json!({
            "recordedAt": "2026-03-04T10:15:30.120Z",
            "actors": {"client": {"name": "adminui"}, "user": {"name": "m.byrne"}},
            "resources": [{
                "type": "USER",
                "href": "https://api.pingone.eu/environments/e/users/u/roleAssignments/FB1D1E2C-BFFE-5384-83D6-0C2907C66A79",
            }],
        });
        let by_client = json!({
            "recordedAt": "2026-03-04T10:16:00.000Z",
            "actors": {"client": {"name": "Payroll sync"}},
            "resources": [{"href": "https://api.pingone.eu/users/u/roleAssignments/a2"}],
        });
        let without_address = json!({
            "recordedAt": "2026-03-04T10:17:00.000Z",
            "resources": [{"id": "a3"}],
        });
        let grants =
            grants_by_assignment(&[created, by_client, without_address].map(Activity::from));
        let known: Vec<(&str, Option<&str>)> = ["fb1d1e2c-bffe-5384-83d6-0c2907c66a79", "a2"]
            .into_iter()
            .map(|id| (&*grants[id].at, grants[id].by.as_deref()))
            .collect();
        assert_eq!(
            known,
            [
                ("2026-03-04T10:15:30.120Z", Some("m.byrne")),
                ("2026-03-04T10:16:00.000Z", Some("Payroll sync")),
            ]
        );
        assert_eq!(grants.len(), 2);
    }
}
