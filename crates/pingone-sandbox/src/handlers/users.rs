//! Users: list, create, import, read, update, replace and delete.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/users-1/`. Locking, enabling and
//! the other sub-resources are in `accounts.rs`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::handlers::body::referenced_population;
use crate::handlers::context::Context;
use crate::model::alternative::Alternative;
use crate::model::attributes;
use crate::model::nesting::{self, attribute_view};
use crate::model::password::StoredPassword;
use crate::model::policy;
use crate::model::profile;
use crate::model::store::{ProviderReference, Store, User};
use crate::protocol::error::ApiError;
use crate::protocol::filter::Filter;
use crate::protocol::message::{ApiResult, Reply};
use crate::render::hal::{self, Paging};
use crate::render::user::to_json;

/// The media type for importing a user.
const IMPORT: &str = "application/vnd.pingidentity.user.import+json";

/// The media type for RFC 7644 patch operations.
const SCIM_PATCH: &str = "application/vnd.pingidentity.user.scim.patch+json";

/// `GET /users`
pub(crate) fn list(cx: &mut Context<'_>) -> ApiResult {
    let store = &*cx.store;
    let filter = attributes::parse_filter(
        store,
        cx.request,
        &attributes::users(&store.custom_attributes),
    )?;
    let items = store
        .users
        .iter()
        .filter(|user| {
            filter
                .as_ref()
                .is_none_or(|filter| filter.matches(&filter_view(store, user, filter)))
        })
        .map(|user| (user.sequence, user))
        .collect();
    let with_population = cx.request.asks_for("expand", "population");
    let to_json = |user: &User| {
        let mut value = to_json(store, user, cx.now);
        if with_population && let Ok(population) = store.find_population(&user.population) {
            value["_embedded"] = json!({
                "population": { "id": population.id, "name": population.name },
            });
        }
        value
    };
    let cap = store.limits.users_per_page;
    let paging = Paging {
        name: "users",
        default: cap,
        cap,
        counted: store.limits.counted,
    };
    let url = format!("{}/users", store.environment_url());
    hal::page(cx.request, &url, &paging, items, to_json)
}

/// `GET /users/{user}`, with `include=memberOfGroupIDs` or `memberOfGroupNames`.
pub(crate) fn read(cx: &mut Context<'_>) -> ApiResult {
    let user = cx.user()?;
    let store = &*cx.store;
    let mut value = to_json(store, user, cx.now);
    let memberships = nesting::memberships(store, user);
    // Asking for both, separated by a comma, is UNCONFIRMED.
    if cx.request.asks_for("include", "memberOfGroupIDs") {
        let ids: Vec<&str> = memberships
            .iter()
            .map(|one| one.group.id.as_str())
            .collect();
        value["memberOfGroupIDs"] = ids.into();
    }
    if cx.request.asks_for("include", "memberOfGroupNames") {
        let names: Vec<&str> = memberships
            .iter()
            .map(|one| one.group.name.as_str())
            .collect();
        value["memberOfGroupNames"] = names.into();
    }
    Ok(Reply::ok(value))
}

/// `POST /users`: the media type distinguishes creating a user from importing one.
pub(crate) fn create(cx: &mut Context<'_>) -> ApiResult {
    let import = match cx.request.media_type().as_str() {
        "application/json" => false,
        IMPORT => true,
        _ => return Err(ApiError::unsupported_media_type()),
    };
    let body = cx.request.object()?;
    let profile = profile::from_body(&body, &cx.store.custom_attributes)?;
    check_unique(cx.store, &profile, None)?;
    let population = referenced_population(cx.store, &body)?;
    let store = &mut *cx.store;
    let mut user = User {
        sequence: store.next_sequence(),
        id: store.ids.uuid(),
        ..User::new(population, profile, cx.now)
    };
    // What PingOne does with a password in a plain creation is UNCONFIRMED; the sandbox ignores it,
    // as PingOne ignores any unknown attribute.
    if import {
        import_extras(store, &mut user, &body, cx.now)?;
    }
    let subject = store.subject(&user);
    let rendered = to_json(store, &user, cx.now);
    store.users.push(user);
    cx.record("USER.CREATED", vec![subject]);
    Ok(Reply::created(rendered))
}

