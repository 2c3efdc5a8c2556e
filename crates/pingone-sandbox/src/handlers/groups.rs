//! Groups: list, read, create, replace, delete and nest.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/groups/`. A user's memberships are in
//! `memberships.rs`.

use serde_json::{Map, Value, json};

use crate::handlers::body::referenced_group;
use crate::handlers::context::Context;
use crate::model::attributes;
use crate::model::nesting::{ancestors, memberships};
use crate::model::store::{Group, Store};
use crate::protocol::error::ApiError;
use crate::protocol::filter::Filter;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::group::to_json;
use crate::render::hal::{self, Paging, link};

/// `GET /groups`
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let filter = attributes::parse_filter(store, cx.request, &attributes::groups())?;
    let items = store
        .groups
        .iter()
        .map(|group| (group, to_json(store, group)))
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
        .map(|(group, value)| (group.sequence, value))
        .collect();
    let cap = store.limits.items_per_page;
    let paging = Paging {
        name: "groups",
        default: cap.min(100),
        cap,
        counted: store.limits.counted,
    };
    let url = format!("{}/groups", store.environment_url());
    hal::page(cx.request, &url, &paging, items, |value| value)
}

/// `GET /groups/{group}`, with `include=totalMemberCounts`.
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let group = store.find_group(cx.id(0))?;
    let mut value = to_json(store, group);
    if cx.request.asks_for("include", "totalMemberCounts") {
        let members = store
            .users
            .iter()
            .filter(|user| {
                memberships(store, user)
                    .iter()
                    .any(|membership| membership.group.id == group.id)
            })
            .count();
        value["totalMemberCounts"] = json!({ "users": members });
    }
    Ok(Reply::ok(value))
}

/// `POST /groups`
pub(crate) fn create(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let population = match body.get("population") {
        None | Some(Value::Null) => None,
        Some(population) => Some(
            population
                .get("id")
                .and_then(Value::as_str)
                .and_then(|id| cx.store.find_population(id).ok())
                .ok_or_else(|| {
                    ApiError::invalid(
                        "INVALID_VALUE",
                        "population.id",
                        "must be an existing population",
                    )
                })?
                .id
                .clone(),
        ),
    };
    let store = &mut *cx.store;
    let mut group = Group {
        sequence: store.next_sequence(),
        id: store.ids.uuid(),
        name: String::new(),
        description: None,
        external_id: None,
        custom_data: None,
        population,
        user_filter: None,
        member_of: Vec::new(),
        roles: Vec::new(),
        created_at: cx.now,
        updated_at: cx.now,
    };
    fill(store, &mut group, &body)?;
    let subject = store.group_subject(&group);
    let id = group.id.clone();
    store.groups.push(group);
    cx.record("GROUP.CREATED", vec![subject]);
    Ok(Reply::created(to_json(cx.store, cx.store.find_group(&id)?)))
}

/// `PUT /groups/{group}`: the population cannot be changed.
pub(crate) fn replace(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let id = cx.id(0).to_owned();
    let now = cx.now;
    let old = cx.store.find_group(&id)?;
    let mut new = Group {
        sequence: old.sequence,
        id: id.clone(),
        name: String::new(),
        description: None,
        external_id: None,
        custom_data: None,
        population: old.population.clone(),
        user_filter: None,
        member_of: old.member_of.clone(),
        roles: old.roles.clone(),
        created_at: old.created_at,
        updated_at: now,
    };
    fill(cx.store, &mut new, &body)?;
    *cx.store.find_group_mut(&id)? = new;
    let subject = cx.store.group_subject(cx.store.find_group(&id)?);
    cx.record("GROUP.UPDATED", vec![subject]);
    Ok(Reply::ok(to_json(cx.store, cx.store.find_group(&id)?)))
}

