//! Groups: list, read, create, replace, delete, nesting, and who is a member of what.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/groups/`. The memberships of one user
//! are in `memberships.rs`.

use serde_json::{Map, Value, json};

use super::attributes;
use super::clock::text;
use super::error::Problem;
use super::filter::Filter;
use super::hal::{self, Paging, link};
use super::message::{Outcome, Reply};
use super::state::{Group, User, Visit, World};
use super::users::attribute_view;

/// A membership of a user.
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

/// Whether the user was put into the group, or fits its filter. That a dynamic membership counts
/// as `DIRECT` is UNCONFIRMED.
fn is_direct(user: &User, group: &Group) -> bool {
    user.groups.contains(&group.id)
        || group
            .user_filter
            .as_ref()
            .is_some_and(|(_, filter)| filter.matches(&attribute_view(user)))
}

/// Every group of a user, direct and by nesting, in the order of the groups.
pub(crate) fn memberships<'a>(world: &'a World, user: &User) -> Vec<Membership<'a>> {
    let mut reached: Vec<(&str, bool)> = world
        .groups
        .iter()
        .filter(|group| is_direct(user, group))
        .map(|group| (group.id.as_str(), true))
        .collect();
    let mut next = 0;
    while let Some((id, _)) = reached.get(next) {
        let parents = world
            .find_group(id)
            .map_or(&[][..], |group| &group.member_of);
        for parent in parents {
            if !reached.iter().any(|(known, _)| known == parent) {
                reached.push((parent, false));
            }
        }
        next += 1;
    }
    world
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

/// `GET /groups`
pub(crate) fn list(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let filter = attributes::filter_of(world, visit.request, &attributes::groups())?;
    let items = world
        .groups
        .iter()
        .map(|group| (group, show(world, group)))
        .filter(|(group, value)| {
            filter.as_ref().is_none_or(|filter| {
                let mut view = value.clone();
                let nested: Vec<Value> = group
                    .member_of
                    .iter()
                    .map(|id| json!({ "id": id, "type": "DIRECT" }))
                    .collect();
                view["memberOfGroups"] = nested.into();
                filter.matches(&view)
            })
        })
        .map(|(group, value)| (group.order, value))
        .collect();
    let cap = world.limits.items_per_page;
    let paging = Paging {
        name: "groups",
        default: cap.min(100),
        cap,
        counted: world.limits.counted,
    };
    let url = format!("{}/groups", world.environment_url());
    hal::page(visit.request, &url, &paging, items, |value| value)
}

/// `GET /groups/{group}`, with `include=totalMemberCounts`.
pub(crate) fn read(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let group = world.find_group(visit.id(0))?;
    let mut value = show(world, group);
    if visit.request.asks_for("include", "totalMemberCounts") {
        let members = world
            .users
            .iter()
            .filter(|user| {
                memberships(world, user)
                    .iter()
                    .any(|membership| membership.group.id == group.id)
            })
            .count();
        value["totalMemberCounts"] = json!({ "users": members });
    }
    Ok(Reply::ok(value))
}

/// A group as PingOne shows it.
pub(crate) fn show(world: &World, group: &Group) -> Value {
    let mut value = Map::new();
    let url = format!("{}/groups/{}", world.environment_url(), group.id);
    value.insert("_links".to_owned(), json!({ "self": link(&url) }));
    value.insert("id".to_owned(), group.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": world.environment.id }),
    );
    value.insert("name".to_owned(), group.name.clone().into());
    let mut display_name = group.name.clone();
    if let Some(id) = &group.population {
        if let Ok(population) = world.find_population(id) {
            display_name = format!("{display_name} ({})", population.name);
        }
        value.insert("population".to_owned(), json!({ "id": id }));
    }
    value.insert("displayName".to_owned(), display_name.into());
    for (name, text) in [
        ("description", &group.description),
        ("externalId", &group.external_id),
        (
            "userFilter",
            &group.user_filter.as_ref().map(|(text, _)| text.clone()),
        ),
    ] {
        if let Some(text) = text {
            value.insert(name.to_owned(), text.clone().into());
        }
    }
    if let Some(data) = &group.custom_data {
        value.insert("customData".to_owned(), data.clone());
    }
    let users = world
        .users
        .iter()
        .filter(|user| is_direct(user, group))
        .count();
    let groups = world
        .groups
        .iter()
        .filter(|one| one.member_of.contains(&group.id))
        .count();
    value.insert(
        "directMemberCounts".to_owned(),
        json!({ "users": users, "groups": groups }),
    );
    value.insert("createdAt".to_owned(), text(group.created_at).into());
    value.insert("updatedAt".to_owned(), text(group.updated_at).into());
    value.into()
}

/// `POST /groups`
pub(crate) fn create(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.json()?;
    let population = match body.get("population") {
        None | Some(Value::Null) => None,
        Some(population) => Some(
            population
                .get("id")
                .and_then(Value::as_str)
                .and_then(|id| visit.world.find_population(id).ok())
                .ok_or_else(|| {
                    Problem::invalid(
                        "INVALID_VALUE",
                        "population.id",
                        "must be an existing population",
                    )
                })?
                .id
                .clone(),
        ),
    };
    let world = &mut *visit.world;
    let mut group = Group {
        order: world.next_order(),
        id: world.ids.uuid(),
        name: String::new(),
        description: None,
        external_id: None,
        custom_data: None,
        population,
        user_filter: None,
        member_of: Vec::new(),
        created_at: visit.now,
        updated_at: visit.now,
    };
    fill(world, &mut group, &body)?;
    let subject = world.group_subject(&group);
    let id = group.id.clone();
    world.groups.push(group);
    visit.record("GROUP.CREATED", vec![subject]);
    Ok(Reply::created(show(
        visit.world,
        visit.world.find_group(&id)?,
    )))
}