/// What an import can set beyond a plain creation.
fn import_extras(
    store: &Store,
    user: &mut User,
    body: &Map<String, Value>,
    now: Timestamp,
) -> Result<(), ApiError> {
    if let Some(password) = body.get("password") {
        if let Some(value) = password.get("value").and_then(Value::as_str) {
            // `{SSHA512}…` and the like are hashes computed elsewhere.
            let stored = StoredPassword::parse(value);
            if let StoredPassword::Plaintext(value) = &stored {
                let unmet = policy::unmet(&store.policy, value, user);
                if !unmet.is_empty() {
                    return Err(policy::violation("password", unmet));
                }
            }
            let must_change = password.get("forceChange").and_then(Value::as_bool);
            user.password
                .set(stored, must_change.unwrap_or(false), now, 0);
        } else if password.get("external").is_some() {
            user.identity_provider = Some(ProviderReference {
                id: None,
                kind: "EXTERNAL".to_owned(),
            });
        }
    }
    if let Some(status) = body
        .get("lifecycle")
        .and_then(|lifecycle| lifecycle.get("status"))
        .and_then(Value::as_str)
    {
        if !["ACCOUNT_OK", "VERIFICATION_REQUIRED"].contains(&status) {
            return Err(ApiError::invalid(
                "INVALID_VALUE",
                "lifecycle.status",
                "must be ACCOUNT_OK or VERIFICATION_REQUIRED",
            ));
        }
        status.clone_into(&mut user.lifecycle);
    }
    user.email_verified = body.get("emailVerified").and_then(Value::as_bool);
    user.mfa_enabled = body
        .get("mfaEnabled")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    Ok(())
}

/// Usernames are unique across the environment. That they may differ by case alone follows from
/// Ping's Terraform provider, which filters such matches out (UNCONFIRMED).
fn check_unique(
    store: &Store,
    profile: &Map<String, Value>,
    except: Option<&str>,
) -> Result<(), ApiError> {
    let username = profile.get("username").and_then(Value::as_str);
    let taken = store
        .users
        .iter()
        .any(|user| Some(user.username()) == username && Some(user.id.as_str()) != except);
    if taken {
        Err(ApiError::invalid(
            "UNIQUENESS_VIOLATION",
            "username",
            "is unique but a non-unique value is provided",
        ))
    } else {
        Ok(())
    }
}

/// `PATCH /users/{user}`: a plain merge, or RFC 7644 operations.
pub(crate) fn update(cx: &mut Context<'_>) -> ApiResult {
    let scim = match cx.request.media_type().as_str() {
        "application/json" => false,
        SCIM_PATCH => true,
        _ => return Err(ApiError::unsupported_media_type()),
    };
    let body = cx.request.object()?;
    let user = cx.user()?;
    let mut profile = user.profile.clone();
    let mut population = user.population.clone();
    if scim {
        profile::apply_operations(&mut profile, &body, &cx.store.custom_attributes)?;
    } else {
        if cx.store.uses(Alternative::PatchReplacesObjects) {
            profile.retain(|name, value| !(value.is_object() && body.contains_key(name)));
        }
        profile::merge(&mut profile, &body, &cx.store.custom_attributes)?;
        if body.contains_key("population") {
            population = referenced_population(cx.store, &body)?;
        }
    }
    check_unique(cx.store, &profile, Some(cx.id(0)))?;
    save(cx, profile, &population)
}

/// `PUT /users/{user}`: absent members are removed; the population stays.
pub(crate) fn replace(cx: &mut Context<'_>) -> ApiResult {
    let body = cx.request.json()?;
    let population = cx.user()?.population.clone();
    let profile = profile::from_body(&body, &cx.store.custom_attributes)?;
    if body
        .get("population")
        .and_then(|one| one.get("id"))
        .is_none()
    {
        return Err(ApiError::invalid(
            "REQUIRED_VALUE",
            "population.id",
            "must not be empty",
        ));
    }
    check_unique(cx.store, &profile, Some(cx.id(0)))?;
    save(cx, profile, &population)
}

fn save(cx: &mut Context<'_>, profile: Map<String, Value>, population: &str) -> ApiResult {
    let now = cx.now;
    let moved = {
        let user = cx.user_mut()?;
        user.profile = profile;
        user.updated_at = now;
        user.population != population
    };
    if moved {
        let id = cx.id(0).to_owned();
        cx.store.move_user(&id, population, now)?;
    }
    cx.record_user("USER.UPDATED")?;
    Ok(Reply::ok(to_json(cx.store, cx.user()?, now)))
}

/// `DELETE /users/{user}`
pub(crate) fn delete(cx: &mut Context<'_>) -> ApiResult {
    let subject = cx.store.subject(cx.user()?);
    let id = cx.id(0).to_owned();
    cx.store.users.retain(|user| user.id != id);
    cx.record("USER.DELETED", vec![subject]);
    Ok(Reply::no_content())
}

/// A user as the filter of a list sees it, with memberships if the filter needs them.
fn filter_view(store: &Store, user: &User, filter: &Filter) -> Value {
    let mut view = attribute_view(user);
    if filter.has_brackets() {
        let memberships: Vec<Value> = nesting::memberships(store, user)
            .into_iter()
            .map(|one| json!({ "id": one.group.id, "type": one.kind() }))
            .collect();
        view["memberOfGroups"] = memberships.into();
    }
    view
}
