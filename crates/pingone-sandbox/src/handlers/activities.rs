//! The audit trail: searching past activities.
//!
//! Rules:
//! `developer.pingidentity.com/pingone-api/platform/audit-activities/get-user-activities.html`.
//! PingOne's recording delay is undocumented; the sandbox has none.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::handlers::context::Context;
use crate::model::attributes;
use crate::model::clock::after;
use crate::model::store::Store;
use crate::protocol::error::ApiError;
use crate::protocol::filter::{Filter, FilterError, Operand, Operator};
use crate::protocol::message::{ApiResult, Reply};
use crate::render::activity::to_json;
use crate::render::hal::{self, Paging, link};

/// The longest time range a query may cover without a restore job.
const WINDOW: Duration = Duration::from_hours(14 * 24);

/// `GET /activities?filter=…&limit=…`
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let filter = cx.request.parameter("filter").unwrap_or_default();
    let items = search(store, &filter, cx.now)?;
    let paging = Paging {
        name: "activities",
        default: 100,
        cap: store.limits.items_per_page,
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
        .take(limit.min(store.limits.items_per_page))
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

fn search(store: &Store, filter: &str, now: Timestamp) -> Result<Vec<(u64, Value)>, ApiError> {
    let filter =
        Filter::parse(filter, &attributes::activities()).map_err(ApiError::invalid_filter)?;
    check(&filter, now).map_err(|message| ApiError::invalid_filter(FilterError::new(message)))?;
    Ok(store
        .activities
        .iter()
        .map(|activity| (activity.sequence, to_json(store, activity)))
        .filter(|(_, value)| filter.matches(value))
        .collect())
}

/// The rules beyond the filter language: `and` only, a date bound, at most fourteen days, and one
/// further kind of attribute. The errors PingOne returns for these are UNCONFIRMED.
fn check(filter: &Filter, now: Timestamp) -> Result<(), &'static str> {
    if has_or(filter) {
        return Err("conditions can only be joined by 'and'");
    }
    let (mut from, mut to) = (None, None);
    let mut families: Vec<&str> = Vec::new();
    for comparison in filter.comparisons() {
        match (&comparison.operand, comparison.operator) {
            (Operand::Time(at), Operator::Gt | Operator::Ge) => from = Some(*at),
            (Operand::Time(at), Operator::Lt | Operator::Le) => to = Some(*at),
            (Operand::Time(at), _) => (from, to) = (Some(*at), Some(*at)),
            _ => {
                let family = comparison.path.as_str();
                if family != "resources.population.id" && !families.contains(&family) {
                    families.push(family);
                }
            }
        }
    }
    if families.len() > 1 {
        return Err("only one kind of attribute can be combined with the dates");
    }
    match (from, to) {
        (None, None) => Err("a bound on 'recordedAt' or 'createdAt' is required"),
        (Some(from), to) if after(from, WINDOW) < to.unwrap_or(now) => {
            Err("the dates may be at most fourteen days apart")
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

    fn checked(text: &str) -> Result<(), &'static str> {
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
    fn one_kind_of_attribute_joined_by_and() {
        let dates = r#"recordedAt gt "2026-03-10T00:00:00Z""#;
        assert!(
            checked(&format!(
                r#"{dates} and actors.user.id eq "x" and resources.population.id eq "y""#
            ))
            .is_ok()
        );
        assert!(
            checked(&format!(
                r#"{dates} and actors.user.id eq "x" and action.type eq "y""#
            ))
            .is_err()
        );
        assert!(checked(&format!(r#"{dates} or actors.user.id eq "x""#)).is_err());
    }
}
