//! Populations and the environment itself, read-only.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/populations/`.

use serde_json::{Map, Value, json};

use crate::handlers::context::Context;
use crate::model::attributes;
use crate::model::clock::format_timestamp;
use crate::model::store::{Population, Store};
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, Paging, link};

/// `GET /populations`
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let filter = attributes::parse_filter(store, cx.request, &attributes::populations())?;
    let items = store
        .populations
        .iter()
        .map(|population| (population.sequence, to_json(store, population)))
        .filter(|(_, value)| filter.as_ref().is_none_or(|filter| filter.matches(value)))
        .collect();
    let cap = store.limits.items_per_page;
    let paging = Paging {
        name: "populations",
        default: cap.min(250),
        cap,
        counted: store.limits.counted,
    };
    let url = format!("{}/populations", store.environment_url());
    hal::page(cx.request, &url, &paging, items, |value| value)
}

/// `GET /populations/{population}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let population = store.find_population(cx.id(0))?;
    Ok(Reply::ok(to_json(store, population)))
}

/// `GET /environments/{environment}`
#[expect(clippy::unnecessary_wraps, reason = "every handler has this form")]
pub(crate) fn environment(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let environment = &store.environment;
    let mut value = Map::new();
    value.insert(
        "_links".to_owned(),
        json!({ "self": link(&store.environment_url()) }),
    );
    value.insert("id".to_owned(), environment.id.clone().into());
    value.insert("name".to_owned(), environment.name.clone().into());
    if let Some(description) = &environment.description {
        value.insert("description".to_owned(), description.clone().into());
    }
    value.insert("type".to_owned(), "SANDBOX".into());
    value.insert("region".to_owned(), environment.region.clone().into());
    value.insert(
        "createdAt".to_owned(),
        format_timestamp(store.created_at).into(),
    );
    value.insert(
        "updatedAt".to_owned(),
        format_timestamp(store.created_at).into(),
    );
    Ok(Reply::ok(value.into()))
}

fn to_json(store: &Store, population: &Population) -> Value {
    let url = format!("{}/populations/{}", store.environment_url(), population.id);
    let users = store
        .users
        .iter()
        .filter(|user| user.population == population.id)
        .count();
    let mut value = Map::new();
    value.insert("_links".to_owned(), json!({ "self": link(&url) }));
    value.insert("id".to_owned(), population.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": store.environment.id }),
    );
    value.insert("name".to_owned(), population.name.clone().into());
    if let Some(description) = &population.description {
        value.insert("description".to_owned(), description.clone().into());
    }
    value.insert("default".to_owned(), population.default.into());
    value.insert("userCount".to_owned(), users.into());
    value.insert(
        "passwordPolicy".to_owned(),
        json!({ "id": store.policy_id }),
    );
    value.insert(
        "createdAt".to_owned(),
        format_timestamp(population.created_at).into(),
    );
    value.insert(
        "updatedAt".to_owned(),
        format_timestamp(population.updated_at).into(),
    );
    value.into()
}
