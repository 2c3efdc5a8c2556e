//! The attributes each collection can be filtered by, as documented, and parsing of `filter`.
//!
//! Users: the filter language page and Ping's Terraform provider. Not filterable, although part of
//! a user: `createdAt`, `updatedAt`, `lastSignOn` and `id` (UNCONFIRMED for users).

use crate::model::alternative::Alternative;
use crate::model::store::Store;
use crate::protocol::error::ApiError;
use crate::protocol::filter::{Attribute, Filter, FilterError, Kind, Operator, Schema};
use crate::protocol::message::Request;

const EQ: &[Operator] = &[Operator::Eq];
const EQ_SW: &[Operator] = &[Operator::Eq, Operator::Sw];
/// `ew` and `co` work for some attributes only; that it is these four is UNCONFIRMED.
const SEARCH: &[Operator] = &[Operator::Eq, Operator::Sw, Operator::Ew, Operator::Co];
const RANGE: &[Operator] = &[Operator::Gt, Operator::Ge, Operator::Lt, Operator::Le];

const fn case_exact(name: &'static str) -> Attribute {
    attribute(name, Kind::Exact, EQ_SW)
}

/// Ping's Terraform provider compares the results of such a search by case, so PingOne ignores it.
const fn case_insensitive(name: &'static str, operators: &'static [Operator]) -> Attribute {
    attribute(name, Kind::CaseInsensitive, operators)
}

const fn id(name: &'static str) -> Attribute {
    attribute(name, Kind::Exact, EQ)
}

const fn attribute(name: &'static str, kind: Kind, operators: &'static [Operator]) -> Attribute {
    Attribute {
        name,
        kind,
        operators,
    }
}

const USERS: &[Attribute] = &[
    case_insensitive("username", SEARCH),
    case_insensitive("email", SEARCH),
    case_insensitive("name.given", SEARCH),
    case_insensitive("name.family", SEARCH),
    case_insensitive("name.formatted", EQ_SW),
    case_insensitive("name.middle", EQ_SW),
    case_insensitive("name.honorificPrefix", EQ_SW),
    case_insensitive("name.honorificSuffix", EQ_SW),
    attribute("enabled", Kind::Bool, EQ),
    id("population.id"),
    case_exact("accountId"),
    case_exact("address.streetAddress"),
    case_exact("address.locality"),
    case_exact("address.region"),
    case_exact("address.postalCode"),
    case_exact("address.countryCode"),
    case_exact("externalId"),
    case_exact("locale"),
    case_exact("mobilePhone"),
    case_exact("nickname"),
    case_exact("photo.href"),
    case_exact("preferredLanguage"),
    case_exact("primaryPhone"),
    case_exact("timezone"),
    case_exact("title"),
    case_exact("type"),
];

const MEMBERSHIP: &[Attribute] = &[id("id"), id("type")];

const GROUPS: &[Attribute] = &[
    id("id"),
    // Case-insensitive matching of group names is UNCONFIRMED; inferred from users.
    case_insensitive("name", EQ_SW),
    id("externalId"),
    id("population.id"),
];

const POPULATIONS: &[Attribute] = &[id("id"), case_insensitive("name", EQ_SW)];

/// UNCONFIRMED for this collection: only a third party uses it.
const MEMBERSHIPS: &[Attribute] = &[id("type")];

const ROLES: &[Attribute] = &[id("type")];

/// One sample of Ping's has `createdAt`, but a live tenant refused it.
const ACTIVITIES: &[Attribute] = &[
    attribute("recordedAt", Kind::Time, RANGE),
    id("resources.population.id"),
    id("actors.user.id"),
    id("actors.user.name"),
    id("actors.client.id"),
    // An older page of Ping's allows `in`: UNCONFIRMED.
    attribute("action.type", Kind::Exact, &[Operator::Eq, Operator::In]),
    id("resources.id"),
    id("resources.type"),
    id("correlationId"),
    id("tags"),
];

/// Parses the request's `filter` parameter, if any.
pub(crate) fn parse_filter(
    store: &Store,
    request: &Request,
    schema: &Schema<'_>,
) -> Result<Option<Filter>, ApiError> {
    let Some(text) = request.parameter("filter") else {
        return Ok(None);
    };
    if text.contains('\\') && store.uses(Alternative::EscapesAreRefused) {
        return Err(ApiError::invalid_filter(FilterError::new(
            "the filter is invalid",
        )));
    }
    let filter = Filter::parse(&text, schema).map_err(ApiError::invalid_filter)?;
    Ok(Some(filter))
}

/// Users, with the environment's custom attributes. Group membership needs the bracket form;
/// whether PingOne accepts `memberOfGroups.id eq` is UNCONFIRMED.
pub(crate) fn users(custom: &[String]) -> Schema<'_> {
    Schema {
        attributes: USERS,
        brackets: &[("memberOfGroups", MEMBERSHIP)],
        custom,
    }
}

/// Groups.
pub(crate) fn groups() -> Schema<'static> {
    Schema {
        attributes: GROUPS,
        brackets: &[("memberOfGroups", MEMBERSHIP)],
        custom: &[],
    }
}

/// Populations.
pub(crate) fn populations() -> Schema<'static> {
    plain(POPULATIONS)
}

/// Roles in an environment.
pub(crate) fn roles() -> Schema<'static> {
    plain(ROLES)
}

/// A user's group memberships.
pub(crate) fn memberships() -> Schema<'static> {
    plain(MEMBERSHIPS)
}

/// Audit activities.
pub(crate) fn activities() -> Schema<'static> {
    plain(ACTIVITIES)
}

fn plain(attributes: &'static [Attribute]) -> Schema<'static> {
    Schema {
        attributes,
        brackets: &[],
        custom: &[],
    }
}
