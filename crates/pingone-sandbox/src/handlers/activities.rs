//! The audit trail: searching past activities.
//!
//! Rules:
//! `developer.pingidentity.com/pingone-api/platform/audit-activities/get-user-activities.html`.
//! PingOne's recording delay is undocumented; the sandbox has none.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::attributes;
use crate::model::clock::after;
use crate::model::store::Store;
use crate::protocol::error::ApiError;
use crate::protocol::filter::{Comparison, Filter, FilterError, Operand, Operator};
use crate::protocol::message::{ApiResult, Reply};
use crate::render::activity::to_json;
use crate::render::hal::{self, Paging, link};

/// The longest time range a query may cover without a restore job.
const WINDOW: Duration = Duration::from_hours(14 * 24);
/// How much a query may reach back further: the time that it takes to arrive.
const SLACK: Duration = Duration::from_mins(5);
/// The largest page others are known to ask for; PingOne's own maximum is UNCONFIRMED.
const MAX_PAGE: usize = 500;
const POPULATION: &str = "resources.population.id";
/// What can be combined with a population.
const WITH_POPULATION: [&str; 5] = [
    "actors.user.id",
    "actors.user.name",
    "actors.client.id",
    "action.type",
    "resources.type",
];

/// `GET /activities?filter=…&limit=…`
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let filter = cx.request.parameter("filter").unwrap_or_default();
    let items = search(store, &filter, cx.now)?;
    let paging = Paging {
        name: "activities",
        default: 100,
        cap: store.limits.items_per_page.min(MAX_PAGE),
        counted: store.limits.counted,
    };
    let url = format!("{}/activities", store.environment_url());
    hal::page(cx.request, &url, &paging, items, |value| value)
}

/// `POST /activities` with `{"filter", "limit", "offset"}`.
pub(crate) fn list_by_post(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let store = &*cx.store;
    let filter = body
        .get("filter")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let number = |name: &str, default: u64| {
        let value = body.get(name).map_or(Some(default), Value::as_u64);
        value
            .and_then(|value| usize::try_from(value).ok())
            .ok_or_else(|| ApiError::invalid("INVALID_VALUE", name, "must be a whole number"))
    };
    let (limit, offset) = (number("limit", 100)?, number("offset", 0)?);
    let items = search(store, filter, cx.now)?;
    let count = items.len();
    let rendered: Vec<Value> = items
        .into_iter()
        .skip(offset)
        .take(limit.min(store.limits.items_per_page.min(MAX_PAGE)))
        .map(|(_, value)| value)
        .collect();
    let url = format!("{}/activities", store.environment_url());
    Ok(Reply::ok(json!({
        "_links": { "self": link(&url) },
        "_embedded": { "activities": rendered },
        "count": count,
        "size": rendered.len(),
    })))
}

/// `GET /activities/{id}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    store
        .activities
        .iter()
        .find(|activity| activity.id == cx.id(0))
        .map(|activity| Reply::ok(to_json(store, activity)))
        .ok_or_else(ApiError::not_found)
}

/// What the filter selects, newest first, with a number that increases along the list.
fn search(store: &Store, filter: &str, now: Timestamp) -> Result<Vec<(u64, Value)>, ApiError> {
    let filter =
        Filter::parse(filter, &attributes::activities()).map_err(ApiError::invalid_filter)?;
    check(&filter, now)
        .and_then(|()| check_alternatives(store, &filter, now))
        .map_err(|message| ApiError::invalid_filter(FilterError::new(message)))?;
    let oldest = oldest(now);
    // That the newest come first is UNCONFIRMED.
    Ok(store
        .activities
        .iter()
        .rev()
        .filter(|activity| activity.at >= oldest)
        .map(|activity| (u64::MAX - activity.sequence, to_json(store, activity)))
        .filter(|(_, value)| filter.matches(value))
        .collect())
}

/// Older activities have to be restored first, which the sandbox cannot do. That a query which
/// reaches back further finds nothing there is UNCONFIRMED.
fn oldest(now: Timestamp) -> Timestamp {
    now.checked_sub(WINDOW).unwrap_or(Timestamp::MIN)
}

fn check_alternatives(store: &Store, filter: &Filter, now: Timestamp) -> Result<(), String> {
    let found = filter.comparisons();
    let has_list = || found.iter().any(|one| one.operator == Operator::In);
    if store.uses(Alternative::ActionTypesAreSingle) && has_list() {
        return Err(unsupported("action.type"));
    }
    let is_old = |one: &&Comparison| match one.operand {
        Operand::Time(at) => after(at, SLACK) < oldest(now),
        _ => false,
    };
    if store.uses(Alternative::OldActivitiesAreRefused) && found.iter().any(is_old) {
        return Err("the dates are too far in the past".to_owned());
    }
    Ok(())
}

