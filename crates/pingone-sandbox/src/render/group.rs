//! A group as PingOne renders it.

use serde_json::{Map, Value, json};

use crate::model::clock::format_timestamp;
use crate::model::nesting::is_direct;
use crate::model::store::{Group, Store};
use crate::render::hal::link;

/// A group as PingOne renders it.
pub(crate) fn to_json(store: &Store, group: &Group) -> Value {
    let mut value = Map::new();
    let url = format!("{}/groups/{}", store.environment_url(), group.id);
    value.insert("_links".to_owned(), json!({ "self": link(&url) }));
    value.insert("id".to_owned(), group.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": store.environment.id }),
    );
    value.insert("name".to_owned(), group.name.clone().into());
    let mut display_name = group.name.clone();
    if let Some(id) = &group.population {
        if let Ok(population) = store.find_population(id) {
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
    let users = store
        .users
        .iter()
        .filter(|user| is_direct(user, group))
        .count();
    let groups = store
        .groups
        .iter()
        .filter(|one| one.member_of.contains(&group.id))
        .count();
    value.insert(
        "directMemberCounts".to_owned(),
        json!({ "users": users, "groups": groups }),
    );
    value.insert(
        "createdAt".to_owned(),
        format_timestamp(group.created_at).into(),
    );
    value.insert(
        "updatedAt".to_owned(),
        format_timestamp(group.updated_at).into(),
    );
    value.into()
}
