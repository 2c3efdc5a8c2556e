//! Users: list, create, import, read, change, replace and delete.
//!
//! Pages: `developer.pingidentity.com/pingone-api/platform/users/users-1/`. Locks, the enabled
//! switch and the other sub-resources are in `accounts.rs`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::handlers::body::population_of;
use crate::handlers::visit::Visit;
use crate::model::alternative::Alternative;
use crate::model::attributes;
use crate::model::nesting::{self, attribute_view};
use crate::model::password::{Password, Stored};
use crate::model::policy;
use crate::model::profile;
use crate::model::state::{User, World};
use crate::protocol::error::Problem;
use crate::protocol::filter::Filter;
use crate::protocol::message::{Outcome, Reply};
use crate::render::hal::{self, Paging};
use crate::render::user::show;

/// The media type of an import.
const IMPORT: &str = "application/vnd.pingidentity.user.import+json";

/// The media type of RFC 7644's patch operations.
const SCIM_PATCH: &str = "application/vnd.pingidentity.user.scim.patch+json";

/// `GET /users`
pub(crate) fn list(visit: &mut Visit<'_>) -> Outcome {
    let world = &*visit.world;
    let filter = attributes::filter_of(
        world,
        visit.request,
        &attributes::users(&world.custom_attributes),
    )?;
    let items = world
        .users
        .iter()
        .filter(|user| {
            filter
                .as_ref()
                .is_none_or(|filter| filter.matches(&filter_view(world, user, filter)))
        })
        .map(|user| (user.order, user))
        .collect();
    let with_population = visit.request.asks_for("expand", "population");
    let show = |user: &User| {
        let mut value = show(world, user, visit.now);
        if with_population && let Ok(population) = world.find_population(&user.population) {
            value["_embedded"] = json!({
                "population": { "id": population.id, "name": population.name },
            });
        }
        value
    };
    let cap = world.limits.users_per_page;
    let paging = Paging {
        name: "users",
        default: cap,
        cap,
        counted: world.limits.counted,
    };
    let url = format!("{}/users", world.environment_url());
    hal::page(visit.request, &url, &paging, items, show)
}

/// `GET /users/{user}`, with `include=memberOfGroupIDs` or `memberOfGroupNames`.
pub(crate) fn read(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let world = &*visit.world;
    let mut value = show(world, user, visit.now);
    let memberships = nesting::memberships(world, user);
    // Whether both may be asked for at once, joined by a comma, is UNCONFIRMED.
    if visit.request.asks_for("include", "memberOfGroupIDs") {
        let ids: Vec<&str> = memberships
            .iter()
            .map(|one| one.group.id.as_str())
            .collect();
        value["memberOfGroupIDs"] = ids.into();
    }
    if visit.request.asks_for("include", "memberOfGroupNames") {
        let names: Vec<&str> = memberships
            .iter()
            .map(|one| one.group.name.as_str())
            .collect();
        value["memberOfGroupNames"] = names.into();
    }
    Ok(Reply::ok(value))
}

/// `GET /users/{user}/linkedAccounts`: nobody here has one.
pub(crate) fn linked_accounts(visit: &mut Visit<'_>) -> Outcome {
    let user = visit.user()?;
    let url = format!("{}/linkedAccounts", visit.world.user_url(&user.id));
    Ok(hal::whole(&url, "linkedAccounts", &[]))
}

/// `POST /users`: the media type tells a plain creation from an import.
pub(crate) fn create(visit: &mut Visit<'_>) -> Outcome {
    let import = match visit.request.media_type().as_str() {
        "application/json" => false,
        IMPORT => true,
        _ => return Err(Problem::media_type()),
    };
    let body = visit.request.object()?;
    let profile = profile::of_new(&body, &visit.world.custom_attributes)?;
    check_unique(visit.world, &profile, None)?;
    let population = population_of(visit.world, &body)?;
    let world = &mut *visit.world;
    let mut user = User {
        order: world.next_order(),
        id: world.ids.uuid(),
        population,
        profile,
        enabled: true,
        lock: None,
        password: Password::default(),
        identity_provider: None,
        lifecycle: "ACCOUNT_OK".to_owned(),
        email_verified: None,
        mfa_enabled: false,
        bypass_until: None,
        last_sign_on: None,
        groups: Vec::new(),
        sessions: Vec::new(),
        devices: Vec::new(),
        device_order: None,
        roles: Vec::new(),
        created_at: visit.now,
        updated_at: visit.now,
    };
    // What becomes of a password in a plain creation is UNCONFIRMED; the sandbox ignores it, as
    // PingOne does with every attribute that it does not expect.
    if import {
        import_extras(world, &mut user, &body, visit.now)?;
    }
    let subject = world.subject(&user);
    let shown = show(world, &user, visit.now);
    world.users.push(user);
    visit.record("USER.CREATED", vec![subject]);
    Ok(Reply::created(shown))
}

