//! Groups: list, read, create, replace, delete and nesting.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/groups/`. The memberships of one user
//! are in `memberships.rs`.

use serde_json::{Map, Value, json};

use crate::handlers::body::group_of;
use crate::handlers::visit::Visit;
use crate::model::attributes;
use crate::model::nesting::{ancestors, memberships};
use crate::model::state::{Group, World};
use crate::protocol::error::Problem;
use crate::protocol::filter::Filter;
use crate::protocol::message::{Outcome, Reply};
use crate::render::group::show;
use crate::render::hal::{self, Paging, link};

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
    let parent = group_of(visit.world, &body)?;
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
