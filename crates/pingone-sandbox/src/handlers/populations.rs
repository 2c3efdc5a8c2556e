//! Populations: list and read. Nothing here changes them.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/populations/`.

use serde_json::{Map, Value, json};

use crate::handlers::visit::Visit;
use crate::model::attributes;
use crate::model::clock::text;
use crate::model::state::{Population, World};
use crate::protocol::message::{Outcome, Reply};
use crate::render::hal::{self, Paging, link};

/// `GET /populations`
pub(crate) fn list(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let filter = attributes::filter_of(world, visit.request, &attributes::populations())?;
    let items = world
        .populations
        .iter()
        .map(|population| (population.order, show(world, population)))
        .filter(|(_, value)| filter.as_ref().is_none_or(|filter| filter.matches(value)))
        .collect();
    let cap = world.limits.items_per_page;
    let paging = Paging {
        name: "populations",
        default: cap.min(250),
        cap,
        counted: world.limits.counted,
    };
    let url = format!("{}/populations", world.environment_url());
    hal::page(visit.request, &url, &paging, items, |value| value)
}

/// `GET /populations/{population}`
pub(crate) fn read(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let population = world.find_population(visit.id(0))?;
    Ok(Reply::ok(show(world, population)))
}

/// `GET /environments/{environment}`
#[expect(clippy::unnecessary_wraps, reason = "every handler has this form")]
pub(crate) fn environment(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let environment = &world.environment;
    let mut value = Map::new();
    value.insert(
        "_links".to_owned(),
        json!({ "self": link(&world.environment_url()) }),
    );
    value.insert("id".to_owned(), environment.id.clone().into());
    value.insert("name".to_owned(), environment.name.clone().into());
    if let Some(description) = &environment.description {
        value.insert("description".to_owned(), description.clone().into());
    }
    value.insert("type".to_owned(), "SANDBOX".into());
    value.insert("region".to_owned(), environment.region.clone().into());
    value.insert("createdAt".to_owned(), text(world.created_at).into());
    value.insert("updatedAt".to_owned(), text(world.created_at).into());
    Ok(Reply::ok(value.into()))
}

fn show(world: &World, population: &Population) -> Value {
    let url = format!("{}/populations/{}", world.environment_url(), population.id);
    let users = world
        .users
        .iter()
        .filter(|user| user.population == population.id)
        .count();
    let mut value = Map::new();
    value.insert("_links".to_owned(), json!({ "self": link(&url) }));
    value.insert("id".to_owned(), population.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": world.environment.id }),
    );
    value.insert("name".to_owned(), population.name.clone().into());
    if let Some(description) = &population.description {
        value.insert("description".to_owned(), description.clone().into());
    }
    value.insert("default".to_owned(), population.default.into());
    value.insert("userCount".to_owned(), users.into());
    value.insert(
        "passwordPolicy".to_owned(),
        json!({ "id": world.policy_id }),
    );
    value.insert("createdAt".to_owned(), text(population.created_at).into());
    value.insert("updatedAt".to_owned(), text(population.updated_at).into());
    value.into()
}