fn unsupported(attribute: &str) -> String {
    format!("Invalid Filter: Attribute '{attribute}' is not supported in filter.")
}

/// The rules beyond the filter language: `and` only, a date bound, at most fourteen days, and one
/// further attribute, which may have a population beside it if it is one of `WITH_POPULATION`.
/// Except for an attribute that is not supported, the messages are UNCONFIRMED.
fn check(filter: &Filter, now: Timestamp) -> Result<(), String> {
    if has_or(filter) {
        return Err("conditions can only be joined by 'and'".to_owned());
    }
    let (mut from, mut to) = (None, None);
    let mut attributes: Vec<&str> = Vec::new();
    for comparison in filter.comparisons() {
        match (&comparison.operand, comparison.operator) {
            (Operand::Time(at), Operator::Gt | Operator::Ge) => from = Some(*at),
            (Operand::Time(at), _) => to = Some(*at),
            _ => attributes.push(&comparison.path),
        }
    }
    let is_allowed = match attributes.as_slice() {
        [] | [_] => true,
        [one, POPULATION] | [POPULATION, one] => WITH_POPULATION.contains(one),
        _ => false,
    };
    if !is_allowed {
        return Err(format!(
            "Invalid Filter: the attributes {} cannot be combined.",
            attributes.join(", ")
        ));
    }
    match (from, to) {
        (None, None) => Err("a bound on 'recordedAt' is required".to_owned()),
        (Some(from), to) if after(from, WINDOW) < to.unwrap_or(now) => {
            Err("the dates may be at most fourteen days apart".to_owned())
        }
        _ => Ok(()),
    }
}

fn has_or(filter: &Filter) -> bool {
    match filter {
        Filter::Or(_) => true,
        Filter::And(parts) => parts.iter().any(has_or),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), String> {
        let now = "2026-03-20T00:00:00Z".parse().expect("valid");
        let filter = Filter::parse(text, &attributes::activities()).expect("valid");
        check(&filter, now)
    }

    #[test]
    fn a_search_must_be_within_fourteen_days() {
        assert!(checked(r#"action.type eq "USER.LOCKED""#).is_err());
        assert!(checked(r#"recordedAt gt "2026-03-10T00:00:00Z""#).is_ok());
        assert!(
            checked(r#"recordedAt gt "2026-03-01T00:00:00Z""#).is_err(),
            "open to now"
        );
        assert!(
            checked(
                r#"recordedAt gt "2026-03-01T00:00:00Z" and recordedAt lt "2026-03-15T00:00:00Z""#
            )
            .is_ok()
        );
        assert!(
            checked(
                r#"recordedAt gt "2026-03-01T00:00:00Z" and recordedAt lt "2026-03-15T00:00:01Z""#
            )
            .is_err()
        );
    }

    #[test]
    fn one_attribute_joined_by_and() {
        let dates = r#"recordedAt gt "2026-03-10T00:00:00Z""#;
        for (conditions, allowed) in [
            (&["actors.user.id", "resources.population.id"][..], true),
            (&["resources.population.id", "action.type"], true),
            (&["resources.population.id"], true),
            (&["tags"], true),
            (&["correlationId"], true),
            (&["actors.user.id", "action.type"], false),
            (&["action.type", "resources.type"], false),
            (&["tags", "resources.population.id"], false),
            (&["resources.id", "resources.population.id"], false),
            (&["resources.id", "resources.type"], false),
        ] {
            let conditions = conditions
                .iter()
                .map(|name| format!(r#" and {name} eq "x""#));
            let text = [dates.to_owned()].into_iter().chain(conditions);
            let text = text.collect::<String>();
            assert_eq!(checked(&text).is_ok(), allowed, "{text}");
        }
        assert!(checked(&format!(r#"{dates} or actors.user.id eq "x""#)).is_err());
    }

    #[test]
    fn what_a_live_tenant_refused_is_refused() {
        for name in [
            "result.status",
            "actors.user.username",
            "actors.user.email",
            "actors.system.id",
            "createdAt",
        ] {
            let text = format!(r#"recordedAt gt "2026-03-10T00:00:00Z" and {name} eq "x""#);
            let error = Filter::parse(&text, &attributes::activities()).expect_err(name);
            assert_eq!(error.message, unsupported(name));
        }
        let list = r#"recordedAt gt "2026-03-10T00:00:00Z" and actors.client.id in ["x"]"#;
        assert!(Filter::parse(list, &attributes::activities()).is_err());
    }
}