/// What an import may set beyond a plain creation.
fn import_extras(
    world: &World,
    user: &mut User,
    body: &Map<String, Value>,
    now: Timestamp,
) -> Result<(), Problem> {
    if let Some(password) = body.get("password") {
        if let Some(value) = password.get("value").and_then(Value::as_str) {
            // `{SSHA512}…` and the like are hashes made elsewhere.
            let stored = Stored::given(value);
            if let Stored::Clear(value) = &stored {
                let unmet = policy::unmet(&world.policy, value, user);
                if !unmet.is_empty() {
                    return Err(policy::refusal("password", unmet));
                }
            }
            let must_change = password.get("forceChange").and_then(Value::as_bool);
            user.password
                .set(stored, must_change.unwrap_or(false), now, 0);
        } else if password.get("external").is_some() {
            user.identity_provider = Some("EXTERNAL".to_owned());
        }
    }
    if let Some(status) = body
        .get("lifecycle")
        .and_then(|lifecycle| lifecycle.get("status"))
        .and_then(Value::as_str)
    {
        if !["ACCOUNT_OK", "VERIFICATION_REQUIRED"].contains(&status) {
            return Err(Problem::invalid(
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

/// Usernames are unique in the environment, not only in the population. That two may differ by
/// letter case alone follows from Ping's Terraform provider, which sorts such hits out
/// (UNCONFIRMED).
fn check_unique(
    world: &World,
    profile: &Map<String, Value>,
    except: Option<&str>,
) -> Result<(), Problem> {
    let username = profile.get("username").and_then(Value::as_str);
    let taken = world
        .users
        .iter()
        .any(|user| Some(user.username()) == username && Some(user.id.as_str()) != except);
    if taken {
        Err(Problem::invalid(
            "UNIQUENESS_VIOLATION",
            "username",
            "is unique but a non-unique value is provided",
        ))
    } else {
        Ok(())
    }
}

/// `PATCH /users/{user}`: plain members, or RFC 7644's operations.
pub(crate) fn update(visit: &mut Visit<'_>) -> Outcome {
    let scim = match visit.request.media_type().as_str() {
        "application/json" => false,
        SCIM_PATCH => true,
        _ => return Err(Problem::media_type()),
    };
    let body = visit.request.object()?;
    let user = visit.user()?;
    let mut profile = user.profile.clone();
    let mut population = user.population.clone();
    if scim {
        profile::apply_operations(&mut profile, &body, &visit.world.custom_attributes)?;
    } else {
        if visit.world.does(Alternative::PatchReplacesObjects) {
            profile.retain(|name, value| !(value.is_object() && body.contains_key(name)));
        }
        profile::merge(&mut profile, &body, &visit.world.custom_attributes)?;
        if body.contains_key("population") {
            population = population_of(visit.world, &body)?;
        }
    }
    check_unique(visit.world, &profile, Some(visit.id(0)))?;
    store(visit, profile, &population)
}

/// `PUT /users/{user}`: what is left out is removed; the population stays as it is.
pub(crate) fn replace(visit: &mut Visit<'_>) -> Outcome {
    let body = visit.request.json()?;
    let population = visit.user()?.population.clone();
    let profile = profile::of_new(&body, &visit.world.custom_attributes)?;
    if body
        .get("population")
        .and_then(|one| one.get("id"))
        .is_none()
    {
        return Err(Problem::invalid(
            "REQUIRED_VALUE",
            "population.id",
            "must not be empty",
        ));
    }
    check_unique(visit.world, &profile, Some(visit.id(0)))?;
    store(visit, profile, &population)
}

fn store(visit: &mut Visit<'_>, profile: Map<String, Value>, population: &str) -> Outcome {
    let now = visit.now;
    let moved = {
        let user = visit.user_mut()?;
        user.profile = profile;
        user.updated_at = now;
        user.population != population
    };
    if moved {
        let id = visit.id(0).to_owned();
        visit.world.move_user(&id, population, now)?;
    }
    visit.record_user("USER.UPDATED")?;
    Ok(Reply::ok(show(visit.world, visit.user()?, now)))
}

/// `DELETE /users/{user}`
pub(crate) fn delete(visit: &mut Visit<'_>) -> Outcome {
    let subject = visit.world.subject(visit.user()?);
    let id = visit.id(0).to_owned();
    visit.world.users.retain(|user| user.id != id);
    visit.record("USER.DELETED", vec![subject]);
    Ok(Reply::no_content())
}

/// What a filter of users sees of one: the memberships too, where it asks for them.
fn filter_view(world: &World, user: &User, filter: &Filter) -> Value {
    let mut view = attribute_view(user);
    if filter.has_brackets() {
        let memberships: Vec<Value> = nesting::memberships(world, user)
            .into_iter()
            .map(|one| json!({ "id": one.group.id, "type": one.kind() }))
            .collect();
        view["memberOfGroups"] = memberships.into();
    }
    view
}
