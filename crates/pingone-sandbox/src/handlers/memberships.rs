//! A user's group memberships: list, read, add, remove.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/group-membership/`.

use serde_json::{Map, Value, json};

use crate::handlers::body::referenced_group;
use crate::handlers::context::Context;
use crate::model::activity::Subject;
use crate::model::alternative::Alternative;
use crate::model::attributes;
use crate::model::nesting::{self, Membership};
use crate::model::store::{Group, Store, User};
use crate::protocol::error::ApiError;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::group;
use crate::render::hal::{self, Paging, link};

/// `GET /users/{user}/memberOfGroups`, with `expand=group` and filtering by `type`.
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let store = &*cx.store;
    let filter = attributes::parse_filter(store, cx.request, &attributes::memberships())?;
    let expand = cx.request.asks_for("expand", "group");
    let items = nesting::memberships(store, user)
        .iter()
        .map(|membership| {
            (
                membership.group.sequence,
                to_json(store, user, membership, expand),
            )
        })
        .filter(|(_, value)| filter.as_ref().is_none_or(|filter| filter.matches(value)))
        .collect();
    let cap = store.limits.items_per_page;
    let paging = Paging {
        name: "groupMemberships",
        default: cap.min(100),
        cap,
        counted: store.limits.counted,
    };
    let url = format!("{}/memberOfGroups", store.user_url(&user.id));
    hal::page(cx.request, &url, &paging, items, |value| value)
}

/// `GET /users/{user}/memberOfGroups/{group}`
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let store = &*cx.store;
    let expand = cx.request.asks_for("expand", "group");
    nesting::memberships(store, user)
        .iter()
        .find(|membership| membership.group.id == cx.id(1))
        .map(|membership| Reply::ok(to_json(store, user, membership, expand)))
        .ok_or_else(ApiError::not_found)
}

/// `POST /users/{user}/memberOfGroups` with `{"id"}`.
pub(crate) fn add(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    cx.user()?;
    let wanted = referenced_group(cx.store, &body)?;
    let group = cx.store.find_group(&wanted)?;
    let user = cx.user()?;
    if group.user_filter.is_some() {
        return Err(ApiError::request_failed(
            "CONSTRAINT_VIOLATION",
            "The members of a dynamic group follow from its filter",
        ));
    }
    if group
        .population
        .as_ref()
        .is_some_and(|id| *id != user.population)
    {
        return Err(ApiError::request_failed(
            "CONSTRAINT_VIOLATION",
            "The group is bound to another population",
        ));
    }
    check_authority(cx, group)?;
    // PingOne's response for an existing member is UNCONFIRMED: this error, or another 201.
    let again = user.groups.contains(&wanted);
    if again && !cx.store.uses(Alternative::MembershipAgainIsCreated) {
        return Err(ApiError::invalid(
            "UNIQUENESS_VIOLATION",
            "id",
            "is unique but a non-unique value is provided",
        ));
    }
    let membership = cx.store.membership_subject(&user.id, group);
    if !again {
        cx.user_mut()?.groups.push(wanted.clone());
        record(cx, "Created", membership);
    }
    let user = cx.user()?;
    let store = &*cx.store;
    let group = store.find_group(&wanted)?;
    let membership = Membership {
        group,
        direct: true,
    };
    Ok(Reply::created(to_json(store, user, &membership, false)))
}

/// `DELETE /users/{user}/memberOfGroups/{group}`: 404 unless the membership is direct (UNCONFIRMED
/// for an indirect one). Dynamic memberships cannot be removed.
pub(crate) fn remove(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let group = cx.store.find_group(cx.id(1))?;
    if !user.groups.contains(&group.id) {
        let dynamic = group.user_filter.is_some()
            && nesting::memberships(cx.store, user)
                .iter()
                .any(|membership| membership.group.id == group.id);
        return Err(if dynamic {
            ApiError::request_failed(
                "CONSTRAINT_VIOLATION",
                "The members of a dynamic group follow from its filter",
            )
        } else {
            ApiError::not_found()
        });
    }
    check_authority(cx, group)?;
    let membership = cx.store.membership_subject(&user.id, group);
    let left = cx.id(1).to_owned();
    cx.user_mut()?.groups.retain(|id| *id != left);
    record(cx, "Deleted", membership);
    Ok(Reply::no_content())
}

fn record(cx: &mut Context<'_>, verb: &str, membership: Subject) {
    let action = format!("MEMBER_OF_GROUP.{}", verb.to_uppercase());
    let description = format!("{verb} Member Of Group {}", membership.name);
    cx.record_described(&action, vec![membership], description);
}

/// A group's roles are its members' roles, so the caller must have them, too.
fn check_authority(cx: &Context<'_>, group: &Group) -> Result<(), ApiError> {
    if cx.store.holds_all(&cx.actor.id, &group.roles) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

fn to_json(store: &Store, user: &User, membership: &Membership<'_>, expand: bool) -> Value {
    let group = membership.group;
    let user_url = store.user_url(&user.id);
    let mut value = Map::new();
    value.insert(
        "_links".to_owned(),
        json!({
            "self": link(&format!("{user_url}/memberOfGroups/{}", group.id)),
            "user": link(&user_url),
            "environment": link(&store.environment_url()),
            "group": link(&format!("{}/groups/{}", store.environment_url(), group.id)),
        }),
    );
    if expand {
        value.insert(
            "_embedded".to_owned(),
            json!({ "group": group::to_json(store, group) }),
        );
    }
    value.insert("id".to_owned(), group.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": store.environment.id }),
    );
    value.insert("name".to_owned(), group.name.clone().into());
    value.insert("type".to_owned(), membership.kind().into());
    value.into()
}