/// `PUT /groups/{group}`: the population cannot change.
pub(crate) fn replace(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.json()?;
    let id = visit.id(0).to_owned();
    let now = visit.now;
    let old = visit.world.find_group(&id)?;
    let mut new = Group {
        order: old.order,
        id: id.clone(),
        name: String::new(),
        description: None,
        external_id: None,
        custom_data: None,
        population: old.population.clone(),
        user_filter: None,
        member_of: old.member_of.clone(),
        created_at: old.created_at,
        updated_at: now,
    };
    fill(visit.world, &mut new, &body)?;
    *visit.world.find_group_mut(&id)? = new;
    let subject = visit.world.group_subject(visit.world.find_group(&id)?);
    visit.record("GROUP.UPDATED", vec![subject]);
    Ok(Reply::ok(show(visit.world, visit.world.find_group(&id)?)))
}

fn fill(world: &World, group: &mut Group, body: &Map<String, Value>) -> Result<(), Problem> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    group.name = text("name")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Problem::invalid("REQUIRED_VALUE", "name", "must not be empty"))?;
    // Within which bounds a name has to be unique is UNCONFIRMED: here, its population's.
    if world.groups.iter().any(|other| {
        other.id != group.id && other.name == group.name && other.population == group.population
    }) {
        return Err(Problem::invalid(
            "UNIQUENESS_VIOLATION",
            "name",
            "is unique but a non-unique value is provided",
        ));
    }
    group.description = text("description");
    group.external_id = text("externalId");
    group.custom_data = body
        .get("customData")
        .filter(|data| data.is_object())
        .cloned();
    group.user_filter = match text("userFilter") {
        Some(text) => {
            let schema = attributes::users(&world.custom_attributes);
            let filter = Filter::parse(&text, &schema).map_err(Problem::filter)?;
            Some((text, filter))
        }
        None => None,
    };
    Ok(())
}

/// `DELETE /groups/{group}`
pub(crate) fn delete(visit: &mut Visit<'_>) -> Outcome {
    let id = visit.id(0).to_owned();
    let subject = visit.world.group_subject(visit.world.find_group(&id)?);
    let world = &mut *visit.world;
    world.groups.retain(|group| group.id != id);
    for group in &mut world.groups {
        group.member_of.retain(|parent| *parent != id);
    }
    for user in &mut world.users {
        user.groups.retain(|group| *group != id);
    }
    visit.record("GROUP.DELETED", vec![subject]);
    Ok(Reply::no_content())
}

/// `GET /groups/{group}/memberOfGroups`: the groups that this one is nested in.
pub(crate) fn nesting(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let group = world.find_group(visit.id(0))?;
    let items: Vec<Value> = group
        .member_of
        .iter()
        .filter_map(|id| world.find_group(id).ok())
        .map(|parent| nested(world, group, parent))
        .collect();
    let url = format!(
        "{}/groups/{}/memberOfGroups",
        world.environment_url(),
        group.id
    );
    Ok(hal::whole(&url, "groupMemberships", &items))
}

/// `GET /groups/{group}/memberOfGroups/{parent}`
pub(crate) fn read_nesting(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let group = world.find_group(visit.id(0))?;
    let parent = world.find_group(visit.id(1))?;
    if !group.member_of.contains(&parent.id) {
        return Err(Problem::not_found());
    }
    Ok(Reply::ok(nested(world, group, parent)))
}

/// `POST /groups/{group}/memberOfGroups`
pub(crate) fn nest(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.json()?;
    let child = visit.id(0).to_owned();
    visit.world.find_group(&child)?;
    let parent = super::memberships::group_of(visit.world, &body)?;
    if parent == child || ancestors(visit.world, &parent).contains(&child) {
        return Err(Problem::request_failed(
            "CONSTRAINT_VIOLATION",
            "A group cannot be nested in itself",
        ));
    }
    let group = visit.world.find_group_mut(&child)?;
    if group.member_of.contains(&parent) {
        return Err(Problem::invalid(
            "UNIQUENESS_VIOLATION",
            "id",
            "is unique but a non-unique value is provided",
        ));
    }
    group.member_of.push(parent.clone());
    let world = &*visit.world;
    let (group, parent) = (world.find_group(&child)?, world.find_group(&parent)?);
    Ok(Reply::created(nested(world, group, parent)))
}

/// `DELETE /groups/{group}/memberOfGroups/{parent}`
pub(crate) fn unnest(visit: &mut Visit<'_>) -> Outcome {
    let parent = visit.id(1).to_owned();
    let child = visit.id(0).to_owned();
    let group = visit.world.find_group_mut(&child)?;
    let before = group.member_of.len();
    group.member_of.retain(|id| *id != parent);
    if group.member_of.len() == before {
        Err(Problem::not_found())
    } else {
        Ok(Reply::no_content())
    }
}

fn nested(world: &World, group: &Group, parent: &Group) -> Value {
    let url = format!("{}/groups/{}", world.environment_url(), group.id);
    json!({
        "_links": { "self": link(&format!("{url}/memberOfGroups/{}", parent.id)) },
        "id": parent.id,
        "environment": { "id": world.environment.id },
        "name": parent.name,
        "type": "DIRECT",
    })
}

fn ancestors(world: &World, id: &str) -> Vec<String> {
    let mut reached = vec![id.to_owned()];
    let mut next = 0;
    while let Some(id) = reached.get(next) {
        let parents = world
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
