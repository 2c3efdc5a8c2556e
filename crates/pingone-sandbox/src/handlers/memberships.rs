//! The group memberships of one user: list, read, add, remove.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/group-membership/`.

use serde_json::{Map, Value, json};

use crate::handlers::body::group_of;
use crate::handlers::visit::Visit;
use crate::model::alternative::Alternative;
use crate::model::attributes;
use crate::model::nesting::{self, Membership};
use crate::model::state::{User, World};
use crate::protocol::error::Problem;
use crate::protocol::message::{Outcome, Reply};
use crate::render::group;
use crate::render::hal::{self, Paging, link};

/// `GET /users/{user}/memberOfGroups`, with `expand=group` and a filter by `type`.
pub(crate) fn list(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let world = &*visit.world;
    let filter = attributes::filter_of(world, visit.request, &attributes::memberships())?;
    let expand = visit.request.asks_for("expand", "group");
    let items = nesting::memberships(world, user)
        .iter()
        .map(|membership| {
            (
                membership.group.order,
                show(world, user, membership, expand),
            )
        })
        .filter(|(_, value)| filter.as_ref().is_none_or(|filter| filter.matches(value)))
        .collect();
    let cap = world.limits.items_per_page;
    let paging = Paging {
        name: "groupMemberships",
        default: cap.min(100),
        cap,
        counted: world.limits.counted,
    };
    let url = format!("{}/memberOfGroups", world.user_url(&user.id));
    hal::page(visit.request, &url, &paging, items, |value| value)
}

/// `GET /users/{user}/memberOfGroups/{group}`
pub(crate) fn read(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let world = &*visit.world;
    let expand = visit.request.asks_for("expand", "group");
    nesting::memberships(world, user)
        .iter()
        .find(|membership| membership.group.id == visit.id(1))
        .map(|membership| Reply::ok(show(world, user, membership, expand)))
        .ok_or_else(Problem::not_found)
}

/// `POST /users/{user}/memberOfGroups` with `{"id"}`.
pub(crate) fn add(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.json()?;
    visit.user()?;
    let wanted = group_of(visit.world, &body)?;
    let group = visit.world.find_group(&wanted)?;
    let user = visit.user()?;
    if group.user_filter.is_some() {
        return Err(Problem::request_failed(
            "CONSTRAINT_VIOLATION",
            "The members of a dynamic group follow from its filter",
        ));
    }
    if group
        .population
        .as_ref()
        .is_some_and(|id| *id != user.population)
    {
        return Err(Problem::request_failed(
            "CONSTRAINT_VIOLATION",
            "The group is bound to another population",
        ));
    }
    // What PingOne answers for a member is UNCONFIRMED: this, or 201 once more.
    let again = user.groups.contains(&wanted);
    if again && !visit.world.does(Alternative::MembershipAgainIsCreated) {
        return Err(Problem::invalid(
            "UNIQUENESS_VIOLATION",
            "id",
            "is unique but a non-unique value is provided",
        ));
    }
    let subjects = vec![visit.world.subject(user), visit.world.group_subject(group)];
    if !again {
        visit.user_mut()?.groups.push(wanted.clone());
        visit.record("MEMBER_OF_GROUP.CREATED", subjects);
    }
    let user = visit.user()?;
    let world = &*visit.world;
    let group = world.find_group(&wanted)?;
    let membership = Membership {
        group,
        direct: true,
    };
    Ok(Reply::created(show(world, user, &membership, false)))
}

/// `DELETE /users/{user}/memberOfGroups/{group}`: what is no direct membership is not found
/// (UNCONFIRMED for an indirect one); what a filter made cannot be taken away.
pub(crate) fn remove(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let group = visit.world.find_group(visit.id(1))?;
    if !user.groups.contains(&group.id) {
        let dynamic = group.user_filter.is_some()
            && nesting::memberships(visit.world, user)
                .iter()
                .any(|membership| membership.group.id == group.id);
        return Err(if dynamic {
            Problem::request_failed(
                "CONSTRAINT_VIOLATION",
                "The members of a dynamic group follow from its filter",
            )
        } else {
            Problem::not_found()
        });
    }
    let subjects = vec![visit.world.subject(user), visit.world.group_subject(group)];
    let left = visit.id(1).to_owned();
    visit.user_mut()?.groups.retain(|id| *id != left);
    visit.record("MEMBER_OF_GROUP.DELETED", subjects);
    Ok(Reply::no_content())
}

fn show(world: &World, user: &User, membership: &Membership<'_>, expand: bool) -> Value {
    let group = membership.group;
    let user_url = world.user_url(&user.id);
    let mut value = Map::new();
    value.insert(
        "_links".to_owned(),
        json!({
            "self": link(&format!("{user_url}/memberOfGroups/{}", group.id)),
            "user": link(&user_url),
            "environment": link(&world.environment_url()),
            "group": link(&format!("{}/groups/{}", world.environment_url(), group.id)),
        }),
    );
    if expand {
        value.insert(
            "_embedded".to_owned(),
            json!({ "group": group::show(world, group) }),
        );
    }
    value.insert("id".to_owned(), group.id.clone().into());
    value.insert(
        "environment".to_owned(),
        json!({ "id": world.environment.id }),
    );
    value.insert("name".to_owned(), group.name.clone().into());
    value.insert("type".to_owned(), membership.kind().into());
    value.into()
}