fn fill(store: &Store, group: &mut Group, body: &Map<String, Value>) -> Result<(), ApiError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    group.name = text("name")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| ApiError::invalid("REQUIRED_VALUE", "name", "must not be empty"))?;
    // The scope in which a name must be unique is UNCONFIRMED; here it is the population.
    if store.groups.iter().any(|other| {
        other.id != group.id && other.name == group.name && other.population == group.population
    }) {
        return Err(ApiError::invalid(
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
            let schema = attributes::users(&store.custom_attributes);
            let filter = Filter::parse(&text, &schema).map_err(ApiError::invalid_filter)?;
            Some((text, filter))
        }
        None => None,
    };
    Ok(())
}

/// `DELETE /groups/{group}`
pub(crate) fn delete(cx: &mut Context<'_>) -> ApiResult {
    let id = cx.id(0).to_owned();
    let subject = cx.store.group_subject(cx.store.find_group(&id)?);
    let store = &mut *cx.store;
    store.groups.retain(|group| group.id != id);
    for group in &mut store.groups {
        group.member_of.retain(|parent| *parent != id);
    }
    for user in &mut store.users {
        user.groups.retain(|group| *group != id);
    }
    cx.record("GROUP.DELETED", vec![subject]);
    Ok(Reply::no_content())
}

/// `GET /groups/{group}/memberOfGroups`: the groups this one is nested in.
pub(crate) fn nesting(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let group = store.find_group(cx.id(0))?;
    let items: Vec<Value> = group
        .member_of
        .iter()
        .filter_map(|id| store.find_group(id).ok())
        .map(|parent| nested(store, group, parent))
        .collect();
    let url = format!(
        "{}/groups/{}/memberOfGroups",
        store.environment_url(),
        group.id
    );
    Ok(hal::unpaged(&url, "groupMemberships", &items))
}

/// `GET /groups/{group}/memberOfGroups/{parent}`
pub(crate) fn read_nesting(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let group = store.find_group(cx.id(0))?;
    let parent = store.find_group(cx.id(1))?;
    if !group.member_of.contains(&parent.id) {
        return Err(ApiError::not_found());
    }
    Ok(Reply::ok(nested(store, group, parent)))
}

/// `POST /groups/{group}/memberOfGroups`
pub(crate) fn nest(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let child = cx.id(0).to_owned();
    cx.store.find_group(&child)?;
    let parent = referenced_group(cx.store, &body)?;
    if parent == child || ancestors(cx.store, &parent).contains(&child) {
        return Err(ApiError::request_failed(
            "CONSTRAINT_VIOLATION",
            "A group cannot be nested in itself",
        ));
    }
    let group = cx.store.find_group_mut(&child)?;
    if group.member_of.contains(&parent) {
        return Err(ApiError::invalid(
            "UNIQUENESS_VIOLATION",
            "id",
            "is unique but a non-unique value is provided",
        ));
    }
    group.member_of.push(parent.clone());
    let store = &*cx.store;
    let (group, parent) = (store.find_group(&child)?, store.find_group(&parent)?);
    Ok(Reply::created(nested(store, group, parent)))
}

/// `DELETE /groups/{group}/memberOfGroups/{parent}`
pub(crate) fn unnest(cx: &mut Context<'_>) -> ApiResult {
    let parent = cx.id(1).to_owned();
    let child = cx.id(0).to_owned();
    let group = cx.store.find_group_mut(&child)?;
    let before = group.member_of.len();
    group.member_of.retain(|id| *id != parent);
    if group.member_of.len() == before {
        Err(ApiError::not_found())
    } else {
        Ok(Reply::no_content())
    }
}

fn nested(store: &Store, group: &Group, parent: &Group) -> Value {
    let url = format!("{}/groups/{}", store.environment_url(), group.id);
    json!({
        "_links": { "self": link(&format!("{url}/memberOfGroups/{}", parent.id)) },
        "id": parent.id,
        "environment": { "id": store.environment.id },
        "name": parent.name,
        "type": "DIRECT",
    })
}
